"""What moved in a reshaped face: measured from the two kept pictures when somebody asks, told as arrows and sentences.

The answer is a piece of HTML for below the result (assets/js/comparison.js). Nothing of it is kept.
"""

from html import escape

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from numpy.typing import NDArray

from ...domain.errors import QueueFull
from ...domain.translations import match_language, translate
from ...engine.effects.displacement import FaceDisplacement, FeatureChange, measure_displacement
from ...engine.imaging.faces import find_faces
from ...photos import codec
from ...runtime import cpu_slots
from ..caller import create_caller
from ..context import Context
from .files import NO_STORE_HEADERS, not_found
from .pictures import DISPLACEMENT_PATH, PICTURE_PATH

Points = NDArray[np.float64]
FACE_MARGIN_RATIO = 0.15  # of the face's side, around it
ARROW_HEAD_RATIO = 0.024  # face widths: the head of an arrow


def build_router(context: Context) -> APIRouter:
    """`/moved/{before}/{after}`: the tokens of two kept pictures are the key. It takes its turn like an effect."""
    api_router = APIRouter()

    @api_router.get(f"/{DISPLACEMENT_PATH}/{{before}}/{{after}}")
    async def serve_displacement(request: Request, before: str, after: str) -> Response:
        before_picture, after_picture = context.pictures.get(before), context.pictures.get(after)
        if before_picture is None or after_picture is None:
            return not_found()
        caller = create_caller(f"kept {after}", request)
        language = match_language(request.headers.get("accept-language"))
        try:
            async with context.service.engine_slot(caller):
                html = await cpu_slots.run_in_worker(
                    render_displacement, before_picture, after_picture, f"{PICTURE_PATH}/{after}/after", language
                )
        except QueueFull:
            return PlainTextResponse("busy", 503, headers=NO_STORE_HEADERS)
        return HTMLResponse(html, headers=NO_STORE_HEADERS)

    return api_router


def render_displacement(before: bytes, after: bytes, image_url: str, language: str) -> str:
    """The answer for two encoded pictures. address: of the second. Blocks. Raises ImageRejected."""
    pictures = codec.decode(before), codec.decode(after)
    faces = find_faces(pictures[0])
    displacement = measure_displacement(*pictures, faces[0]) if faces else None
    if displacement is None or not displacement.is_comparable:
        return _render_line("lost", language)
    if not len(displacement.starts):
        return _render_line("nothing", language)
    height, width = pictures[0].shape[:2]
    sentences = [describe_change(change, language) for change in displacement.changes]
    items = "".join(f"<li>{escape(text)}</li>" for text in sentences)
    arrows_svg = render_arrows_svg(displacement, image_url, (width, height), _build_alt_text(sentences, language))
    scale = translate(
        "moved.times" if displacement.exaggeration > 1 else "moved.true_length",
        language,
        times=displacement.exaggeration,
    )
    changes = f"<ul>{items}</ul>" if items else _render_line("no_change", language)
    caption = translate("explanation.between", language).join((scale, translate("moved.how", language)))
    return f"{arrows_svg}<div>{changes}<p>{escape(caption)}</p></div>"


def describe_change(change: FeatureChange, language: str) -> str:
    """For instance "The eyes are 12 % larger"."""
    direction = "more" if change.amount > 0 else "less"
    amount = f"{abs(change.amount):.1f}" if abs(change.amount) < 10 else f"{abs(change.amount):.0f}"
    return translate(f"moved.{change.name}.{direction}", language, amount=amount)


def render_arrows_svg(displacement: FaceDisplacement, image_url: str, size: tuple[int, int], alt_text: str) -> str:
    """The face in the result, with arrows from where its points were. size: (width, height) that ways are given in."""
    (x, y), half_side = displacement.face.centre, displacement.face.side * (0.5 + FACE_MARGIN_RATIO)
    face_width = displacement.face.width
    arrow_path = "".join(
        _render_arrow_path(start, way * displacement.exaggeration, ARROW_HEAD_RATIO * face_width)
        for start, way in zip(displacement.starts, displacement.vectors, strict=True)
    )
    return (
        f'<svg viewBox="{x - half_side:.1f} {y - half_side:.1f} {2 * half_side:.1f} {2 * half_side:.1f}" role="img" '
        f'aria-label="{escape(alt_text)}"><image href="{escape(image_url)}" width="{size[0]}" height="{size[1]}" '
        f'preserveAspectRatio="none"/><path class="halo" d="{arrow_path}"/><path class="way" d="{arrow_path}"/></svg>'
    )


def _render_arrow_path(start: Points, vector: Points, head_length: float) -> str:
    length = float(np.linalg.norm(vector))
    head_vector = vector / length * min(head_length, length * 0.6)
    wing_vector = np.array([-head_vector[1], head_vector[0]]) * 0.75
    end = start + vector
    return f"M{_format_point(start)}L{_format_point(end)}M{_format_point(end - head_vector + wing_vector)}L{_format_point(end)}L{_format_point(end - head_vector - wing_vector)}"  # noqa: E501


def _format_point(point: Points) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"


def _build_alt_text(sentences: list[str], language: str) -> str:
    return translate("explanation.between", language).join([translate("moved.alternative", language), *sentences])


def _render_line(key: str, language: str) -> str:
    return f"<p>{escape(translate(f'moved.{key}', language))}</p>"
