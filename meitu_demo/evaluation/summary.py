"""Figures of an evaluation, for each endpoint with its values and each target."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..settings import Price
from .outcomes import Charge, Outcome, OutcomeKind
from .plan import Plan, Setup, Target, add_prices

Z_95 = 1.959963984540054  # the standard normal distribution's quantile at 0.975
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Summary:
    """counts: calls by kind. rate: successes among the calls that were answered or failed, 0 to 1; None for none.

    interval: of the rate, at 95 %. seconds: latency of the successes at each of PERCENTILES; empty without any.
    refusals: an outcome with each code and how often it occurs, the most frequent first. billed, maybe_billed: calls.
    price: of one call; None if it is unknown or the calls were free.
    """

    setup: Setup
    target: Target
    planned: int
    counts: Mapping[OutcomeKind, int]
    rate: float | None
    interval: tuple[float, float]
    seconds: tuple[float, ...]
    bytes_sent: int
    bytes_received: int
    refusals: tuple[tuple[Outcome, int], ...]
    billed: int
    maybe_billed: int
    price: Price | None


def wilson_interval(successes: int, total: int) -> tuple[float, float]:
    """The 95 % confidence interval of a rate, (0, 1) for a total of 0.

    Wilson's score interval (1927): unlike the normal approximation it stays within 0 to 1, and has a width at 0 and 1.
    """
    if total == 0:
        return 0.0, 1.0
    rate, z2 = successes / total, Z_95**2
    centre = (rate + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(rate * (1 - rate) / total + z2 / (4 * total**2))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == total else min(1.0, centre + half)
    return low, high


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` % (above 0, to 100) of `values` do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def summarize(plan: Plan, outcomes: Mapping[str, Outcome]) -> list[Summary]:
    """The figures, in the order of the plan."""
    return [
        _summarize_group(
            setup, target, [outcomes.get(job.key) for job in plan.jobs if (job.setup, job.target) == (setup, target)],
            plan.prices.get(setup.endpoint.id),
        )
        for setup in plan.setups
        for target in plan.targets
    ]  # fmt: skip


def get_success_rate(summaries: Sequence[Summary]) -> float | None:
    """The lowest rate of all groups; None if a group has no answered call."""
    rates = [summary.rate for summary in summaries]
    return None if None in rates else min((rate for rate in rates if rate is not None), default=None)


def _summarize_group(setup: Setup, target: Target, outcomes: Sequence[Outcome | None], price: Price | None) -> Summary:
    ended = [outcome for outcome in outcomes if outcome is not None]
    counts = Counter(outcome.kind for outcome in ended)
    answered = len(ended) - counts[OutcomeKind.NOT_SENT]
    successes = [outcome for outcome in ended if outcome.kind is OutcomeKind.SUCCESS]
    seconds = [outcome.seconds for outcome in successes if outcome.seconds is not None]
    reasons = Counter(outcome.code for outcome in ended if outcome.code)
    first_by_code = {outcome.code: outcome for outcome in reversed(ended)}
    charges = Counter(outcome.charge for outcome in ended)
    return Summary(
        setup,
        target,
        len(outcomes),
        {kind: counts[kind] for kind in OutcomeKind},
        len(successes) / answered if answered else None,
        wilson_interval(len(successes), answered),
        tuple(percentile(seconds, percent) for percent in PERCENTILES) if seconds else (),
        sum(outcome.bytes_sent for outcome in ended),
        sum(outcome.bytes_received for outcome in ended),
        tuple((first_by_code[code], count) for code, count in reasons.most_common()),
        charges[Charge.BILLED],
        charges[Charge.MAYBE],
        price if target == "live" else None,
    )


def format_cost(summaries: Sequence[Summary], *, with_maybe: bool = False) -> str:
    """What the calls cost, with those that may have been billed or without; "" if a price is unknown."""
    return add_prices(
        (summary.price, summary.billed + (summary.maybe_billed if with_maybe else 0)) for summary in summaries
    )
