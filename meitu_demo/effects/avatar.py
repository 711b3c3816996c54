"""Anime avatar: redraws the people of a photo as an illustrator would, in one of two looks."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ValueRejected
from ..imaging.faces import Face
from ..imaging.matte import person_matte
from .cartoon.backdrop import paint_backdrop
from .cartoon.bust import busts
from .cartoon.cloth import paint_cloth
from .cartoon.colour import Lab, to_lab
from .cartoon.creases import paint_folds
from .cartoon.eyes import iris_colour, paint_brows, paint_eye, place_eyes
from .cartoon.glasses import find_glasses, paint_glasses
from .cartoon.hair import paint_hair
from .cartoon.head import Head, Image, frame
from .cartoon.ink import paint_creases, paint_jaw, paint_outlines, paint_silhouette
from .cartoon.look import LOOKS, Look
from .cartoon.mouth import paint_mouth, paint_nose
from .cartoon.pen import Painting
from .cartoon.regions import Regions, sort_regions
from .cartoon.skin import Tones, lit_side, paint_skin, skin_light, skin_tones
from .cartoon.wash import watercolour


def avatar(image: Image, faces: Sequence[Face], version: str = "1.0.0") -> Image:
    """Head and shoulders of everybody in `faces`, drawn: RGB uint8, long side at most CANVAS_SIDE.

    image: RGB uint8 of at least 48×48. faces: at least one, in pixels of `image`; they may reach out of the frame.
    version: "1.0.0" crisp comic, "2.0.0" soft watercolour. Raises ValueRejected for another.
    """
    if version not in LOOKS:
        raise ValueRejected(control="version", value=version, allowed=", ".join(LOOKS))
    look = LOOKS[version]
    canvas, heads = frame(image, faces)
    half = cv2.resize(canvas, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # the drawn outline is smoother still
    matte = cv2.resize(person_matte(half), canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    lab = to_lab(canvas)
    people = busts(canvas, heads)
    sorted_ = [
        sort_regions(canvas[bust.rows, bust.columns], matte[bust.rows, bust.columns], bust.own, bust.head)
        for bust in people
    ]
    main = max(heads, key=lambda head: head.unit)
    person = np.clip(matte * 1.6 - 0.3, 0, 1)
    for bust, regions in zip(people, sorted_, strict=True):
        np.minimum(person[bust.rows, bust.columns], regions.person, out=person[bust.rows, bust.columns])
    cloth = person.copy()
    for bust, regions in zip(people, sorted_, strict=True):
        cloth[bust.rows, bust.columns] -= regions.hair + regions.skin
    tones = [
        skin_tones(lab[bust.rows, bust.columns], bust.head, regions, look)
        for bust, regions in zip(people, sorted_, strict=True)
    ]
    accent = tones[-1].base if tones else np.array([70, 12, 16], np.float32)
    painting = paint_backdrop(canvas.shape, accent, main, look)
    paint_cloth(painting, lab, person, cloth, main.unit, look)
    for bust, regions, palette in zip(people, sorted_, tones, strict=True):
        view = painting[bust.rows, bust.columns]
        _paint_person(view, lab[bust.rows, bust.columns], bust.head, regions, palette, look)
    paint_silhouette(painting, person, main, look)
    return watercolour(painting, person, main) if look.wash else painting


def _paint_person(painting: Painting, lab: Lab, head: Head, regions: Regions, tones: Tones, look: Look) -> None:
    paint_creases(painting, lab, head, regions, look)
    light = skin_light(lab, head, regions)
    paint_skin(painting, light, head, regions, tones, look)
    paint_jaw(painting, head, regions, tones.base, look)
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
    hair = paint_hair(painting, lab, head, regions, look)
    paint_outlines(painting, head, regions, hair, look)
