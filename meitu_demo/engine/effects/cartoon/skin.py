"""Cel-shades face, neck, ears and hands: one base tone of the person's own, two shadows, a light and a blush."""

from dataclasses import dataclass

import cv2
import numpy as np

from . import mesh
from .colour import Lab, sample, shade, to_rgb
from .head import Field, Head, Points
from .look import Look
from .pen import Painting, Patch, above, colour_in, lay, ramp
from .regions import Regions, sizable

HUES = (np.radians(46), np.radians(66))  # LAB hue that skin may take, whatever the lamp
SHADOW, DEEP = -6.0, -19.0  # L under the middle of the face where the first and the second shadow begin
HAIR_FALL, CHIN_FALL = 0.045, 0.16  # face widths that the cast shadows of hair and chin reach down
SMALL_UNIT = 96.0  # px of a face width on the copy that the light is read from


@dataclass(frozen=True, slots=True, eq=False)
class Tones:
    """The skin's colours, LAB."""

    base: Lab
    shadow: Lab
    deep: Lab
    light: Lab
    flush: Lab
    seen: float  # L of the skin in the photo


def skin_tones(lab: Lab, head: Head, regions: Regions, look: Look) -> Tones:
    """Mixes the palette from the cheeks, nose and forehead of the photo (`lab`, the canvas in CIELAB)."""
    weight = np.zeros(lab.shape[:2], np.uint8)
    for points in mesh.CHEEKS:
        cv2.fillConvexPoly(weight, cv2.convexHull(head.points[list(points)].astype(np.int32)), 1)
    seen = lab[(weight > 0) & (regions.skin > 0.5)]
    if len(seen) < 8:
        seen = lab[regions.skin > 0.5]
    order = np.argsort(seen[:, 0])[len(seen) * 4 // 10 : len(seen) * 9 // 10]  # neither shadows and frames nor shine
    own = seen[order].mean(0) if len(order) else np.array([72, 14, 18], np.float32)
    lightness = float(np.clip(8 + 0.9 * own[0], 32, 88))
    chroma = float(np.clip(np.hypot(own[1], own[2]), 13, 30)) * look.chroma
    hue = float(np.clip(np.arctan2(own[2], own[1]), *HUES))
    base = np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], np.float32)
    return Tones(
        base=base,
        shadow=shade(base, -11 * look.depth, 1.3, -8),
        deep=shade(base, -21 * look.depth, 1.3, -14),
        light=shade(base, 5, 0.8),
        flush=shade(base, -6, 1.4, -24),
        seen=float(own[0]),
    )


def paint_skin(painting: Painting, light: Field, head: Head, regions: Regions, tones: Tones, look: Look) -> None:
    """Paints all skin in place; `light` is `skin_light`."""
    pen = head.unit / 280
    soft = max(1.2, look.edge * pen)
    steep = cv2.GaussianBlur(np.hypot(*np.gradient(light)).astype(np.float32), (0, 0), 2)
    shadow = 1 - above(light, SHADOW, soft, steep, floor=0.15)
    deep = 1 - above(light, DEEP, soft, steep, floor=0.15)
    cast = _cast(head, regions, soft)
    tone = np.maximum(shadow, cast) + 0.8 * np.maximum(deep, shadow * cast)
    picture = colour_in(tone, [to_rgb(one) for one in (tones.base, tones.shadow, tones.deep)])
    patch = Patch(picture, head.place([(-0.6, -0.4), (0.6, 0.6)]))
    for cheek in mesh.BLUSH:
        patch.paint(to_rgb(tones.flush), 0.38 * _blob(patch, head.points[cheek], 0.13 * head.unit))
    lay(painting, picture, regions.skin)


def _blob(patch: Patch, centre: Points, radius: float) -> Field:
    x = np.arange(patch.x0, patch.x1, dtype=np.float32) - centre[0]
    y = (np.arange(patch.y0, patch.y1, dtype=np.float32) - centre[1])[:, None]
    return np.asarray(np.exp(-(x * x + y * y) / (2 * (radius * 0.6) ** 2)), np.float32)


def skin_light(lab: Lab, head: Head, regions: Regions) -> Field:
    """The light on the skin relative to the middle of the face, in L: smooth, without eyes, brows, lips and nose."""
    step = max(1.0, head.unit / SMALL_UNIT)
    size = [max(8, round(side / step)) for side in lab.shape[1::-1]]
    lightness = cv2.resize(np.ascontiguousarray(lab[..., 0]), size, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(regions.skin, size, interpolation=cv2.INTER_AREA) ** 3
    small = (head.points + 0.5) / step - 0.5
    for points, grow in mesh.FEATURES:
        hull = cv2.convexHull(small[list(points)].astype(np.float32)).reshape(-1, 2)
        middle = hull.mean(0)
        cv2.fillConvexPoly(weight, np.round(middle + (hull - middle) * grow).astype(np.int32), 0.0)
    sigma = 0.055 * head.unit / step
    light = cv2.GaussianBlur(lightness * weight, (0, 0), sigma) + 1e-4 * cv2.GaussianBlur(lightness, (0, 0), 4 * sigma)
    total = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-4
    light = light / total
    u, v = head.grid(light.shape, step)
    face = light[(np.hypot(u, v) < 0.35) & (weight > 0.5)]
    middle = np.median(face if face.size else light)
    light = cv2.bilateralFilter(np.asarray(light - middle, np.float32), 0, 6.0, sigma)
    specks = (light < SHADOW) & ~sizable(light < SHADOW, (0.32 * head.unit / step) ** 2)
    light = cv2.GaussianBlur(np.where(specks, np.maximum(light, SHADOW + 3), light), (0, 0), 0.4 * sigma)
    return cv2.resize(light, lab.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def lit_side(light: Field, head: Head) -> float:
    """-1 when the light comes from the image's left, +1 from its right: the brighter cheek."""
    left, right = sample(light, head.points[list(mesh.BLUSH)])
    return 1.0 if right >= left else -1.0


def _cast(head: Head, regions: Regions, soft: float) -> Field:
    """Shadows that hair throws on the face and the face on the neck: what tells a drawing from a filtered photo."""
    down = head.down * head.unit
    height, width = regions.skin.shape
    fall = np.array([[1, 0, down[0] * HAIR_FALL], [0, 1, down[1] * HAIR_FALL]])
    hair = cv2.warpAffine(cv2.GaussianBlur(regions.hair, (0, 0), 2 * soft), fall, (width, height))
    face = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(face, head.hull.round().astype(np.int32), 255, cv2.LINE_AA)
    jaw = np.zeros_like(face)
    cv2.fillConvexPoly(jaw, (head.hull + down * CHIN_FALL).round().astype(np.int32), 255, cv2.LINE_AA)
    _, v = head.grid(face.shape)
    neck = np.minimum(jaw, 255 - face).astype(np.float32) / 255 * ramp(0.25, 0.35, v)
    return np.maximum(above(hair, 0.5, soft, floor=0.02), neck)
