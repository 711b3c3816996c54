"""The preflight below a photo: the faces that were found, what this panel's vendor would say, and mends to click.

Free and on this machine. It runs for the panel that is open: when a photo comes into it, and when its tab is opened.
"""

from collections.abc import AsyncIterator, Iterable
from html import escape
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ...errors import ImageRejected
from ...explain import explain
from ...imaging import codec
from ...preflight import ChecklistItem, Fix, Preflight, apply_fix, check, describe_item, render_faces_svg, suggest_fixes
from ...spec import Endpoint, ImageLimits
from ...words import translate
from ..context import Context
from ..events import PRIVATE, if_open
from ..guard import uploads
from ..result.pictures import KEPT_PATH
from ..texts import Texts, language_of
from ..trouble import in_words
from ..visits import Visit

SMALL = ImageLimits(min_side_px=1, max_side_px=320, max_bytes=100_000)  # the picture on which the faces are drawn
MENDS = ("crop", "crop_enlarge", "enlarge", "upright")
OTHER = "other_face"  # chosen by a click on the face itself


def build(
    context: Context, endpoint: Endpoint, texts: Texts, photo: gr.Image, tab: gr.Tab, name: gr.components.Component
) -> None:
    """Lay it out below `photo` and wire it. tab: the panel's. name: the browser's tab."""
    slug = endpoint.slug
    card = gr.HTML(elem_id=f"{slug}-check", elem_classes="bare", apply_default_css=False)
    with gr.Row(elem_classes="mends"):
        buttons = {
            mend: gr.Button(
                texts.word(f"preflight.mends.{mend}"), size="sm", elem_id=f"{slug}-mend-{mend}", elem_classes=mend
            )
            for mend in MENDS
        }
    chosen = gr.Number(0, visible=False)
    other = gr.Button(visible="hidden", elem_id=f"{slug}-mend-{OTHER}")

    async def judge(request: gr.Request, payload: Any, tab: Any) -> AsyncIterator[str]:
        visit, language = Visit.of(request, tab), language_of(request)
        if not payload:
            yield ""
            return
        try:
            source = await context.read(payload, visit)
        except ImageRejected:  # a run says why
            yield ""
            return
        found = await anyio.to_thread.run_sync(check, endpoint, source)
        picture = await _picture(context, found, source, visit)
        yield render(found, (), picture, language)
        if found.rejection or any(item.state == "warn" for item in found.items):
            offers = await anyio.to_thread.run_sync(suggest_fixes, found, source)
            yield render(found, offers, picture, language)

    async def mend(request: gr.Request, payload: Any, tab: Any, slug: str, face: int) -> Any:
        visit = Visit.of(request, tab)
        try:
            source = await context.read(payload, visit)
            with in_words(request):
                path = await anyio.to_thread.run_sync(_mended, endpoint, source, slug, face)
        except ImageRejected:
            return gr.skip()
        context.mine.note(visit.session, Path(path))
        return path

    def pressed(slug: str) -> Any:
        async def do(request: gr.Request, payload: Any, tab: Any, face: Any) -> Any:
            return await mend(request, payload, tab, slug, int(face or 0))

        return do

    wiring: dict[str, Any] = {
        "inputs": [photo, name], "outputs": card, "preprocess": False, "concurrency_limit": 2,
        "concurrency_id": "preflight", "trigger_mode": "always_last", **PRIVATE,
    }  # fmt: skip
    photo.change(judge, js=if_open(slug), **wiring)
    tab.select(judge, **wiring)
    change: dict[str, Any] = {"outputs": photo, "preprocess": False, **PRIVATE}
    for slug_of, button in buttons.items():
        button.click(pressed(slug_of), [photo, name, chosen], **change)
    other.click(
        pressed(OTHER), [photo, name, chosen], js="(photo, name) => [photo, name, window.faceChosen ?? 0]", **change
    )


def render(found: Preflight, offers: tuple[Fix, ...], picture: str, language: str) -> str:
    """The card: the picture with its faces, the verdict, what is amiss, and the whole checklist folded away."""
    others = any(offer.slug == OTHER for offer in offers)
    title = translate(f"preflight.{'refused' if found.rejection else 'taken'}", language)
    why = explain(found.rejection, language, is_billable=False).title if found.rejection else ""
    warnings = [item for item in found.items if item.state == "warn"]
    state = "refuse" if found.rejection else "warn" if warnings else "ok"
    faces = render_faces_svg(found, language, selectable=others)
    alt = escape(translate("preflight.picture", language))
    image = f'<figure><img src="{escape(picture)}" alt="{alt}">{faces}</figure>' if picture and found.faces else ""
    can = " ".join(sorted({offer.slug for offer in offers}))
    return f"""<div class="check {state}" role="status" data-slug="{found.endpoint.slug}">{image}
<div><details><summary>{escape(title)}</summary>{_lines(found.items, language)}</details>
{f"<p>{escape(why)}</p>" if why else ""}{_lines(warnings, language)}</div></div><i class="can {can}" hidden></i>"""


def _lines(items: Iterable[ChecklistItem], language: str) -> str:
    listed = "".join(f'<li class="{item.state}">{escape(describe_item(item, language))}</li>' for item in items)
    return f"<ul>{listed}</ul>" if listed else ""


async def _picture(context: Context, found: Preflight, source: bytes, visit: Visit) -> str:
    """The URL of a small copy, where there are faces to be drawn on it; it goes with the session's other pictures."""
    if not found.faces:
        return ""
    small = await anyio.to_thread.run_sync(codec.prepare, source, SMALL)
    return f"{KEPT_PATH}/{context.pictures.put(small.photo.data, visit.session)}/faces.jpg"


def _mended(endpoint: Endpoint, source: bytes, slug: str, face: int) -> str:
    """The path of the photo after the mend. Raises ImageRejected when it is none of those that help."""
    found = check(endpoint, source)
    for offer in suggest_fixes(found, source):
        if offer.slug == slug and (slug != OTHER or (offer.face is not None and offer.face.number == face)):
            return uploads.hand_out("photo.jpg", apply_fix(offer, found, source))
    raise ImageRejected("image_unreadable")
