"""Everything at once, for panels with shapes or templates: the buttons beside the controls, the sheet below the panel,
and the preview that follows the controls. Drawn by the offline engine, free, whichever way runs go.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import gradio as gr

from ... import sheets
from ...errors import DemoError
from ...redaction import format_stack_trace
from ...spec import Endpoint, ShapeMenu, TemplateGallery
from ...tables import load_shapes
from ..context import Context
from ..events import PRIVATE, if_open
from ..guard.doors import named_path
from ..texts import Texts, language_of
from ..visits import Visit
from . import sheet as shown
from .drawing import Latest, Wish, watch
from .plans import plan, preview_says

log = logging.getLogger(__name__)
Components = list[gr.components.Component]


class Overview:
    """The parts of one panel. Built in two places of it: `around` the controls, and `sheet` below all."""

    def __init__(self, context: Context, endpoint: Endpoint, texts: Texts) -> None:
        self._context, self._endpoint, self._texts = context, endpoint, texts
        kinds = [type(control) for control in endpoint.controls]
        self._shapes, self._templates = ShapeMenu in kinds, TemplateGallery in kinds
        self._buttons: dict[str, gr.Button] = {}
        self._preview: gr.HTML | None = None
        self._latest = Latest()

    @contextmanager
    def around(self) -> Iterator[None]:
        """What the panel's controls are laid out in, with that which belongs beside them."""
        if not self._shapes:
            yield
            if self._templates:
                self._buttons = {"templates": self._button("templates")}
            return
        with gr.Column(elem_classes="tune"):
            yield
            empty = self._texts.render("no-preview", shown.no_preview)
            name = f"{self._endpoint.slug}-preview"
            self._preview = gr.HTML(empty, elem_id=name, elem_classes="bare looked", apply_default_css=False)
            with gr.Column(min_width=100, elem_classes="look-more"):
                self._buttons = {kind: self._button(kind) for kind in ("shapes", "strengths")}

    def sheet(self, photo: gr.Image, inputs: Components, tab: gr.Tab, name: gr.components.Component) -> None:
        """Lay out the sheet's place, and wire everything. tab: the panel's. name: the browser's tab."""
        if not self._buttons:
            return
        slug = self._endpoint.slug
        place = gr.HTML(elem_id=f"{slug}-sheet", elem_classes="bare", apply_default_css=False)
        choose = gr.Button(visible="hidden", elem_id=f"{slug}-choose")
        choose.click(None, inputs, inputs, js="(...values) => window.chooseCell(values)", **PRIVATE)
        for control in inputs:  # the mark on the sheet follows them
            control.change(None, inputs, js=f"(...values) => window.markCells('{slug}', values)", **PRIVATE)  # type: ignore[attr-defined]
        given: dict[str, Any] = {
            "inputs": [photo, *inputs, name], "preprocess": False, "concurrency_limit": None, **PRIVATE,
        }  # fmt: skip
        for kind, button in self._buttons.items():
            button.click(self._draw(kind), outputs=place, **given)
        path = gr.Textbox(visible=False)  # a photo that has just been deleted may be named, but not sent
        named = photo.change(None, photo, path, js="photo => photo?.path ?? ''", **PRIVATE)
        named.then(self._take_back, [path, name], place, **PRIVATE)
        if self._preview is not None:
            follow: dict[str, Any] = {**given, "outputs": self._preview, "trigger_mode": "always_last"}
            for control in inputs:
                control.change(self._follow, **follow)  # type: ignore[attr-defined]
            photo.change(self._follow, js=if_open(slug), **follow)
            tab.select(self._follow, **follow)

    def _button(self, kind: str) -> gr.Button:
        return gr.Button(
            self._texts.word(f"sheets.{kind}"), size="sm", elem_id=f"{self._endpoint.slug}-see-{kind}",
            elem_classes="see",
        )  # fmt: skip

    def _draw(self, kind: str) -> Callable[..., AsyncIterator[str]]:
        async def draw(request: gr.Request, payload: Any, *given: Any) -> AsyncIterator[str]:
            *values, tab = given
            language = language_of(request)
            try:
                sheet, pictures = plan(self._endpoint, kind, self._values(values), language)
            except DemoError as error:
                yield shown.told(error, language)
                return
            visit = Visit.of(request, tab)
            wanted = self._latest.wish(visit.session, named_path(payload))
            wish = Wish(self._endpoint, visit, language, payload, sheet, pictures, wanted)
            async for update in watch(self._context, wish):
                yield update
            if not self._latest.any(visit.session):  # taken back: an update that was under way then is out of date
                yield ""

        return draw

    async def _take_back(self, request: gr.Request, path: Any, tab: Any) -> Any:
        """Another photo, or none: the sheet of the one before goes, whether it is there or still being drawn."""
        other = self._latest.take_back(Visit.of(request, tab).session, path)
        return "" if other else gr.skip()

    async def _follow(self, request: gr.Request, payload: Any, *given: Any) -> str:
        """The preview, for the values that the controls have now."""
        *values, tab = given
        language = language_of(request)
        if not payload:
            return shown.no_preview(language)
        try:
            return await self._picture(self._values(values), payload, Visit.of(request, tab), language)
        except Exception as error:
            if not isinstance(error, DemoError):
                log.error("a preview of %s failed\n%s", self._endpoint.id, format_stack_trace(error))
            return shown.no_preview(language, error if isinstance(error, DemoError) else DemoError())

    async def _picture(self, values: dict[str, Any], payload: Any, visit: Visit, language: str) -> str:
        context, endpoint = self._context, self._endpoint
        visitor = context.sharer(visit)
        if not context.closeups.ready(context, endpoint, payload, visit):
            async with context.turns.slot(visitor):  # finding a face is the engine's work like any other
                await context.closeups.of(context, endpoint, payload, visit)
        shape, strength = load_shapes()[int(values["shape_type"])], float(values["strength"])
        async with context.previews.slot(visitor):
            closeup = await context.closeups.of(context, endpoint, payload, visit)
            picture = await anyio.to_thread.run_sync(sheets.render_preview, closeup, shape.id, strength)
        return shown.preview(picture, preview_says(shape, strength, language), language)

    def _values(self, given: list[Any]) -> dict[str, Any]:
        """Values by the controls' names, checked where something is drawn by them. Raises ValueRejected."""
        names = [control.name for control in self._endpoint.controls]
        values = dict(zip(names, given, strict=True))
        return self._endpoint.validate(values) if self._shapes else values
