"""The illustrator's hand: smooth curves, tapered strokes, filled shapes and even-width contours, all anti-aliased.

A painting is RGB uint8 (h, w, 3), painted in place; a colour is RGB 0..255, float32; a shape is (n, 2) canvas pixels;
a mask is float32 0..1.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .head import Field, Points

Painting = NDArray[np.uint8]
Colour = NDArray[np.float32]
SUBPIXEL = 4  # bits of sub-pixel precision in OpenCV's polygons


def curve(points: Points | Sequence[Sequence[float]], count: int = 40, closed: bool = False) -> Points:
    """`count` points on a centripetal-like Catmull-Rom spline through `points`, evenly spread along its length."""
    knots = np.asarray(points, float)
    n = len(knots)
    at = (lambda i: knots[i % n]) if closed else (lambda i: _beyond(knots, i))
    t = np.linspace(0, 1, 9)[:-1, None]
    pieces = []
    for i in range(n if closed else n - 1):
        a, b, c, d = (at(j) for j in (i - 1, i, i + 1, i + 2))
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    dense = np.concatenate([*pieces, knots[:1] if closed else knots[-1:]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
    where = np.linspace(0, length[-1], count + 1)[:-1] if closed else np.linspace(0, length[-1], count)
    return np.stack([np.interp(where, length, dense[:, axis]) for axis in (0, 1)], 1)


def _beyond(knots: Points, i: int) -> Points:
    if i < 0:
        return np.asarray(2 * knots[0] - knots[1])
    if i >= len(knots):
        return np.asarray(2 * knots[-1] - knots[-2])
    return np.asarray(knots[i])


def ribbon(line: Points, width: float | NDArray[np.float64]) -> Points:
    """The outline of a stroke along `line`; `width` in pixels, one for all or one per point."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    across = np.stack([-along[:, 1], along[:, 0]], 1) * (np.broadcast_to(width, len(line)) / 2)[:, None]
    return np.concatenate([line + across, (line - across)[::-1]])


def taper(count: int, start: float = 0.0, end: float = 0.0, peak: float = 0.5) -> NDArray[np.float64]:
    """Widths 0..1 of a brush stroke: `start` at its beginning, 1 at `peak`, `end` at its end."""
    t = np.linspace(0, 1, count)
    rise = start + (1 - start) * np.sin(np.pi / 2 * np.clip(t / peak, 0, 1))
    fall = end + (1 - end) * np.cos(np.pi / 2 * np.clip((t - peak) / (1 - peak), 0, 1))
    return np.asarray(np.minimum(rise, fall))


class Patch:
    """A part of a painting, large enough for the shapes named at the start, that shapes are filled into."""

    def __init__(self, painting: Painting, around: Points, margin: float = 4.0) -> None:
        height, width = painting.shape[:2]
        low = np.floor(around.min(0) - margin).astype(int)
        high = np.ceil(around.max(0) + margin).astype(int) + 1
        self.x0, self.y0 = (int(value) for value in np.clip(low, 0, (width, height)))
        self.x1, self.y1 = (int(value) for value in np.clip(high, (self.x0, self.y0), (width, height)))
        self.pixels = painting[self.y0 : self.y1, self.x0 : self.x1]

    @property
    def empty(self) -> bool:
        return self.pixels.size == 0

    def cut(self, field: Field) -> Field:
        """The same part of a field of the painting's size."""
        return field[self.y0 : self.y1, self.x0 : self.x1]

    def mask(self, *shapes: Points, blur: float = 0.0) -> Field:
        """Coverage of the shapes' union, optionally blurred by `blur` pixels."""
        mask = np.zeros(self.pixels.shape[:2], np.uint8)
        if mask.size == 0:
            return mask.astype(np.float32)
        for shape in shapes:
            local = np.clip((shape - (self.x0, self.y0)) * 2**SUBPIXEL, -1e8, 1e8).round().astype(np.int32)
            cv2.fillPoly(mask, [local], 255, cv2.LINE_AA, SUBPIXEL)
        field = mask.astype(np.float32) / 255
        return cv2.GaussianBlur(field, (0, 0), blur) if blur > 0.3 else field

    def paint(self, colour: Colour, mask: Field) -> None:
        """Lays one colour over the patch where `mask` says."""
        if not self.empty:
            self.pixels[:] = self.pixels + (colour - self.pixels) * mask[..., None] + 0.5


def lay(painting: Painting, colour: Colour | Painting, mask: Field) -> None:
    """Lays a colour, or a picture of the same size, over the painting where `mask` says, in place."""
    paint = colour if colour.ndim == 3 else np.full_like(painting, np.round(colour))
    painting[:] = cv2.blendLinear(np.ascontiguousarray(paint), np.ascontiguousarray(painting), mask, 1 - mask)


def ink(painting: Painting, colour: Colour, mask: Field) -> None:
    """Like `lay`, but a line never makes anything lighter."""
    lay(painting, np.minimum(painting, np.round(colour).astype(np.uint8)), mask)


def colour_in(tone: Field, palette: Sequence[Colour]) -> Painting:
    """A picture whose colour is `palette[tone]`; tones between two whole numbers mix their colours."""
    knots = np.linspace(0, 255, len(palette))
    table = np.stack([np.interp(np.arange(256), knots, [c[i] for c in palette]) for i in range(3)], 1)
    index = cv2.convertScaleAbs(tone, alpha=255 / (len(palette) - 1))
    return np.asarray(cv2.LUT(cv2.merge([index] * 3), table.round().astype(np.uint8)[None]), np.uint8)


def slope(field: Field) -> Field:
    """Length of the gradient per pixel."""
    dx = cv2.Sobel(field, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    dy = cv2.Sobel(field, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return cv2.magnitude(dx, dy)


def above(field: Field, level: float, soft: float = 1.2, steep: Field | None = None, floor: float = 1e-4) -> Field:
    """Where `field` exceeds `level`, with an edge `soft` pixels wide however steep the field is."""
    steep = slope(field) if steep is None else steep
    return np.asarray(np.clip((field - level) / np.maximum(steep * soft, floor) + 0.5, 0, 1), np.float32)


def contour(field: Field, level: float, width: float | Field, steep: Field | None = None, floor: float = 1e-3) -> Field:
    """A line `width` pixels wide where `field` crosses `level`."""
    steep = np.maximum(slope(field) if steep is None else steep, floor)
    return np.asarray(np.clip(width / 2 + 0.5 - np.abs(field - level) / steep, 0, 1), np.float32)


def ramp(zero: float, one: float, value: Field) -> Field:
    """0 at `zero`, 1 at `one`, smooth between; either may be the larger."""
    share = np.clip((value - zero) / (one - zero), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
