"""Contact sheets in panels with shapes.

Buttons next to the controls open a sheet below the panel. The offline engine draws it, for free, even if runs are
live.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...domain.errors import DemoError
from ...domain.model import Endpoint
from ..caller import identify_caller
from ..context import Context
from ..events import APPEND_ACTION_JS, PRIVATE_EVENT, TRIGGER_JS
from ..html import render
from ..security.upload_validation import get_payload_path
from ..texts import PageTranslations, detect_language
from . import sheet_specs
from .sheet_specs import plan_sheet
from .sheet_stream import LatestRequest, SheetRequest, stream_sheet

Components = list[gr.components.Component]
SHEET_KINDS = ("shapes", "strengths")


class ContactSheetSection:
    """The components of one panel: `surround_controls` builds those next to the controls, `build_sheet` the sheet."""

    def __init__(self, context: Context, endpoint: Endpoint, texts: PageTranslations) -> None:
        self._context, self._endpoint, self._texts = context, endpoint, texts
        sheet_kinds = [kind for control in endpoint.controls for kind in control.sheet_kinds]
        self._has_shapes = "shapes" in sheet_kinds
        self._buttons_html: gr.HTML | None = None
        self._latest_request = LatestRequest()

    @contextmanager
    def surround_controls(self) -> Iterator[None]:
        """Lay out the controls that the block builds, with the buttons next to them."""
        if not self._has_shapes:
            yield
            return
        slug = self._endpoint.slug
        with gr.Column(elem_classes="sheet-column"):
            yield
            self._buttons_html = gr.HTML(
                self._texts.render(f"{slug}-see", partial(_render_buttons, slug)),
                elem_id=f"{slug}-see", elem_classes="unstyled", apply_default_css=False, js_on_load=TRIGGER_JS,
            )  # fmt: skip

    def build_sheet(self, photo: gr.Image, inputs: Components, tab_id: gr.components.Component) -> None:
        """Lay out the sheet and wire all events. tab_id: the browser tab's id."""
        if not self._buttons_html:
            return
        slug, action = self._endpoint.slug, tab_id  # a field of text, whose value the script replaces
        sheet_html = gr.HTML(
            elem_id=f"{slug}-sheet", elem_classes="unstyled", apply_default_css=False, js_on_load=TRIGGER_JS
        )
        sheet_html.click(None, inputs, inputs, js="(...values) => window.chooseCell(values)", **PRIVATE_EVENT)
        changes = [control.change for control in inputs]  # type: ignore[attr-defined]
        gr.on(changes, None, inputs, None, js=f"(...values) => window.markCells('{slug}', values)", **PRIVATE_EVENT)
        self._buttons_html.click(
            self._show_sheet, [photo, *inputs, tab_id, action], sheet_html, js=APPEND_ACTION_JS, preprocess=False,
            concurrency_limit=None, trigger_mode="multiple", **PRIVATE_EVENT,
        )  # fmt: skip
        # The photo's path as text, because Gradio refuses a file that was just deleted.
        sheet_html.input(
            self._cancel_request, [photo, action, tab_id], sheet_html, preprocess=False,
            js="(photo, _, tab) => [null, photo?.path ?? '', tab]", **PRIVATE_EVENT,
        )  # fmt: skip

    async def _show_sheet(self, request: gr.Request, payload: Any, *inputs: Any) -> AsyncIterator[str]:
        *values, tab, kind = inputs
        language = detect_language(request)
        if kind not in SHEET_KINDS:
            return
        try:
            sheet, render_thumbnails = plan_sheet(self._endpoint, kind, self._collect_values(values), language)
        except DemoError as error:
            yield sheet_specs.render_sheet_error(error, language)
            return
        caller = identify_caller(request, tab)
        is_current = self._latest_request.register(caller.session_id, get_payload_path(payload))
        sheet_request = SheetRequest(self._endpoint, caller, language, payload, sheet, render_thumbnails, is_current)
        async for update in stream_sheet(self._context, sheet_request):
            yield update
        if not self._latest_request.has_request(caller.session_id):  # cancelled while an update was on its way
            yield ""

    async def _cancel_request(self, request: gr.Request, _: Any, path: Any, tab: Any) -> Any:
        """Remove the sheet of the previous photo, complete or not, when the photo changes or is removed."""
        is_cancelled = self._latest_request.cancel(identify_caller(request, tab).session_id, path)
        return "" if is_cancelled else gr.skip()

    def _collect_values(self, inputs: list[Any]) -> dict[str, Any]:
        """Validated values by the controls' names. Raises ValueRejected."""
        names = [control.name for control in self._endpoint.controls]
        return self._endpoint.validate(dict(zip(names, inputs, strict=True)))


def _render_buttons(slug: str, language: str) -> Markup:
    return render("screens.sheet_buttons", language, slug=slug)
