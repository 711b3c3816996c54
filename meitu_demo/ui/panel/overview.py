"""Contact sheets in panels with shapes.

Buttons next to the controls open a sheet below the panel. The offline engine draws it, for free, even if runs are
live.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from ...domain.errors import DemoError
from ...domain.model import Endpoint
from ..caller import identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT
from ..security.upload_validation import get_payload_path
from ..texts import PageTranslations, detect_language
from . import sheet_specs
from .sheet_specs import plan_sheet
from .sheet_stream import LatestRequest, SheetRequest, stream_sheet

Components = list[gr.components.Component]


class ContactSheetSection:
    """The components of one panel: `surround_controls` builds those next to the controls, `build_sheet` the sheet."""

    def __init__(self, context: Context, endpoint: Endpoint, texts: PageTranslations) -> None:
        self._context, self._endpoint, self._texts = context, endpoint, texts
        sheet_kinds = [kind for control in endpoint.controls for kind in control.sheet_kinds]
        self._has_shapes = "shapes" in sheet_kinds
        self._buttons: dict[str, gr.Button] = {}
        self._latest_request = LatestRequest()

    @contextmanager
    def surround_controls(self) -> Iterator[None]:
        """Lay out the controls that the block builds, with the buttons next to them."""
        if not self._has_shapes:
            yield
            return
        with gr.Column(elem_classes="sheet-column"):
            yield
            with gr.Row(elem_classes="sheet-buttons"):
                self._buttons = {kind: self._build_button(kind) for kind in ("shapes", "strengths")}

    def build_sheet(self, photo: gr.Image, inputs: Components, tab_id: gr.components.Component) -> None:
        """Lay out the sheet and wire all events. tab_id: the browser tab's id."""
        if not self._buttons:
            return
        slug = self._endpoint.slug
        sheet_html = gr.HTML(elem_id=f"{slug}-sheet", elem_classes="unstyled", apply_default_css=False)
        choose_button = gr.Button(visible="hidden", elem_id=f"{slug}-choose")
        choose_button.click(None, inputs, inputs, js="(...values) => window.chooseCell(values)", **PRIVATE_EVENT)
        for control in inputs:  # the highlighted cell follows the controls
            control.change(None, inputs, js=f"(...values) => window.markCells('{slug}', values)", **PRIVATE_EVENT)  # type: ignore[attr-defined]
        wiring: dict[str, Any] = {
            "inputs": [photo, *inputs, tab_id], "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT,
        }  # fmt: skip
        for kind, button in self._buttons.items():
            button.click(self._make_sheet_handler(kind), outputs=sheet_html, **wiring)
        path = gr.Textbox(visible=False)  # as text, because Gradio refuses a file that was just deleted
        path_event = photo.change(None, photo, path, js="photo => photo?.path ?? ''", **PRIVATE_EVENT)
        path_event.then(self._cancel_request, [path, tab_id], sheet_html, **PRIVATE_EVENT)

    def _build_button(self, kind: str) -> gr.Button:
        return gr.Button(
            self._texts.get_text(f"sheets.{kind}"), size="sm", elem_id=f"{self._endpoint.slug}-see-{kind}",
            elem_classes="see",
        )  # fmt: skip

    def _make_sheet_handler(self, kind: str) -> Callable[..., AsyncIterator[str]]:
        async def handle_click(request: gr.Request, payload: Any, *inputs: Any) -> AsyncIterator[str]:
            *values, tab = inputs
            language = detect_language(request)
            try:
                sheet, render_thumbnails = plan_sheet(self._endpoint, kind, self._collect_values(values), language)
            except DemoError as error:
                yield sheet_specs.render_sheet_error(error, language)
                return
            caller = identify_caller(request, tab)
            is_current = self._latest_request.register(caller.session_id, get_payload_path(payload))
            sheet_request = SheetRequest(
                self._endpoint, caller, language, payload, sheet, render_thumbnails, is_current
            )
            async for update in stream_sheet(self._context, sheet_request):
                yield update
            if not self._latest_request.has_request(caller.session_id):  # cancelled while an update was on its way
                yield ""

        return handle_click

    async def _cancel_request(self, request: gr.Request, path: Any, tab: Any) -> Any:
        """Remove the sheet of the previous photo, complete or not, when the photo changes or is removed."""
        is_cancelled = self._latest_request.cancel(identify_caller(request, tab).session_id, path)
        return "" if is_cancelled else gr.skip()

    def _collect_values(self, inputs: list[Any]) -> dict[str, Any]:
        """Validated values by the controls' names. Raises ValueRejected."""
        names = [control.name for control in self._endpoint.controls]
        return self._endpoint.validate(dict(zip(names, inputs, strict=True)))
