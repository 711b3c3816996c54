"""Turns a drawing into a watercolour: thin paint on paper, pigment in the grain and at the rims of washes."""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from ...imaging.align import FACE_OVAL
from ...imaging.blend import blur, smoothstep
from .head import Head, Lab, Plane

PAPER = np.array((0.985, 0.975, 0.95), np.float32)  # RGB
SCENE_DENSITY = 0.8  # of the paint's: thinner, because no paper is left bare
WOBBLE_PX = 0.4  # of edges; more bends straight ones
NOISE_SIDE_PX = 1120


@cache
def _build_noise() -> tuple[Plane, Plane, Plane]:
    """(slow pooling of pigment, wobble of edges, fine grain), each NOISE_SIDE_PX squared, about −1..1."""
    random = np.random.default_rng(7)

    def build_clouds(cells: int) -> Plane:
        small = random.standard_normal((cells, cells)).astype(np.float32)
        return np.asarray(cv2.resize(small, (NOISE_SIDE_PX,) * 2, interpolation=cv2.INTER_CUBIC), np.float32)

    pool = 0.6 * build_clouds(16) + 0.35 * build_clouds(40)
    grain = blur(random.standard_normal((NOISE_SIDE_PX,) * 2).astype(np.float32), 0.9) * 1.6
    return pool, build_clouds(80), grain


def paint_watercolour(picture: Lab, matte: Plane, heads: Sequence[Head]) -> Lab:
    """RGB 0..1 `picture` as a watercolour. matte: of all people. The largest head comes first and sets the scale."""
    height, width = picture.shape[:2]
    pool, wobble, grain = (noise[:height, :width] for noise in _build_noise())
    face_width = heads[0].width
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wet = cv2.remap(
        picture,
        x + WOBBLE_PX * wobble,
        y + WOBBLE_PX * wobble[::-1, ::-1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    face = np.maximum.reduce([blur(head.fill(FACE_OVAL, picture.shape[:2], 0.95), 0.03 * head.width) for head in heads])
    wet = wet + (picture - wet) * face[..., None]
    grey = np.asarray(cv2.cvtColor(np.asarray(wet, np.float32), cv2.COLOR_RGB2GRAY), np.float32)
    rims = np.clip(blur(grey, 5) - grey, 0, 0.12) * 1.2
    density = 0.80 + 0.09 * pool * (1 - 0.6 * face) + 0.045 * grain + rims * (1 - 0.7 * face)
    if matte.min() > 0.5:  # a scene has no paper around it
        density *= SCENE_DENSITY
    paint = np.exp(np.log(np.clip(wet, 0.03, 1)) * density[..., None])
    paper = PAPER * (1 + 0.012 * grain[..., None])
    wash = _build_backdrop_wash(matte, pool, 0.04 * face_width, y / height)
    outside = picture[matte < 0.02]
    backdrop = outside.mean(0) if len(outside) else np.array((0.85, 0.9, 0.97), np.float32)
    back = paper * (1 - (1 - backdrop) * wash[..., None])
    return np.asarray(np.clip(back + (paint * paper - back) * matte[..., None], 0, 1), np.float32)


def _build_backdrop_wash(matte: Plane, pool: Plane, sigma: float, height: Plane) -> Plane:
    """Density of the wash around the people, with a dark rim where it dried."""
    small = cv2.resize(matte, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    near = np.asarray(cv2.resize(blur(np.asarray(small, np.float32), sigma), matte.shape[::-1]), np.float32)
    halo = blur(smoothstep(0.10, 0.16, near + 0.05 * pool), 1.5) * smoothstep(1.0, 0.62, height + 0.06 * pool)
    rim = np.clip(halo - blur(halo, 7), 0, 1)
    return np.clip(halo * (0.75 + 0.3 * pool) + 0.9 * rim, 0, 1.4)
