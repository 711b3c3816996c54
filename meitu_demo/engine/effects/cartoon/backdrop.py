"""Pastel backgrounds: a calm gradient with large soft shapes, or a watercolour wash."""

from collections.abc import Sequence

import numpy as np

from .colour import Lab, mean_of, shade, to_rgb
from .head import Field, Head, Points
from .look import Look
from .pen import Painting, Patch

SKIN = (70.0, 12.0, 16.0)  # LAB
GREY = 7.0  # chroma under which clothes have no hue to answer to
PASTELS = (  # lightness and hue (LAB, degrees) above, then below
    (88.0, 245.0, 89.0, 300.0),
    (88.0, 170.0, 89.0, 235.0),
    (93.0, 85.0, 91.0, 150.0),
    (88.0, 315.0, 90.0, 20.0),
)
BUBBLES = (  # x and y as shares of the picture, radius of its long side
    (0.08, 0.16, 0.035),
    (0.15, 0.30, 0.016),
    (0.90, 0.12, 0.028),
    (0.94, 0.27, 0.045),
    (0.83, 0.05, 0.012),
)


def paint_backdrop(lab: Lab, cloth: Field, heads: Sequence[Head], look: Look) -> Painting:
    """A background of the size of `lab`, the photo in CIELAB, in hues opposite to the person's clothes, or to skin when
    the clothes are grey: the person stands out."""
    height, width = lab.shape[:2]
    _, a, b = mean_of(lab[::4, ::4], np.ascontiguousarray(cloth[::4, ::4]), SKIN)
    if np.hypot(a, b) < GREY:
        _, a, b = SKIN
    opposite = np.degrees(np.arctan2(-b, -a))
    light, hue, light_below, hue_below = min(PASTELS, key=lambda one: abs((one[1] - opposite + 180) % 360 - 180))
    top, bottom = _pastel(light, 20, hue), _pastel(light_below, 17 + 3 * look.wash, hue_below)
    t = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    column = to_rgb((top + (bottom - top) * t).astype(np.float32)).round().astype(np.uint8)
    painting = np.repeat(column, width, 1)
    if look.wash:
        return painting
    if len(heads) == 1:
        head = heads[0]
        middle = head.origin - head.down * 0.15 * head.unit
        _disc(painting, middle, 1.22 * head.unit, shade(top, 6, 0.75, 20), 0.8)
        _disc(painting, middle, 1.02 * head.unit, shade(top, 9, 0.5, 30), 0.7)
    for x, y, radius in BUBBLES:
        _disc(painting, np.array([width * x, height * y]), radius * max(height, width), shade(top, 9, 0.6), 0.8)
    return painting


def _pastel(lightness: float, chroma: float, hue: float) -> Lab:
    return np.array([lightness, chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))], np.float32)


def _disc(painting: Painting, centre: Points, radius: float, colour: Lab, opacity: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    ring = centre + radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    patch = Patch(painting, ring)
    patch.paint(to_rgb(colour), patch.mask(ring) * opacity)
