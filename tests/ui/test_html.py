"""All HTML of the screens: text from anybody stays text, in every field of every piece."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest
from preflight.sample_photos import cached_check
from support.evaluation_pieces import build_evaluation_pieces

from meitu_demo.calls.pipeline import CallResult, Phase
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain import translations
from meitu_demo.domain.errors import DemoError, ValueRejected, VendorError
from meitu_demo.domain.explanations import Explanation, explain
from meitu_demo.domain.model import Photo, PhotoChange
from meitu_demo.domain.recipe import parse_recipe
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.previews import Preview
from meitu_demo.inspector.capture import CapturedMessage
from meitu_demo.inspector.code_samples import SAMPLE_LANGUAGES
from meitu_demo.inspector.trace import PHASES, Span, Trace
from meitu_demo.photos.provenance import MarkFinding, MarkOrigin
from meitu_demo.photos.provenance.record import Mark, Provenance, SourceType
from meitu_demo.preflight.fixes import Fix
from meitu_demo.settings import Settings
from meitu_demo.ui import html
from meitu_demo.ui.gradio_patches.assets import PageFiles
from meitu_demo.ui.header import render_header
from meitu_demo.ui.history.entries import History
from meitu_demo.ui.history.views import render_listing
from meitu_demo.ui.html import EMPTY_HTML, render
from meitu_demo.ui.panel import checklist, sheet_specs
from meitu_demo.ui.panel.examples import EXAMPLE_RECIPE
from meitu_demo.ui.recipe import editor
from meitu_demo.ui.recipe import views as recipe_views
from meitu_demo.ui.recipe.state import RecipeProgress, StepResult
from meitu_demo.ui.reference import drawn_face
from meitu_demo.ui.reference import page as reference
from meitu_demo.ui.result import facts, result_view
from meitu_demo.ui.result.inspector_view import render_inspector
from meitu_demo.ui.result.live_vs_offline import LegView, render_result, render_side_by_side
from meitu_demo.ui.result.pictures import PictureUrls
from meitu_demo.ui.screens import kiosk_mode, mirror, verify
from meitu_demo.ui.security.login import render_login_page

UI = Path(html.__file__).parent
PLANT = "</pre>'\"><script>a()</script><img src=x onerror=b()>&lt;{{7*7}}"
TAIL = PLANT.rpartition("/")[2]  # of a URL the Verify panel shows what follows the last slash
WORD = "plainword"
PICTURE = Photo(b"x" * 2000, "image/jpeg", 640, 480)
Pieces = dict[str, list[str]]


class Skeleton(HTMLParser):
    """The tags with the names of their attributes, and the texts and values; fails on a tag that is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in ("img", "input", "meta", "link", "wbr"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))
        self.texts += [value for _, value in attrs if value]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def build_result_pieces(text: str, language: str) -> Pieces:
    """The result view's HTML, with `text` in every field."""
    urls = PictureUrls(*[text] * 7)
    changes = (PhotoChange("kind", {"before": text, "after": "JPEG"}),)
    outcomes = {
        mode: CallResult(
            CATALOGUE["facial_aesthetics"], mode, {"shape_type": text}, PICTURE, PICTURE, changes, 1.2, text, text,
        )
        for mode in ("live", "offline")
    }  # fmt: skip
    outcomes = {mode: replace(outcome, host=text, id=text) for mode, outcome in outcomes.items()}
    errors: list[DemoError] = [
        VendorError("meitu", text, vendor_message=text, http_status=400, request_id=text),
        ValueRejected(control=text, value=text, allowed=text),
    ]
    message = CapturedMessage(text, ((text, text),), text, 2_100_000)
    trace = Trace("live", message, message, (Span(PHASES[0], 0, 1), Span(PHASES[1], 1, 2)), 2, text, 128_000)
    sides = {mode: LegView(mode, EMPTY_HTML, outcome, urls, text) for mode, outcome in outcomes.items()}
    finding = MarkFinding(
        MarkOrigin.THIS_APP, Provenance(text, text, SourceType.COMPOSITE, text, text), Mark(text, {"Label": text})
    )
    return {
        "result.progress": [
            result_view.render_progress(phase, 2.1, text, "live", language, text) for phase in Phase
        ],
        "result.notice": [result_view.render_notice(text, text), result_view.render_stopped(True, language)],
        "result.explanation": [
            result_view.render_explanation(explain(error, language), language, text) for error in errors
        ],
        "result.comparison": [
            result_view.render_comparison(outcomes["live"], urls, text, language, text),
            result_view.render_comparison(outcomes["offline"], urls, text, language, labels=(text, text)),
        ],
        "result.facts": [facts.render_facts(outcome, urls, text, language, "recipe") for outcome in outcomes.values()],
        "result.receipt": [facts.render_receipt(outcomes["live"], 30, text, language)],
        "result.with_actions": [result_view.with_actions(result_view.render_notice(text, text), ["again", "stop"])],
        "result.empty_state": [result_view.empty_state("history", language)],
        "result.example": [result_view.empty_state("face_fuse", language)],
        "result.preview": [
            result_view.render_preview(Preview(before, b"after", (4, 3)), text, language) for before in (None, b"x")
        ],
        "result.preview_error": [result_view.render_preview_error(explain(errors[0], language))],
        "result.introduction": [result_view.render_introduction("face_fuse", language)],
        "side_by_side.side_by_side": [
            render_side_by_side((sides["live"], sides["offline"]), text, language),
            render_side_by_side((replace(sides["live"], result=None), sides["offline"]), text, language),
        ],
        "side_by_side.picture": [render_result(outcomes["live"], urls, text, language)],
        "inspector.inspector": [
            render_inspector(trace, dict.fromkeys(SAMPLE_LANGUAGES, text), language),
            render_inspector(replace(trace, response=None), {}, language),
        ],
        "screens.finding": [
            verify.render_finding(finding, language),
            verify.render_finding(MarkFinding(MarkOrigin.OTHER_TOOL, None, Mark(text, software=text)), language),
        ],
    }  # fmt: skip


