"""Draws silhouette, mouth line, eyes and thin glasses over the network's picture.

A picture is RGB float32 0..1 (h, w, 3), drawn on in place; a colour is LAB; a mask is float32 0..1.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ...imaging.blend import blur, build_polygon_mask, smoothstep
from .flatten import Portrait
from .glasses import ThinFrame, locate_on_picture
from .head import (
    CURVE_POINTS,
    EYELIDS,
    IRISES,
    LIP_RIMS,
    MIN_MOUTH_OPENING,
    Head,
    Lab,
    Plane,
    Points,
    draw_stroke,
    fit_opening,
)

SILHOUETTE_WIDTH, SILHOUETTE_OPACITY = 0.0125, 0.95  # face widths
INK_SHARE, MAX_INK = np.array((0.34, 0.26, 0.28), np.float32), np.float32(0.32)  # of the colour beside it; RGB 0..1
INK = np.array((14, 4, 3), np.float32)
MIN_OPENING = 0.14  # height / width; a narrower eye is closed: only its lash line is drawn
MIN_WINK_OPENING = 0.3  # of the other eye: when it is narrower, both are closed in laughter
FRAME_WIDTH, MAX_FRAME_L = 0.013, 42.0  # face widths; of thin frames, which light skin would hide
HIGHLIGHTS = ((-0.32, -0.40, 0.30, 1.0), (0.38, 0.42, 0.15, 0.9))  # right, down, radius in iris radii; opacity


def to_rgb(lab: Lab | Sequence[float]) -> Lab:
    """RGB 0..1 of one LAB colour."""
    picture = np.asarray(lab, np.float32).reshape(1, 1, 3)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_LAB2RGB).clip(0, 1)[0, 0], np.float32)


def draw_lines(picture: Lab, portraits: Sequence[Portrait], matte: Plane) -> None:
    """Draw silhouette, mouths, eyes and thin glasses over `picture`. `matte` and the portraits' heads have its size."""
    silhouette = _draw_contour(matte, SILHOUETTE_WIDTH * portraits[0].head.width)
    person = (matte > 0.6).astype(np.float32)[..., None]  # lines have the colour of what they surround, also outside
    inside = blur(picture * person, 3.0) / np.maximum(blur(person, 3.0), 1e-3)[..., None]
    ink = np.minimum(np.where(person > 0, picture, inside) * INK_SHARE, MAX_INK)
    picture += (ink - picture) * (SILHOUETTE_OPACITY * silhouette)[..., None]
    for portrait in portraits:
        _draw_open_mouth(picture, portrait)
        draw_eyes(picture, portrait)
        if portrait.frame is not None:
            _draw_thin_frame(picture, portrait.head, portrait.frame)


def _draw_open_mouth(picture: Lab, portrait: Portrait) -> None:
    """Draw the line under the upper lip, if the lips are apart."""
    above, _, opening = fit_opening(portrait.head, *LIP_RIMS)
    if opening > MIN_MOUTH_OPENING:
        swell = np.sin(np.pi * np.linspace(0.06, 0.94, CURVE_POINTS)) ** 0.6
        width = 0.022 * float(np.linalg.norm(above[0] - above[-1]))
        _draw_line(picture, above, width * swell, portrait.skin * (0.30, 1.1, 0.4), 0.8)


def draw_eyes(picture: Lab, portrait: Portrait) -> None:
    """Draw the eyes that the photo shows, wide or closed."""
    sides = np.flatnonzero(portrait.open_eyes)
    openings = [fit_opening(portrait.head, *EYELIDS[side])[2] for side in sides]
    min_opening = MIN_OPENING if min(openings, default=1.0) > MIN_OPENING else MIN_WINK_OPENING
    for side, opening in zip(sides, openings, strict=True):
        _draw_eye(picture, portrait, side, opening > min_opening)


def _draw_thin_frame(picture: Lab, head: Head, frame: ThinFrame) -> None:
    colour = (min(float(frame.colour[0]), MAX_FRAME_L), *frame.colour[1:])
    for line in frame.lines:
        _draw_line(picture, locate_on_picture(head, line), np.full(len(line), FRAME_WIDTH * head.width), colour, 0.9)


