"""Anime avatar: redraws the people of a photo as an illustrator would, in one of two looks.

Nothing of the photo is filtered into the picture: the matte, the mesh and the colours say what is where, and everything
is painted anew, back to front. One stage per module of `cartoon`.
"""

from collections.abc import Sequence

import numpy as np

from ...domain.errors import ValueRejected
from ..imaging.faces import Face
from .cartoon.backdrop import paint_backdrop
from .cartoon.beard import find_beard
from .cartoon.brows import paint_brows
from .cartoon.bust import busts
from .cartoon.cloth import paint_cloth
from .cartoon.colour import Lab, to_lab
from .cartoon.creases import paint_folds
from .cartoon.ears import paint_ears
from .cartoon.exposure import lift
from .cartoon.eyes import iris_colour, paint_eye, place_eyes
from .cartoon.glasses import find_glasses, paint_glasses
from .cartoon.hair import paint_hair
from .cartoon.head import Head, Image, frame, turned
from .cartoon.ink import paint_creases, paint_jaw, paint_outlines, paint_silhouette
from .cartoon.look import LOOKS, Look
from .cartoon.mouth import paint_mouth
from .cartoon.nose import paint_nose
from .cartoon.pen import Painting
from .cartoon.people import cut_out
from .cartoon.regions import Regions, sort_regions
from .cartoon.skin import Tones, lit_side, paint_skin, skin_light, skin_tones
from .cartoon.wash import watercolour


def draw_avatar(image: Image, faces: Sequence[Face], version: str = "1.0.0") -> Image:
    """Head and shoulders of everybody in `faces`, drawn: RGB uint8, long side at most `head.CANVAS_SIDE`.

    image: RGB uint8 of at least 48×48. faces: at least one, in pixels of `image`; they may reach out of the frame.
    version: "1.0.0" crisp comic, "2.0.0" soft watercolour. Raises ValueRejected for another.
    """
    if version not in LOOKS:
        raise ValueRejected(control="version", value=version, allowed=", ".join(LOOKS))
    canvas, heads = frame(image, faces)
    main_head = max(heads, key=lambda head: head.unit)
    turns = round(np.degrees(np.arctan2(-main_head.down[0], main_head.down[1])) / 90) % 4
    heads = turned(heads, canvas.shape, turns)  # the models and the light want heads upright
    painting = _draw_people(np.ascontiguousarray(np.rot90(canvas, turns)), heads, LOOKS[version])
    return np.ascontiguousarray(np.rot90(painting, -turns))


def _draw_people(canvas: Image, heads: Sequence[Head], look: Look) -> Painting:
    main_head = max(heads, key=lambda head: head.unit)
    canvas = lift(canvas, main_head)
    lab = to_lab(canvas)
    people = busts(canvas, heads)
    person = cut_out(canvas, people)
    cloth = person.copy()
    parts: list[tuple[Lab, Head, Regions, Tones]] = []
    for bust in people:
        box = bust.rows, bust.columns
        regions = sort_regions(canvas[box], person[box], bust.own, bust.head)
        person[box] = np.minimum(person[box], regions.person)
        cloth[box] = np.minimum(cloth[box], regions.person) - regions.hair - regions.skin
        parts.append((lab[box], bust.head, regions, skin_tones(lab[box], bust.head, regions, look)))
    painting = paint_backdrop(lab, cloth, heads, look)
    paint_cloth(painting, lab, person, cloth, main_head.unit, look)
    for bust, part in zip(people, parts, strict=True):
        _paint_person(painting[bust.rows, bust.columns], *part, look)
    paint_silhouette(painting, person, main_head, look)
    return watercolour(painting, person, heads) if look.wash else painting


def _paint_person(painting: Painting, lab: Lab, head: Head, regions: Regions, tones: Tones, look: Look) -> None:
    light = skin_light(lab, head, regions)
    paint_skin(painting, light, head, regions, tones, look)
    paint_creases(painting, lab, head, regions, tones.base, look)
    paint_ears(painting, head, regions, tones.base, look)
    beard = find_beard(lab, head, regions)
    if beard is None:
        paint_jaw(painting, head, regions, tones.base, look)
    else:
        paint_hair(painting, lab, head, beard, look)
    paint_folds(painting, lab, head, tones, look)
    paint_nose(painting, head, tones, look, lit_side(light, head))
    paint_mouth(painting, lab, head, tones, look)
    eyes = place_eyes(head)
    paint_brows(painting, lab, head, eyes, tones.base, look)
    iris = iris_colour(lab, head)
    for eye in eyes:
        paint_eye(painting, eye, iris, tones.base, look)
    glasses = find_glasses(lab, head, eyes)
    if glasses is not None:
        paint_glasses(painting, glasses, look)
    hair = paint_hair(painting, lab, head, regions.hair, look)
    paint_outlines(painting, head, regions, hair, look)
