"""The preview in the result's place: what the offline engine makes of the current photo and controls, before a run.

It follows every change of a control and of the photo, for free, even if runs are live. assets/js/preview.js decides
whether a panel shows its preview or its last result.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import gradio as gr
from markupsafe import Markup

from ...domain.errors import DemoError, QueueFull, UnknownTemplate
from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...engine import previews
from ...engine.contact_sheets import FaceCrop
from ...redaction.secrets import format_stack_trace
from ...service import Caller
from ..caller import identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT, TRIGGER_JS
from ..result import result_view
from ..texts import detect_language

log = logging.getLogger(__name__)


def build_preview(slug: str) -> gr.HTML:
    """The empty preview. slug: prefix of the element's id."""
    return gr.HTML(
        elem_id=f"{slug}-preview", elem_classes="unstyled preview", apply_default_css=False, js_on_load=TRIGGER_JS
    )


def wire_preview(
    context: Context,
    endpoint: Endpoint,
    component: gr.HTML,
    photo: gr.Image,
    inputs: Sequence[gr.components.Component],
    tab_id: gr.components.Component,
) -> None:
    """Show in `component` the effect of `endpoint`, with the controls `inputs`. tab_id: the browser tab's id."""

    async def draw(request: gr.Request, payload: Any, *inputs: Any) -> Markup:
        *controls, tab_id = inputs
        language = detect_language(request)
        if not payload:
            return result_view.empty_state(endpoint.id, language)
        names = [control.name for control in endpoint.controls]
        values = endpoint.validate(dict(zip(names, controls, strict=True)))
        preview = await render_preview(context, endpoint, values, payload, identify_caller(request, tab_id))
        settings = [control.describe_setting(values[control.name], language) for control in endpoint.controls]
        title = " · ".join([translate(f"panels.{endpoint.id}.tab", language), *settings])
        return result_view.render_preview(preview, title, language)

    wire_drawing(component, endpoint.slug, draw, [photo, *inputs, tab_id])


def wire_drawing(
    component: gr.HTML, slug: str, draw: Callable[..., Awaitable[Markup]], inputs: Sequence[gr.components.Component]
) -> None:
    """Show what `draw(request, *inputs)` returns when assets/js/preview.js says that the preview differs.

    An error that it raises is explained in the preview's place. slug: prefix of the element's id.
    """

    async def update_preview(request: gr.Request, *values: Any) -> Any:
        try:
            return await draw(request, *values)
        except QueueFull:  # the preview that is shown stays; a run explains the wait
            return gr.skip()
        except UnknownTemplate:  # a vendor may know it
            language = detect_language(request)
            return result_view.render_notice(
                translate("result.no_preview_title", language), translate("result.no_preview", language)
            )
        except Exception as error:
            if not isinstance(error, DemoError):
                log.error("a preview of %s failed\n%s", slug, format_stack_trace(error))
            return result_view.render_preview_error(explain(error, detect_language(request), is_billable=False))

    drawn = component.input(
        update_preview, [*inputs], component, preprocess=False, concurrency_limit=None, trigger_mode="always_last",
        js=f"(...values) => window.sendPreview('{slug}', values)", **PRIVATE_EVENT,
    )  # fmt: skip
    drawn.then(None, js=f"() => void window.markPreviewCurrent('{slug}')", **PRIVATE_EVENT)


async def render_preview(
    context: Context, endpoint: Endpoint, values: dict[str, Any], payload: Any, caller: Caller
) -> previews.Preview:
    """The preview of the upload that `payload` names; values are validated. Raises DemoError."""
    if not previews.needs_face_crop(endpoint):
        source = await context.read_upload(payload, caller)
        async with context.service.engine_slot(caller):
            return await anyio.to_thread.run_sync(previews.render_photo_preview, [(endpoint, values)], source)
    async with face_crop_in_slot(context, endpoint, payload, caller) as face_crop:
        return await anyio.to_thread.run_sync(previews.render_crop_preview, endpoint, values, face_crop)


@asynccontextmanager
async def face_crop_in_slot(
    context: Context, endpoint: Endpoint, payload: Any, caller: Caller
) -> AsyncIterator[FaceCrop]:
    """The face in the upload that `payload` names, with a slot for what takes milliseconds. Raises DemoError."""
    if not context.face_crops.is_cached(endpoint, payload, caller):
        async with context.service.engine_slot(caller):  # face detection takes a slot like an effect
            await context.face_crops.get_or_crop(endpoint, payload, caller, context.read_upload)
    async with context.service.preview_slot(caller):
        yield await context.face_crops.get_or_crop(endpoint, payload, caller, context.read_upload)
