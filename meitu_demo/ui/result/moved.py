"""What moved in a reshaped face: measured from the two kept pictures when somebody asks, told as arrows and sentences.

The answer is a piece of HTML for below the result (assets/js/comparison.js). Nothing of it is kept.
"""

from html import escape

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from numpy.typing import NDArray

from ...address import fairness_key, resolve_client_address
from ...effects.moved import Change, Moved, find_moved
from ...errors import QueueFull
from ...imaging import codec, cores
from ...imaging.faces import find_faces
from ...words import match_language, translate
from ..context import Context
from .files import HEADERS, gone
from .pictures import KEPT_PATH, MOVED_PATH

Points = NDArray[np.float64]
ROOM = 0.15  # of the face's side, around it
HEAD = 0.024  # face widths: the head of an arrow


def router(context: Context) -> APIRouter:
    """`/moved/{before}/{after}`: the tokens of two kept pictures are the key. It takes its turn like an effect."""
    found = APIRouter()

    @found.get(f"/{MOVED_PATH}/{{before}}/{{after}}")
    async def moved(request: Request, before: str, after: str) -> Response:
        one, other = context.pictures.get(before), context.pictures.get(after)
        if one is None or other is None:
            return gone()
        peer, forwarded = request.client.host if request.client else "", request.headers.get("x-forwarded-for", "")
        visitor = fairness_key(
            f"kept {after}", resolve_client_address(peer, forwarded, context.settings.trusted_proxies)
        )
        language = match_language(request.headers.get("accept-language"))
        try:
            async with context.turns.slot(visitor):
                told = await cores.run_in_worker(tell, one, other, f"{KEPT_PATH}/{after}/after", language)
        except QueueFull:
            return PlainTextResponse("busy", 503, headers=HEADERS)
        return HTMLResponse(told, headers=HEADERS)

    return found


def tell(before: bytes, after: bytes, address: str, language: str) -> str:
    """The answer for two encoded pictures. address: of the second. Blocks. Raises ImageRejected."""
    pictures = codec.decode(before), codec.decode(after)
    faces = find_faces(pictures[0])
    moved = find_moved(*pictures, faces[0]) if faces else None
    if moved is None or not moved.comparable:
        return _line("lost", language)
    if not len(moved.starts):
        return _line("nothing", language)
    height, width = pictures[0].shape[:2]
    sentences = [sentence(change, language) for change in moved.changes]
    items = "".join(f"<li>{escape(text)}</li>" for text in sentences)
    drawn = drawing(moved, address, (width, height), _alternative(sentences, language))
    scale = translate("moved.times" if moved.times > 1 else "moved.true_length", language, times=moved.times)
    changes = f"<ul>{items}</ul>" if items else _line("no_change", language)
    told = translate("explanation.between", language).join((scale, translate("moved.how", language)))
    return f"{drawn}<div>{changes}<p>{escape(told)}</p></div>"


def sentence(change: Change, language: str) -> str:
    """For instance "The eyes are 12 % larger"."""
    way = "more" if change.by > 0 else "less"
    amount = f"{abs(change.by):.1f}" if abs(change.by) < 10 else f"{abs(change.by):.0f}"
    return translate(f"moved.{change.name}.{way}", language, amount=amount)


def drawing(moved: Moved, address: str, size: tuple[int, int], alternative: str) -> str:
    """The face in the result, with arrows from where its points were. size: (width, height) that ways are given in."""
    (x, y), reach = moved.face.centre, moved.face.side * (0.5 + ROOM)
    unit = moved.face.width
    ways = "".join(
        _arrow(start, way * moved.times, HEAD * unit) for start, way in zip(moved.starts, moved.ways, strict=True)
    )
    return (
        f'<svg viewBox="{x - reach:.1f} {y - reach:.1f} {2 * reach:.1f} {2 * reach:.1f}" role="img" '
        f'aria-label="{escape(alternative)}"><image href="{escape(address)}" width="{size[0]}" height="{size[1]}" '
        f'preserveAspectRatio="none"/><path class="halo" d="{ways}"/><path class="way" d="{ways}"/></svg>'
    )


def _arrow(start: Points, way: Points, head: float) -> str:
    length = float(np.linalg.norm(way))
    ahead = way / length * min(head, length * 0.6)
    aside = np.array([-ahead[1], ahead[0]]) * 0.75
    end = start + way
    return f"M{_at(start)}L{_at(end)}M{_at(end - ahead + aside)}L{_at(end)}L{_at(end - ahead - aside)}"


def _at(point: Points) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"


def _alternative(sentences: list[str], language: str) -> str:
    return translate("explanation.between", language).join([translate("moved.alternative", language), *sentences])


def _line(key: str, language: str) -> str:
    return f"<p>{escape(translate(f'moved.{key}', language))}</p>"
