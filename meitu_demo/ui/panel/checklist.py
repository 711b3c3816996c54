"""The preflight checklist below a photo: the detected faces, what the vendor would reject, and fixes to click.

It is free and runs on this machine, once for each photo of a panel that is open.
"""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import gradio as gr
from markupsafe import Markup

from ...domain.errors import ImageRejected
from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...preflight.check import ChecklistItem, Preflight, check
from ...preflight.fixes import Fix, apply_fix, suggest_fixes
from ..caller import identify_caller
from ..context import Context
from ..error_toasts import as_toasts
from ..events import APPEND_ACTION_JS, PRIVATE_EVENT, TRIGGER_JS, build_if_open_js
from ..html import render
from ..texts import detect_language

FIX_SLUGS = ("crop", "crop_enlarge", "enlarge", "upright")
OTHER_FACE_FIX = "other_face"  # chosen by a click on the face itself


def build_checklist(context: Context, endpoint: Endpoint, photo: gr.Image, tab_id: gr.components.Component) -> None:
    """Lay out the checklist below `photo` and wire its events. tab_id: the browser tab's id.

    assets/js/preview.js says when there is another photo to check.
    """
    slug = endpoint.slug
    card = gr.HTML(elem_id=f"{slug}-check", elem_classes="unstyled", apply_default_css=False, js_on_load=TRIGGER_JS)

    async def run_preflight(request: gr.Request, payload: Any, tab: Any) -> AsyncIterator[str]:
        caller, language = identify_caller(request, tab), detect_language(request)
        yield ""  # what is shown is about the photo before
        if not payload:
            return
        try:
            source = await context.read_upload(payload, caller)
        except ImageRejected:  # explained when the call is started
            return
        preflight = await anyio.to_thread.run_sync(check, endpoint, source)
        yield render_checklist(preflight, (), language)
        if preflight.rejection or any(item.state == "warn" for item in preflight.items):
            fixes = await anyio.to_thread.run_sync(suggest_fixes, preflight, source)
            yield render_checklist(preflight, fixes, language)

    async def apply_selected_fix(request: gr.Request, payload: Any, tab: Any, action: Any) -> Any:
        caller = identify_caller(request, tab)
        try:
            source = await context.read_upload(payload, caller)
            with as_toasts(request):
                data = await anyio.to_thread.run_sync(_fix_photo, endpoint, source, str(action))
                return await context.write_upload(caller, "photo.jpg", data)
        except ImageRejected:
            return gr.skip()

    card.input(
        run_preflight, [photo, tab_id], card, js=build_if_open_js(slug), preprocess=False, concurrency_limit=2,
        concurrency_id="preflight", trigger_mode="always_last", **PRIVATE_EVENT,
    )  # fmt: skip
    action = tab_id  # a field of text, whose value the script replaces
    card.click(
        apply_selected_fix, [photo, tab_id, action], photo, js=APPEND_ACTION_JS, preprocess=False, **PRIVATE_EVENT
    )


def render_checklist(preflight: Preflight, fixes: tuple[Fix, ...], language: str) -> Markup:
    """The marks of the faces, the verdict in one line, what speaks against the photo, and all items, folded."""
    fix_slugs = {fix.slug for fix in fixes}
    items = [(item.state, describe_item(item, language)) for item in preflight.items]
    warnings = [text for state, text in items if state == "warn"]
    rejection = preflight.rejection
    return render(
        "preflight.checklist",
        language,
        state="refuse" if rejection else "warn" if warnings else "ok",
        slug=preflight.endpoint.slug,
        photo_size=preflight.faces[0].photo_size if preflight.faces else None,
        faces_svg=render_faces_svg(preflight, language, selectable=OTHER_FACE_FIX in fix_slugs),
        title=_describe_verdict(preflight, language),
        items=items,
        rejection_title=explain(rejection, language, is_billable=False).title if rejection else "",
        warnings=warnings,
        fixes=[slug for slug in FIX_SLUGS if slug in fix_slugs],
    )


def _describe_verdict(preflight: Preflight, language: str) -> str:
    kind = preflight.item("kind")
    if kind and kind.state == "refuse":
        return translate("preflight.kind.refuse", language)
    if preflight.rejection:
        return translate("preflight.refused", language)
    count = len(preflight.faces)
    key = "ready_many" if count > 1 else "ready_one" if count else "ready_none"
    return translate(f"preflight.{key}", language, count=count)


def describe_item(item: ChecklistItem, language: str) -> str:
    """`item` in words, as plain text."""
    text = translate(f"preflight.{item.slug}.{item.state}", language, **item.facts)
    if not item.limit_of:
        return text
    recommended = item.facts.get("recommended", "")
    return translate(f"preflight.limit_of.{item.limit_of}", language, text=text, recommended=recommended)


def render_faces_svg(preflight: Preflight, language: str, *, selectable: bool = False) -> Markup:
    """The faces as an SVG overlay for the picture; empty without faces.

    Small faces are last, so that they are on top and can be clicked. selectable: each face is a button, and those that
    are not used have an action.
    """
    faces = []
    for face in preflight.faces:
        left, top, right, bottom = (100 * min(1.0, max(0.0, share)) for share in face.relative_box)
        box = (left, top, right - left, bottom - top)
        action = f"{OTHER_FACE_FIX}:{face.number}" if selectable and not face.is_used else ""
        faces.append({"box": box, "is_used": face.is_used, "number": face.number, "action": action})
    return render("preflight.faces", language, faces=faces, selectable=selectable) if faces else Markup()


def _fix_photo(endpoint: Endpoint, source: bytes, action: str) -> bytes:
    """The fixed photo. action: a fix's slug, or that of another face with its number.

    Raises ImageRejected if the fix is not among those suggested.
    """
    preflight = check(endpoint, source)
    for fix in suggest_fixes(preflight, source):
        number = f":{fix.face.number}" if fix.slug == OTHER_FACE_FIX and fix.face else ""
        if f"{fix.slug}{number}" == action:
            return apply_fix(fix, preflight, source)
    raise ImageRejected("image_unreadable")
