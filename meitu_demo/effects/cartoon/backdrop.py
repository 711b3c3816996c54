"""Pastel backgrounds: a calm gradient with large soft shapes, or a watercolour wash."""

import numpy as np

from .colour import Lab, shade, to_rgb
from .head import Head, Points
from .look import Look
from .pen import Painting, Patch

BUBBLES = (  # x and y as shares of the picture, radius of its long side
    (0.08, 0.16, 0.035),
    (0.15, 0.30, 0.016),
    (0.90, 0.12, 0.028),
    (0.94, 0.27, 0.045),
    (0.83, 0.05, 0.012),
)


def paint_backdrop(shape: tuple[int, ...], accent: Lab | None, head: Head, look: Look) -> Painting:
    """A background of `shape` whose hue is opposite to `accent`, so that the person stands out."""
    height, width = shape[:2]
    accent = np.array([70, 12, 16], np.float32) if accent is None else accent
    hue = np.arctan2(-accent[2], -accent[1])
    top = np.array([88, 20 * np.cos(hue), 20 * np.sin(hue)], np.float32)
    bottom = shade(top, 5 - 5 * look.wash, 0.7 + 0.6 * look.wash, 55 + 25 * look.wash)
    t = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    column = to_rgb((top + (bottom - top) * t).astype(np.float32)).round().astype(np.uint8)
    painting = np.repeat(column, width, 1)
    if look.wash:
        return painting
    middle = head.origin - head.down * 0.15 * head.unit
    _disc(painting, middle, 1.22 * head.unit, shade(top, 6, 0.75, 20), 0.8)
    _disc(painting, middle, 1.02 * head.unit, shade(top, 9, 0.5, 30), 0.7)
    for x, y, radius in BUBBLES:
        _disc(painting, np.array([width * x, height * y]), radius * max(height, width), shade(top, 9, 0.6), 0.8)
    return painting


def _disc(painting: Painting, centre: Points, radius: float, colour: Lab, opacity: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    ring = centre + radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    patch = Patch(painting, ring)
    patch.paint(to_rgb(colour), patch.mask(ring) * opacity)
