"""A row of the table, and how it is measured."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ratio: measured / baseline. Times are medians. max_ratio: the aim, if any."""

    name: str
    baseline_name: str
    baseline_s: float
    measured_s: float
    ratio: float
    max_ratio: float | None = None


def compare(
    name: str,
    measured: Callable[[], object],
    baseline_name: str,
    baseline: Callable[[], object],
    *,
    max_ratio: float | None = None,
    rounds: int = 21,
) -> Row:
    """The median ratio of `rounds` alternating pairs, after a warm-up of both."""
    baseline(), measured()
    pairs = [(measure_seconds(baseline), measure_seconds(measured)) for _ in range(rounds)]
    return summarize(name, baseline_name, pairs, max_ratio)


def summarize(name: str, baseline_name: str, pairs: Sequence[tuple[float, float]], max_ratio: float | None) -> Row:
    """The row of measured (baseline, measured) pairs in seconds."""
    ratio = statistics.median(measured / baseline for baseline, measured in pairs)
    baseline_s, measured_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Row(name, baseline_name, baseline_s, measured_s, ratio, max_ratio)


def measure_seconds(function: Callable[[], object]) -> float:
    """Seconds that `function` takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
