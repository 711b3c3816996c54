"""Redraws the nose with a few shapes and strokes."""

import numpy as np

from . import mesh
from .colour import shade, to_rgb
from .head import Head
from .look import Look
from .pen import Painting, Patch, curve, ribbon, taper
from .skin import Tones

TIP_SHADOW = np.array([0, 0.012, 0.03, 0.04, 0.03, 0.012, 0])[:, None]  # face widths that it reaches under the base


def paint_nose(painting: Painting, head: Head, tones: Tones, look: Look, lit_from: float) -> None:
    """A shadow on the side away from the light (`lit_from`: −1 image-left, +1 right) and under the tip, a light on the
    ridge, strokes for nostrils and wings, in place."""
    points = head.points
    patch = Patch(painting, points[[*mesh.NOSE_RIDGE, *mesh.NOSE_BASE]], 0.08 * head.unit)
    if patch.empty:
        return
    unit = head.unit
    soft = look.wash * 0.012 * unit
    wedge = points[list(mesh.NOSE_SIDES[0 if lit_from > 0 else 1])]
    patch.paint(to_rgb(tones.shadow), patch.mask(curve(wedge, 60, closed=True), blur=soft) * 0.75)
    base = points[list(mesh.NOSE_BASE)]
    under = np.concatenate(
        [curve((base + head.down * unit * TIP_SHADOW)[1:6]), curve(points[list(mesh.NOSTRILS)])[::-1]]
    )
    patch.paint(to_rgb(tones.deep), patch.mask(under, blur=soft) * 0.75)
    ink = to_rgb(shade(tones.base, -48, 1.1, -14))
    pen = 0.011 * unit * look.line / 2.6
    for nostril in ((98, 97), (327, 326)):
        a, b = points[nostril[0]], points[nostril[1]]
        stroke = curve([a * 0.85 + b * 0.15 - head.down * 0.012 * unit, (a + b) / 2 - head.down * 0.022 * unit, b])
        patch.paint(ink, patch.mask(ribbon(stroke, 1.5 * pen * taper(len(stroke), 0.3, 0.1))) * 0.9)
    for wing in ((209, 129, 98), (429, 358, 327)):
        stroke = curve(points[list(wing)])
        patch.paint(ink, patch.mask(ribbon(stroke, pen * taper(len(stroke), 0.0, 0.3, 0.7))) * 0.7)
    tip = points[4] - head.down * 0.03 * unit
    bright = curve(np.stack([points[197] * 0.5 + points[195] * 0.5, points[5], tip]))
    patch.paint(
        to_rgb(shade(tones.light, 4, 0.8)),
        patch.mask(ribbon(bright, 0.026 * unit * taper(len(bright), 0.1, 0.6, 0.8)), blur=0.3 + soft) * 0.6,
    )
