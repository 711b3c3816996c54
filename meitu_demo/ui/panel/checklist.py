"""The preflight below a photo: the faces that were found, what this panel's vendor would say, and mends to click.

Free and on this machine. It runs for the panel that is open: when a photo comes into it, and when its tab is opened.
"""

from collections.abc import AsyncIterator, Iterable
from html import escape
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ...domain.errors import ImageRejected
from ...domain.explanations import explain
from ...domain.model import Endpoint, ImageLimits
from ...domain.translations import translate
from ...photos import codec
from ...preflight import (
    ChecklistItem,
    Fix,
    Preflight,
    apply_fix,
    check,
    describe_item,
    render_faces_svg,
    suggest_fixes,
)
from ..caller import Caller
from ..context import Context
from ..error_toasts import as_toasts
from ..events import PRIVATE_EVENT, build_if_open_js
from ..gradio_patches import uploads
from ..result.pictures import PICTURE_PATH
from ..texts import PageTranslations, detect_language

PREVIEW_LIMITS = ImageLimits(
    min_side_px=1, max_side_px=320, max_bytes=100_000
)  # the picture on which the faces are drawn
FIX_SLUGS = ("crop", "crop_enlarge", "enlarge", "upright")
OTHER_FACE_FIX = "other_face"  # chosen by a click on the face itself


def build_checklist(
    context: Context,
    endpoint: Endpoint,
    texts: PageTranslations,
    photo: gr.Image,
    tab: gr.Tab,
    tab_id: gr.components.Component,
) -> None:
    """Lay it out below `photo` and wire it. tab: the panel's. name: the browser's tab."""
    slug = endpoint.slug
    card = gr.HTML(elem_id=f"{slug}-check", elem_classes="bare", apply_default_css=False)
    with gr.Row(elem_classes="mends"):
        buttons = {
            mend: gr.Button(
                texts.get_text(f"preflight.mends.{mend}"), size="sm", elem_id=f"{slug}-mend-{mend}", elem_classes=mend
            )
            for mend in FIX_SLUGS
        }
    face_number = gr.Number(0, visible=False)
    other_face_button = gr.Button(visible="hidden", elem_id=f"{slug}-mend-{OTHER_FACE_FIX}")

    async def run_preflight(request: gr.Request, payload: Any, tab: Any) -> AsyncIterator[str]:
        caller, language = Caller.from_request(request, tab), detect_language(request)
        if not payload:
            yield ""
            return
        try:
            source = await context.read_upload(payload, caller)
        except ImageRejected:  # a run says why
            yield ""
            return
        preflight = await anyio.to_thread.run_sync(check, endpoint, source)
        picture = await _store_preview(context, preflight, source, caller)
        yield render_checklist(preflight, (), picture, language)
        if preflight.rejection or any(item.state == "warn" for item in preflight.items):
            fixes = await anyio.to_thread.run_sync(suggest_fixes, preflight, source)
            yield render_checklist(preflight, fixes, picture, language)

    async def apply_selected_fix(request: gr.Request, payload: Any, tab: Any, slug: str, face: int) -> Any:
        caller = Caller.from_request(request, tab)
        try:
            source = await context.read_upload(payload, caller)
            with as_toasts(request):
                path = await anyio.to_thread.run_sync(_write_fixed_photo, endpoint, source, slug, face)
        except ImageRejected:
            return gr.skip()
        context.session_data.track(caller.session_id, Path(path))
        return path

    def make_fix_handler(slug: str) -> Any:
        async def handle_click(request: gr.Request, payload: Any, tab: Any, face: Any) -> Any:
            return await apply_selected_fix(request, payload, tab, slug, int(face or 0))

        return handle_click

    wiring: dict[str, Any] = {
        "inputs": [photo, tab_id], "outputs": card, "preprocess": False, "concurrency_limit": 2,
        "concurrency_id": "preflight", "trigger_mode": "always_last", **PRIVATE_EVENT,
    }  # fmt: skip
    photo.change(run_preflight, js=build_if_open_js(slug), **wiring)
    tab.select(run_preflight, **wiring)
    fix_wiring: dict[str, Any] = {"outputs": photo, "preprocess": False, **PRIVATE_EVENT}
    for fix_slug, button in buttons.items():
        button.click(make_fix_handler(fix_slug), [photo, tab_id, face_number], **fix_wiring)
    other_face_button.click(
        make_fix_handler(OTHER_FACE_FIX),
        [photo, tab_id, face_number],
        js="(photo, name) => [photo, name, window.faceChosen ?? 0]",
        **fix_wiring,
    )


def render_checklist(preflight: Preflight, fixes: tuple[Fix, ...], picture_url: str, language: str) -> str:
    """The card: the picture with its faces, the verdict, what is amiss, and the whole checklist folded away."""
    has_other_faces = any(offer.slug == OTHER_FACE_FIX for offer in fixes)
    title = translate(f"preflight.{'refused' if preflight.rejection else 'taken'}", language)
    rejection_title = explain(preflight.rejection, language, is_billable=False).title if preflight.rejection else ""
    warnings = [item for item in preflight.items if item.state == "warn"]
    state = "refuse" if preflight.rejection else "warn" if warnings else "ok"
    faces = render_faces_svg(preflight, language, selectable=has_other_faces)
    alt = escape(translate("preflight.picture", language))
    image = (
        f'<figure><img src="{escape(picture_url)}" alt="{alt}">{faces}</figure>'
        if picture_url and preflight.faces
        else ""
    )
    fix_slugs = " ".join(sorted({offer.slug for offer in fixes}))
    return f"""<div class="check {state}" role="status" data-slug="{preflight.endpoint.slug}">{image}
<div><details><summary>{escape(title)}</summary>{_render_items(preflight.items, language)}</details>
{f"<p>{escape(rejection_title)}</p>" if rejection_title else ""}{_render_items(warnings, language)}</div></div><i class="can {fix_slugs}" hidden></i>"""  # noqa: E501


def _render_items(items: Iterable[ChecklistItem], language: str) -> str:
    listed = "".join(f'<li class="{item.state}">{escape(describe_item(item, language))}</li>' for item in items)
    return f"<ul>{listed}</ul>" if listed else ""


async def _store_preview(context: Context, preflight: Preflight, source: bytes, caller: Caller) -> str:
    """The URL of a small copy, where there are faces to be drawn on it; it goes with the session's other pictures."""
    if not preflight.faces:
        return ""
    preview = await anyio.to_thread.run_sync(codec.prepare, source, PREVIEW_LIMITS)
    return f"{PICTURE_PATH}/{context.pictures.put(preview.photo.data, caller.session_id)}/faces.jpg"


def _write_fixed_photo(endpoint: Endpoint, source: bytes, slug: str, face: int) -> str:
    """The path of the photo after the mend. Raises ImageRejected when it is none of those that help."""
    preflight = check(endpoint, source)
    for fix in suggest_fixes(preflight, source):
        if fix.slug == slug and (slug != OTHER_FACE_FIX or (fix.face is not None and fix.face.number == face)):
            return uploads.write_upload("photo.jpg", apply_fix(fix, preflight, source))
    raise ImageRejected("image_unreadable")
