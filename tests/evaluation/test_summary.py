"""Statistics of an evaluation: Wilson's interval, nearest-rank percentiles, costs."""

import math
import statistics
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation.csv_export import COLUMNS, defuse, format_csv
from meitu_demo.evaluation.outcomes import Charge, Outcome, OutcomeKind
from meitu_demo.evaluation.photo_set import PhotoSet, PhotoSource
from meitu_demo.evaluation.plan import Plan, Setup, add_prices, estimate_cost
from meitu_demo.evaluation.summary import format_cost, get_success_rate, percentile, summarize, wilson_interval
from meitu_demo.settings import Price

FUSE, RESTORE = (Setup(CATALOGUE[name], CATALOGUE[name].validate({})) for name in ("face_fuse", "quality_restoration"))
PRICES = {"face_fuse": Price("face_fuse", Decimal("0.30"), "CNY")}
counts = st.integers(0, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


def build_plan(count: int, *setups: Setup, name: str = "a.jpg") -> Plan:
    photos = tuple(PhotoSource(name, f"{number:064x}", 9, (4, 3), Path(name)) for number in range(count))
    return Plan(PhotoSet(photos), setups or (FUSE,), ("live",), PRICES)


@given(counts)
def test_wilson_interval_solves_the_score_equation(case: tuple[int, int]) -> None:
    """Each end lies 1.96 standard errors of its own from the rate, holds it, and stays within 0 to 1."""
    successes, total = case
    low, high = wilson_interval(successes, total)
    assert 0 <= low <= high <= 1
    if total:
        rate = successes / total
        assert low <= rate <= high
        for end in (low, high):
            if 0 < end < 1:
                assert math.isclose(abs(rate - end), 1.959964 * math.sqrt(end * (1 - end) / total), rel_tol=1e-5)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float], percent: int) -> None:
    """At least `percent` % of the values are at most the result, and no smaller value has that property."""
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    smaller = [value for value in values if value < found]
    assert not smaller or sum(value <= max(smaller) for value in values) * 100 < percent * len(values)
    assert percentile(values, 100) == max(values)


@given(st.lists(st.sampled_from(list(OutcomeKind)), max_size=40))
def test_summarize_counts_each_call_once(kinds: list[OutcomeKind]) -> None:
    """Kinds add up; what was not sent counts neither for nor against; costs follow the charges."""
    plan = build_plan(len(kinds) + 1)
    charge = {OutcomeKind.SUCCESS: Charge.BILLED, OutcomeKind.FAILED: Charge.MAYBE}
    outcomes = {
        job.key: Outcome(kind, charge.get(kind, Charge.FREE), seconds=1.0)
        for job, kind in zip(plan.jobs, kinds, strict=False)
    }
    (summary,) = summarize(plan, outcomes)
    assert (sum(summary.counts.values()), summary.planned) == (len(kinds), len(kinds) + 1)
    answered = [kind is OutcomeKind.SUCCESS for kind in kinds if kind is not OutcomeKind.NOT_SENT]
    assert summary.rate == (statistics.mean(answered) if answered else None)
    assert get_success_rate([summary]) == summary.rate
    successes, failures = kinds.count(OutcomeKind.SUCCESS), kinds.count(OutcomeKind.FAILED)
    assert format_cost([summary]) == f"{Decimal('0.30') * successes} CNY"
    assert format_cost([summary], with_maybe=True) == f"{Decimal('0.30') * (successes + failures)} CNY"


def test_cost_is_unknown_if_one_price_is() -> None:
    """A sum without one of its parts would be a lie; a call that costs nothing does not matter."""
    assert estimate_cost(build_plan(4).jobs, PRICES) == "1.20 CNY"
    assert estimate_cost(build_plan(4, FUSE, RESTORE).jobs, PRICES) == ""
    assert add_prices([(PRICES["face_fuse"], 2), (Price("x", Decimal(1), "USD"), 3), (None, 0)]) == "0.60 CNY + 3 USD"


def test_csv_has_a_row_for_each_call_and_no_formula() -> None:
    """Calls that were not made have no outcome; a photo whose name a spreadsheet would run is quoted."""
    plan = build_plan(2, name="=cmd|'/c calc'!A1.jpg")
    words = {"en": ("No face.", "why", "fix"), "zh": ("没有人脸", "", "")}
    outcome = Outcome(OutcomeKind.REFUSED, code="20003", words=words, seconds=0.25)
    lines = format_csv(plan, {plan.jobs[0].key: outcome}, "zh").splitlines()
    assert lines[0].split(",") == list(COLUMNS)
    assert lines[1].startswith("'=cmd|")
    assert "refused,20003,没有人脸,0.250,free" in lines[1]
    assert lines[2].endswith(",live")
    assert [defuse(cell) for cell in ("-1", -1, "a=b")] == ["'-1", -1, "a=b"]