def _draw_eye(whole: Lab, portrait: Portrait, side: int, is_open: bool) -> None:
    head, skin = portrait.head, portrait.skin
    upper, lower, height_share = fit_opening(head, *EYELIDS[side])
    eye_width = float(np.linalg.norm(upper[0] - upper[-1]))
    corner = np.floor(np.minimum(upper.min(0), lower.min(0)) - eye_width).astype(int).clip(0)
    end = np.ceil(np.maximum(upper.max(0), lower.max(0)) + eye_width).astype(int).clip(0)
    picture = whole[corner[1] : end[1], corner[0] : end[0]]
    if picture.size == 0:
        return
    upper, lower, shape = upper - corner, lower - corner, picture.shape[:2]
    height = height_share * eye_width
    if is_open:
        opening = build_polygon_mask(np.vstack([upper, lower[::-1]]), shape, 0)
        white = np.array((np.clip(skin[0] + 14, 76, 92), 0.05 * skin[1], 0.1 * skin[2]), np.float32)
        _paint(picture, white, opening)
        lid_shadow = blur(draw_stroke(shape, upper, np.full(CURVE_POINTS, 0.34 * height)), 0.05 * height) * opening
        _paint(picture, (white[0] - 17, 1, -3), 0.75 * lid_shadow)
        _draw_iris(picture, portrait, side, corner, (upper, lower), opening)
        _paint(
            picture, INK, 0.35 * blur(draw_stroke(shape, upper, np.full(CURVE_POINTS, 0.16 * height)), 1.0) * opening
        )
        low = lower[2:30]
        swell = np.sin(np.pi * (0.1 + 0.8 * np.linspace(1, 0, len(low)))) ** 0.8
        _draw_line(picture, low, 0.024 * eye_width * swell, skin * (0.42, 1.3, 1), 0.7)
        arch = (0.10 * eye_width + 0.05 * height) * np.sin(np.pi * np.linspace(0.2, 0.9, 33))[:, None] ** 0.5
        swell = np.sin(np.pi * np.linspace(0.05, 0.95, 33))
        crease = skin * (0.60, 1.3, 1.1)
        _draw_line(picture, upper[3:36] - head.down * arch, 0.020 * eye_width * swell, crease, 0.65)
    tip = upper[0] + (upper[0] - upper[3]) * 0.5 - head.down * eye_width * 0.02
    position = np.linspace(0, 1, CURVE_POINTS)
    taper = np.sin(np.pi * np.clip(position * 0.9 + 0.08, 0, 1)) ** 0.7 * (1.15 - 0.55 * position)
    lashes = np.vstack([tip[None], upper - head.down * 0.018 * eye_width])
    _draw_line(picture, lashes, 0.095 * eye_width * np.append(0.12, taper), INK, 0.97)


def _draw_iris(
    picture: Lab, portrait: Portrait, side: int, corner: Points, lids: tuple[Points, Points], opening: Plane
) -> None:
    """Iris in the person's own colour, darker above; pupil, lower light and two highlights."""
    head, shape = portrait.head, picture.shape[:2]
    centre_index, rim = IRISES[side]
    height = float(np.max((lids[1] - lids[0]) @ head.down))
    photo_radius = float(np.linalg.norm(head.points[list(rim)] - head.points[centre_index], axis=1).mean())
    eye_width = float(np.linalg.norm(lids[0][0] - lids[0][-1]))
    radius = min(float(np.clip(0.60 * height, 1.05 * photo_radius, 1.40 * photo_radius)), 0.37 * eye_width)
    middle = (lids[0][CURVE_POINTS // 2] + lids[1][CURVE_POINTS // 2]) / 2
    centre = head.points[centre_index] - corner
    centre = centre + head.down * ((middle - centre) @ head.down) * 0.35
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    u, v = (plane / radius for plane in head.project(x, y, centre))
    v = v / 1.1
    edge = 1.2 / radius
    iris = smoothstep(1 + edge, 1 - edge, np.hypot(u, v)) * opening
    lightness = float(np.clip(portrait.iris[0] * 0.75 + 18, 30, 62))
    chroma = max(float(np.hypot(*portrait.iris[1:])), 1e-3)
    colour = portrait.iris[1:] * (min(1.6 * chroma, max(36.0, chroma)) / chroma)
    depth = smoothstep(-0.7, 0.95, v)
    tone = np.dstack([lightness - 16 + 32 * depth, *(c * (0.75 + 0.3 * depth) for c in colour)]).astype(np.float32)
    picture += (cv2.cvtColor(tone, cv2.COLOR_LAB2RGB).clip(0, 1) - picture) * iris[..., None]
    _paint(picture, (max(8.0, lightness * 0.32), *(0.45 * colour)), smoothstep(0.80, 0.95, np.hypot(u, v)) * iris * 0.9)
    _paint(picture, (7, 2, 1), smoothstep(0.52, 0.40, np.hypot(u, v + 0.03)) * iris * 0.95)
    glow = smoothstep(1.15, 0.7, np.hypot(u / 0.52, (v - 0.62) / 0.24))
    _paint(picture, (min(88.0, lightness + 32), *(0.8 * colour)), glow * iris * 0.7)
    for right, down, size, opacity in HIGHLIGHTS:
        spot = smoothstep(1.15, 0.8, np.hypot(u - right, 1.1 * v - down) / size)
        _paint(picture, (100, 0, 0), spot * opening * opacity)


def _draw_line(picture: Lab, line: Points, widths: Points, colour: Lab | Sequence[float], opacity: float) -> None:
    margin = float(np.max(widths)) + 2
    x0, y0 = np.floor(line.min(0) - margin).astype(int).clip(0)
    x1, y1 = np.ceil(line.max(0) + margin).astype(int).clip(0)
    part = picture[y0:y1, x0:x1]
    if part.size:
        _paint(part, colour, draw_stroke(part.shape[:2], line - (x0, y0), widths) * opacity)


def _paint(picture: Lab, colour: Lab | Sequence[float], mask: Plane) -> None:
    picture += (to_rgb(colour) - picture) * mask[..., None]


def _draw_contour(mask: Plane, width: float) -> Plane:
    """A line `width` pixels wide where `mask` passes one half."""
    dx, dy = (cv2.Sobel(mask, cv2.CV_32F, i, 1 - i, ksize=3, scale=1 / 8) for i in (1, 0))
    slope = cv2.magnitude(dx, dy)
    distance = np.abs(mask - 0.5) / np.maximum(slope, 1e-4)
    return smoothstep(width / 2 + 0.6, width / 2 - 0.6, distance) * smoothstep(0.004, 0.012, slope)
