"""Displacement map: what moved in a reshaped face, measured from the two stored pictures, as arrows and sentences.

It is computed on request and not stored; assets/js/comparison.js inserts the HTML below the result.
"""

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from markupsafe import Markup
from numpy.typing import NDArray

from ...domain.errors import QueueFull
from ...domain.translations import translate
from ...engine.effects.displacement import FaceDisplacement, FeatureChange, measure_displacement
from ...engine.imaging.faces import find_faces
from ...photos import codec
from ...runtime import cpu_slots
from ..caller import create_caller
from ..context import Context
from ..html import render
from ..texts import detect_language
from .files import NO_STORE_HEADERS, not_found
from .pictures import DISPLACEMENT_PATH, PICTURE_PATH

Points = NDArray[np.float64]
FACE_MARGIN_RATIO = 0.15  # of the face's side, on each side
ARROW_HEAD_RATIO = 0.024  # of the face's width


def build_router(context: Context) -> APIRouter:
    """`/moved/{before}/{after}`, with the tokens of two stored pictures. Waits in the engine's queue like an effect."""
    api_router = APIRouter()

    @api_router.get(f"/{DISPLACEMENT_PATH}/{{before}}/{{after}}")
    async def serve_displacement(request: Request, before: str, after: str) -> Response:
        before_picture, after_picture = context.pictures.get(before), context.pictures.get(after)
        if before_picture is None or after_picture is None:
            return not_found()
        caller = create_caller(f"kept {after}", request)
        language = detect_language(request)
        try:
            async with context.service.engine_slot(caller):
                html = await cpu_slots.run_in_worker(
                    render_displacement, before_picture, after_picture, f"{PICTURE_PATH}/{after}/after", language
                )
        except QueueFull:
            return PlainTextResponse("busy", 503, headers=NO_STORE_HEADERS)
        return HTMLResponse(html, headers=NO_STORE_HEADERS)

    return api_router


def render_displacement(before: bytes, after: bytes, image_url: str, language: str) -> Markup:
    """The HTML for two encoded pictures. image_url: of the second. Blocks. Raises ImageRejected."""
    pictures = codec.decode(before), codec.decode(after)
    faces = find_faces(pictures[0])
    displacement = measure_displacement(*pictures, faces[0]) if faces else None
    if displacement is None or not displacement.is_comparable:
        return render("displacement.paragraph", text=translate("moved.lost", language))
    if not len(displacement.starts):
        return render("displacement.paragraph", text=translate("moved.nothing", language))
    height, width = pictures[0].shape[:2]
    sentences = [describe_change(change, language) for change in displacement.changes]
    scale = translate(
        "moved.times" if displacement.exaggeration > 1 else "moved.true_length",
        language,
        times=displacement.exaggeration,
    )
    separator = translate("explanation.between", language)
    alt_text = separator.join([translate("moved.alternative", language), *sentences])
    return render(
        "displacement.displacement",
        language,
        arrows_svg=render_arrows_svg(displacement, image_url, (width, height), alt_text),
        sentences=sentences,
        caption=separator.join((scale, translate("moved.how", language))),
    )


def describe_change(change: FeatureChange, language: str) -> str:
    """For instance "The eyes are 12 % larger"."""
    direction = "more" if change.amount > 0 else "less"
    amount = f"{abs(change.amount):.1f}" if abs(change.amount) < 10 else f"{abs(change.amount):.0f}"
    return translate(f"moved.{change.name}.{direction}", language, amount=amount)


def render_arrows_svg(displacement: FaceDisplacement, image_url: str, size: tuple[int, int], alt_text: str) -> Markup:
    """The face in the result, with an arrow for each point that moved. size: (width, height) of the picture in px."""
    (x, y), half_side = displacement.face.centre, displacement.face.side * (0.5 + FACE_MARGIN_RATIO)
    path = "".join(
        _build_arrow_path(start, vector * displacement.exaggeration, ARROW_HEAD_RATIO * displacement.face.width)
        for start, vector in zip(displacement.starts, displacement.vectors, strict=True)
    )
    view_box = f"{x - half_side:.1f} {y - half_side:.1f} {2 * half_side:.1f} {2 * half_side:.1f}"
    return render(
        "displacement.arrows", view_box=view_box, alt_text=alt_text, image_url=image_url, size=size, path=path
    )


def _build_arrow_path(start: Points, vector: Points, head_length: float) -> str:
    length = float(np.linalg.norm(vector))
    head_vector = vector / length * min(head_length, length * 0.6)
    wing_vector = np.array([-head_vector[1], head_vector[0]]) * 0.75
    end = start + vector
    return f"M{_format_point(start)}L{_format_point(end)}M{_format_point(end - head_vector + wing_vector)}L{_format_point(end)}L{_format_point(end - head_vector - wing_vector)}"  # noqa: E501


def _format_point(point: Points) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"
