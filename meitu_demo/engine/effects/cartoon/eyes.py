"""Redraws the eyes, larger and clean: white, iris with a gradient and lights, lashes, lid crease."""

from dataclasses import dataclass

import numpy as np

from . import mesh
from .colour import Lab, sample, shade, to_rgb
from .head import Field, Head, Points
from .look import Look
from .pen import Painting, Patch, curve, ribbon, taper

TALLER, WIDER = 1.75, 1.32  # of the eye's opening
LEAST_OPEN, MOST_OPEN = 0.50, 0.68  # height of the drawn opening / its width
CAST = 0.75  # share of the colour of the whites that is the lamp's and not theirs
INK = np.array([14.0, 5.0, 4.0], np.float32)  # LAB of lashes and of the pupil


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """A drawn eye in canvas pixels; lids run from the outer corner to the inner one."""

    upper: Points
    lower: Points
    centre: Points  # of the opening
    iris: Points
    radius: float
    up: Points  # the unit vector out over the upper lid
    width: float


def iris_colour(lab: Lab, head: Head) -> Lab:
    """One colour for both eyes: the mean of their irises without pupil and reflections, judged against the whites of
    the eyes (lamps tint both), made lively, and of a hue that eyes have."""
    rings, whites = [], []
    for (centre, *rim), (lid, _) in zip(mesh.IRISES, mesh.EYES, strict=True):
        middle = head.points[centre]
        radius = float(np.mean(np.linalg.norm(head.points[rim] - middle, axis=1)))
        turn = np.linspace(0.1, np.pi - 0.1, 12)  # the lower half: lids and lashes darken the upper one
        rings += [middle + share * radius * np.stack([np.cos(turn), np.sin(turn)], 1) for share in (0.55, 0.75)]
        for corner in head.points[[lid[0], lid[-1]]]:
            gap = corner - middle
            start = radius / max(float(np.linalg.norm(gap)), 1e-3)
            whites.append(middle + gap * np.linspace(min(start + 0.12, 0.7), 0.75, 4)[:, None])
    iris, white = (sample(lab, np.concatenate(points)) for points in (rings, whites))
    iris = iris[np.argsort(iris[:, 0])[: len(iris) * 3 // 4]].mean(0)
    white = white[np.argsort(white[:, 0])[len(white) // 2 :]].mean(0)
    a, b = iris[1:] - CAST * white[1:]
    chroma, hue = float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a))) % 360
    if chroma < 3:  # too dark or too grey to tell: brown, or blue-grey for a light one
        hue = 55.0 if iris[0] < 0.6 * white[0] else 255.0
    elif hue < 45 or hue > 310:
        hue = 48.0
    elif hue > 265:
        hue = 262.0
    lively = float(np.clip(chroma * 1.8, 20, 32))
    lightness = float(np.clip(iris[0] * 0.8 + 10, 26, 52))
    return np.array([lightness, *(lively * np.array([np.cos(np.radians(hue)), np.sin(np.radians(hue))]))], np.float32)


def place_eyes(head: Head) -> tuple[Eye, Eye]:
    """Both eyes, enlarged about their centres and opened to at least LEAST_OPEN."""
    right, left = (_place(head, lids, iris) for lids, iris in zip(mesh.EYES, mesh.IRISES, strict=True))
    return right, left


def _place(head: Head, lids: tuple[tuple[int, ...], tuple[int, ...]], iris: tuple[int, ...]) -> Eye:
    upper, lower = (head.points[list(lid)] for lid in lids)
    outer, inner = upper[0], upper[-1]
    along = inner - outer
    width = max(float(np.linalg.norm(along)), 1e-3)
    along = along / width
    up = np.array([-along[1], along[0]])
    if up @ head.down > 0:
        up = -up
    centre = (outer + inner) / 2

    def local(points: Points) -> Points:
        return np.asarray(np.stack([(points - centre) @ along, (points - centre) @ up], 1))

    high, low = local(upper), local(lower)
    opening = float(high[:, 1].max() - low[:, 1].min())
    target = float(np.clip(opening * TALLER / (width * WIDER), LEAST_OPEN, MOST_OPEN)) * width * WIDER
    grow = target / max(opening, 0.05 * width)
    for lid, ease in ((high, 1.08), (low, 0.86)):  # the upper lid opens more than the lower
        lid[:, 0] *= WIDER
        lid[:, 1] *= grow * ease
    gaze = local(head.points[list(iris[:1])])[0]
    middle = (high[:, 1].max() + low[:, 1].min()) / 2
    radius = 0.54 * target
    spot = np.array([np.clip(gaze[0] * 0.9, -0.2 * width, 0.2 * width), middle + 0.04 * target])

    def canvas(points: Points) -> Points:
        return np.asarray(centre + points[..., :1] * along + points[..., 1:] * up)

    return Eye(
        curve(canvas(high)),
        curve(canvas(low)),
        canvas(np.array([0.0, middle])),
        canvas(spot),
        radius,
        up,
        width * WIDER,
    )


def paint_eye(painting: Painting, eye: Eye, colour: Lab, skin: Lab, look: Look) -> None:
    """Paints one eye in place; `colour` is the iris, `skin` the base tone around."""
    patch = Patch(painting, np.concatenate([eye.upper, eye.lower]), eye.width * 0.6)
    if patch.empty:
        return
    along = np.array([eye.up[1], -eye.up[0]])
    opening = patch.mask(np.concatenate([eye.upper, eye.lower[::-1]]))
    white = shade(np.array([min(skin[0] + 22, 96.0), 1.0, 2.0], np.float32), 0)
    patch.paint(to_rgb(white), opening)

    def disc(share: float, dx: float = 0.0, dy: float = 0.0, flat: float = 0.92, blur: float = 0.0) -> Field:
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)[:, None]
        r = eye.radius * share
        ring = (
            eye.iris
            + eye.radius * (dx * along + dy * eye.up)
            + r * (flat * np.cos(turn) * along + np.sin(turn) * eye.up)
        )
        return patch.mask(ring, blur=blur)

    soft = 0.05 * eye.radius
    lid = patch.mask(ribbon(eye.upper - eye.up * 0.16 * eye.radius, 0.5 * eye.radius), blur=0.08 * eye.radius)
    patch.paint(to_rgb(shade(white, -16, 4.0, -90)), opening * lid * 0.8)
    iris = disc(1.0) * opening
    patch.paint(to_rgb(shade(colour, -20, 0.9)), iris)
    patch.paint(to_rgb(colour), disc(0.86, blur=soft) * opening)
    patch.paint(to_rgb(shade(colour, 17, 1.15, 6)), disc(0.66, dy=-0.28, flat=1.05, blur=0.14 * eye.radius) * opening)
    patch.paint(
        to_rgb(shade(colour, 30, 1.0, 10)), disc(0.34, dy=-0.52, flat=1.3, blur=0.12 * eye.radius) * opening * 0.8
    )
    patch.paint(to_rgb(INK), disc(0.42, blur=soft) * opening)
    patch.paint(to_rgb(shade(colour, -26, 0.8)), iris * lid * 0.85)
    light = np.full(3, 255, np.float32)
    patch.paint(light, disc(0.27, dx=0.34, dy=0.38, flat=1.0))
    patch.paint(light, disc(0.13, dx=-0.36, dy=-0.40, flat=1.0) * 0.9)
    _lashes(patch, eye, skin, look)


def _lashes(patch: Patch, eye: Eye, skin: Lab, look: Look) -> None:
    ink = to_rgb(INK if look.wash == 0 else shade(skin, -52, 1.0, -8))
    thick = 0.115 * eye.width
    outer = eye.upper[0]
    away = (outer - eye.upper[-1]) / max(float(np.linalg.norm(outer - eye.upper[-1])), 1e-6)
    wing = outer + away * 0.10 * eye.width + eye.up * 0.035 * eye.width
    lash = curve(np.concatenate([[wing], eye.upper[::3], eye.upper[-1:]]))
    patch.paint(ink, patch.mask(ribbon(lash + eye.up * thick * 0.25, thick * taper(len(lash), 0.05, 0.12, 0.36))))
    count = len(eye.lower) * 6 // 10
    under = eye.lower[2:count]
    patch.paint(ink, patch.mask(ribbon(under, thick * 0.30 * taper(len(under), 0.2, 0.0, 0.3))) * 0.85)
    crease = eye.upper[5:34] + eye.up * 0.15 * eye.width
    patch.paint(to_rgb(shade(skin, -34, 1.2, -10)), patch.mask(ribbon(crease, thick * 0.26 * taper(len(crease)))) * 0.9)
