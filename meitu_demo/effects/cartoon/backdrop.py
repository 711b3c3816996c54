"""Pastel backgrounds: a calm gradient with large soft shapes, or a watercolour wash."""

import numpy as np

from .colour import Lab, shade, to_rgb
from .head import Head
from .look import Look
from .pen import Painting, Patch


def paint_backdrop(shape: tuple[int, ...], accent: Lab, head: Head, look: Look) -> Painting:
    """A background of `shape` whose hue is opposite to `accent`, so that the person stands out."""
    height, width = shape[:2]
    hue = np.arctan2(-accent[2], -accent[1])
    top = np.array([88, 20 * np.cos(hue), 20 * np.sin(hue)], np.float32)
    bottom = shade(top, 5, 0.7, 55)
    t = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    painting = np.repeat(to_rgb((top + (bottom - top) * t).astype(np.float32)), width, 1)
    side = max(height, width)
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)[:, None]
    ring = np.concatenate([np.cos(turn), np.sin(turn)], 1)
    patch = Patch(painting, np.array([[0.0, 0.0], [width, height]]))
    middle = head.origin - head.down * 0.15 * head.unit
    patch.paint(to_rgb(shade(top, 6, 0.75, 20)), patch.mask(middle + ring * 1.22 * head.unit) * 0.8)
    patch.paint(to_rgb(shade(top, 9, 0.5, 30)), patch.mask(middle + ring * 1.02 * head.unit) * 0.7)
    for x, y, r in (
        (0.08, 0.16, 0.035),
        (0.15, 0.30, 0.016),
        (0.90, 0.12, 0.028),
        (0.94, 0.27, 0.045),
        (0.83, 0.05, 0.012),
    ):
        patch.paint(to_rgb(shade(top, 9, 0.6)), patch.mask((width * x, height * y) + ring * r * side) * 0.8)
    return np.ascontiguousarray(painting)