def build_panel_pieces(text: str, language: str) -> Pieces:
    """The HTML of panels, history and recipe, with `text` in every field."""
    urls = PictureUrls(*[text] * 7)
    error = ValueRejected(control=text, value=text, allowed=text)
    cells = (sheet_specs.Cell({text: text}, text, text), sheet_specs.Cell({text: 0.5}, text, text))
    group = sheet_specs.CellGroup(text, text, cells, has_original=True)
    sheet = sheet_specs.ContactSheet(text, text, {text: text}, text, text, (group,))
    seen = cached_check("small beside large", "face_fuse")
    history = History(60)
    explained = Explanation("x", text, text, text, f"{text} 1", ((text, text),), language)
    outcome = CallResult(CATALOGUE["face_fuse"], "offline", {"template_id": text}, PICTURE, PICTURE, (), 1.2)
    history.record_failure("one", CATALOGUE["face_fuse"], "lab", {"template_id": text}, explained, text)
    history.record_success("one", outcome, urls)
    runs = history.list_runs("one")
    recipe = parse_recipe(EXAMPLE_RECIPE, CATALOGUE)
    planted = replace(
        recipe, steps=tuple(replace(step, values={**step.values, "strength": text}) for step in recipe.steps)
    )
    resolver = TargetResolver(Settings())
    results = [
        StepResult(step, 1, facts.Maker("offline", text), 1.0, urls, text, EMPTY_HTML) for step in recipe.steps[:2]
    ]
    progress = replace(RecipeProgress(), step_results=tuple(results))
    return {
        "contact_sheet.sheet": [
            sheet_specs.render_sheet(sheet, [b"picture"], language),
            sheet_specs.render_queued_sheet(sheet, 3, language),
        ],
        "contact_sheet.error": [sheet_specs.render_sheet_error(error, language)],
        "preflight.checklist": [checklist.render_checklist(seen, (Fix(text, text),), language)],
        "preflight.faces": [checklist.render_faces_svg(seen, language, selectable=True)],
        "screens.actions": [render("screens.actions", language, slug=text, buttons=[(text, "result.stop", text)])],
        "screens.comparison_section": [render("screens.comparison_section", language, slug=text, intro=text)],
        "screens.sheet_buttons": [render("screens.sheet_buttons", language, slug=text)],
        "template_picker.tiles": [
            render(
                "template_picker.tiles",
                tiles=[{"key": text, "url": text, "name": text, "is_chosen": True, "is_vendors": True}],
            )
        ],
        "screens.examples": [render("screens.examples", language, screen=text, slug=text, images={"pair": text})],
        "history.listing": [render_listing(runs, {run.key for run in runs}, "", text, 30, language)],
        "history.empty": [render_listing((), (), "", "", 0, language)],
        "history.facts": [render("history.facts", language, side="left", name=text, facts_html=EMPTY_HTML)],
        "recipe.steps": [editor.render_steps(planted, resolver, language)],
        "recipe.no_steps": [render("recipe.no_steps", language, example=text)],
        "recipe.invalid_list": [render("recipe.invalid_list", language, explained=explained, example=text)],
        "recipe.error": [render("recipe.error", explained=explained)],
        "recipe.no_settings": [render("recipe.no_settings", language)],
        "recipe.running_strip": [recipe_views.render_running_strip(planted.steps, progress, language)],
        "recipe.finished_strip": [recipe_views.render_finished_strip(progress, EMPTY_HTML, language)],
        "recipe.partial_result": [
            recipe_views.render_partial_result(progress, EMPTY_HTML, ["retry", "offline"], language)
        ],
        "screens.status": [render("screens.status", text=text)],
        "screens.data_deleted": [render("screens.data_deleted", has_data=True, text=text)],
        "screens.result_sent": [render("screens.result_sent", target=text, text=text)],
        "screens.result_expired": [render("screens.result_expired", language, explained=explained)],
        "screens.ledger_summary": [render("screens.ledger_summary", rows=[(text, text)])],
    }


