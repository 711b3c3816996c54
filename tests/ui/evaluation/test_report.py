"""The report of an evaluation: what stands in the place of a picture that is not there."""

from pathlib import Path

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation.outcomes import Charge, Outcome, OutcomeKind
from meitu_demo.evaluation.photo_set import PhotoSet, PhotoSource
from meitu_demo.evaluation.plan import TARGETS, Plan, Setup
from meitu_demo.ui.evaluation.report import render_report

GONE = '<i class="blank">picture no longer kept</i>'


def test_report_says_that_pictures_of_answered_calls_are_gone() -> None:
    """After a restart an answered call has neither photo nor result; a photo that waits for its call says nothing."""
    photos = PhotoSet((PhotoSource("photo.jpg", "0" * 64, 9, (4, 3), Path()),), ())
    plan = Plan(photos, (Setup(CATALOGUE["quality_restoration"], {}),), TARGETS["offline"])
    answered = {plan.jobs[0].key: Outcome(OutcomeKind.SUCCESS, Charge.FREE, 1.0, "", {}, service="offline")}
    assert render_report(plan, answered, lambda name: "", "en").count(GONE) == 2
    assert GONE not in render_report(plan, {}, lambda name: "", "en")
