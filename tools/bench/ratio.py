"""How a row is measured."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: ratio is measured / baseline, medians in seconds beside it. An aim is optional."""

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
    """The median ratio over `runs` alternating pairs, after one of each that does not count."""
    baseline(), measured()
    pairs = [(measure_seconds(baseline), measure_seconds(measured)) for _ in range(rounds)]
    ratio = statistics.median(done / base for base, done in pairs)
    base_s, done_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Row(name, baseline_name, base_s, done_s, ratio, max_ratio)


def measure_seconds(function: Callable[[], object]) -> float:
    """How long `run` takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
