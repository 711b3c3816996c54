"""The HTML of an evaluation, with a text of anybody's in every field, for test_html."""

from pathlib import Path

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation.outcomes import Charge, Outcome, OutcomeKind
from meitu_demo.evaluation.photo_set import PhotoSet, PhotoSource
from meitu_demo.evaluation.plan import TARGETS, Plan, Setup
from meitu_demo.ui.evaluation import report
from meitu_demo.ui.html import EMPTY_HTML, render


def build_evaluation_pieces(text: str, language: str) -> dict[str, list[str]]:
    """The plan, the progress, the report and its file: names of photos, words and codes of vendors, addresses."""
    endpoint = CATALOGUE["face_fuse"]
    photos = PhotoSet(
        tuple(PhotoSource(text, f"{number:064x}", 9, (4, 3), Path()) for number in range(5)),
        ((text, ImageRejected("archive_nested")),),
    )
    setups = tuple(Setup(endpoint, {"template_id": value}) for value in (text, "other"))
    plan = Plan(photos, setups, TARGETS["both"])
    kinds = [*OutcomeKind, None]
    outcomes = {
        job.key: Outcome(kind, Charge.MAYBE, 1.0, text, {language: (text, text, text)}, service=text)
        for job, kind in zip(plan.jobs, kinds * 4, strict=True)
        if kind
    }
    charged = render("evaluation.report", language, rows=[], refusals=[], costs=(text, text + " 2"), tiles=[],
                     files=[], refused_count=0)  # fmt: skip
    return {
        "evaluation.plan": [
            render("evaluation.plan", language, counts=text, price=text, paid_vendors=["meitu"], notes=[text])
        ],
        "evaluation.refused_files": [render("evaluation.refused_files", language, files=[(text, text)], more=1)],
        "evaluation.progress": [
            render("evaluation.progress", language, text=text, notes=[text], done=1, total=2, actions=["stop"],
                   downloads=[(text, text)])
        ],
        "evaluation.empty_state": [render("evaluation.empty_state", language, name=text, before=text, after=text)],
        "evaluation.controls": [report.render_controls(language)],
        "evaluation.report": [report.render_report(plan, outcomes, lambda name: text, language), charged],
        "evaluation.document": [
            render("evaluation.document", language, css=EMPTY_HTML, date=text, photo_count=1, call_count=1,
                   controls=EMPTY_HTML, report=EMPTY_HTML)
        ],
    }  # fmt: skip