def build_page_pieces(text: str, language: str) -> Pieces:
    """The HTML of the header, the mirror, kiosk mode and the reference page, with `text` in every field."""
    explained = {"title": text, "text": text}
    return {
        "header.header": [render_header(TargetResolver(Settings()), language)],
        "page_head.page_head": [
            render("page_head.page_head", language, files=PageFiles("demo.css", "demo.js", (text,)))
        ],
        "login.page": [render_login_page(language)],
        "mirror.mirror": [
            mirror.render_mirror(language),
            render(
                "mirror.mirror", language, max_pixels=1, example_url=text, rows=[], shapes=[], states={text: explained}
            ),
        ],
        "screens.kiosk_countdown": [kiosk_mode.render_countdown_bar(language)],
        "displacement.paragraph": [render("displacement.paragraph", text=text)],
        "displacement.displacement": [
            render("displacement.displacement", language, arrows_svg=EMPTY_HTML, sentences=[text], caption=text)
        ],
        "displacement.arrows": [render(
            "displacement.arrows", view_box=text, alt_text=text, image_url=text, size=(text, text), path=text
        )],
        "reference.page": [reference.render_page.__wrapped__(language)],
        "reference.endpoints": [reference.render_endpoints_section(language)],
        "reference.shapes": [reference.render_shapes_section(language)],
        "reference.codes": [reference.render_codes_section(language)],
        "reference.face_symbol": [drawn_face.render_face_symbol()],
        "reference.face_drawing": [drawn_face.render_drawing(8, text)],
    }  # fmt: skip


BUILDERS = (build_result_pieces, build_panel_pieces, build_page_pieces, build_evaluation_pieces)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("build_pieces", BUILDERS)
def test_planted_markup_stays_text(build_pieces: Callable[[str, str], Pieces], language: str) -> None:
    """Markup in a vendor's message, code or name, a typed value, a URL, a file's name or mark, a header or a body on
    the wire, a code sample: the tags and attributes are the same as for a plain word, the text appears in full, and a
    template expression in it is not evaluated.
    """
    plain, planted = build_pieces(WORD, language), build_pieces(PLANT, language)
    for name, pieces in plain.items():
        for before, after in zip(pieces, planted[name], strict=True):
            skeleton = Skeleton(after)
            assert skeleton.tags == Skeleton(before).tags, name
            words, plants = (" ".join(found.texts) for found in (Skeleton(before), skeleton))
            assert plants.count(TAIL) == words.count(WORD), name


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("build_pieces", BUILDERS)
def test_markup_in_translations_and_declarations_stays_text(
    build_pieces: Callable[[str, str], Pieces], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The texts of `locales/` are escaped like a stranger's, and so are an endpoint's path and constant fields."""
    plain = build_pieces(WORD, language)
    format_text = translations.format_text
    monkeypatch.setattr(translations, "format_text", lambda text, params: format_text(text, params) + PLANT)
    declared = {
        endpoint.id: replace(endpoint, path=PLANT, constant_fields=dict.fromkeys(endpoint.constant_fields, PLANT))
        for endpoint in CATALOGUE.values()
    }
    monkeypatch.setattr(reference, "CATALOGUE", declared)
    for name, pieces in build_pieces(WORD, language).items():
        for before, after in zip(plain[name], pieces, strict=True):
            assert Skeleton(after).tags == Skeleton(before).tags, name
            assert PLANT in "".join(Skeleton(after).texts) or before == after, name


def test_no_html_is_left_out() -> None:
    """Every macro that a screen renders is in the tests above."""
    sources = "\n".join(path.read_text("utf-8") for path in UI.rglob("*.py"))
    rendered = set(re.findall(r'render[(,]\s*"([a-z_]+\.[a-z_]+)"', sources))
    covered = {name for build_pieces in BUILDERS for name in build_pieces(WORD, "en")}
    assert covered == rendered


def test_no_template_opts_out_of_escaping() -> None:
    """Neither the filter `safe` nor a block switches it off; what is not to be escaped is typed Markup in Python."""
    for path in (UI / "templates").glob("*.html"):
        assert not re.search(r"\|\s*safe\b|\bautoescape\b", path.read_text("utf-8")), path.name


def test_arguments_are_strict() -> None:
    """A missing argument, an unknown one and an unknown text fail, rather than show nothing."""
    with pytest.raises(jinja2.UndefinedError):
        render("result.notice", title="x")
    with pytest.raises(TypeError, match="other"):
        render("result.notice", title="x", text="x", other="x")
    with pytest.raises(KeyError, match="empty_title"):
        render("result.empty_state", "en", screen="unknown")
