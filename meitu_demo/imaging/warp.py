"""Smooth warps: from a field of offsets to moved pixels, on the region they touch and nowhere else.

A field is given backwards: at each point of the *result*, how far away the pixel shown there comes from. So the
picture needs no inversion (which is where holes come from); points, being few, are carried forwards by iteration.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .faces import Image

Array = NDArray[np.floating]
Field = Callable[[Array], Array]  # (n, 2) points of the result → (n, 2) offsets to their sources, both in pixels
Bounds = tuple[float, float, float, float]  # (x0, y0, x1, y1)

NODES = 96  # cells along the longer side of a region: 1 % of a face, far under the size of any feature
SMALLEST_JACOBIAN = 0.3  # promised: above 0.25; the rest is room for what happens between two nodes
GAINS = tuple(np.linspace(1, 0, 41).tolist())
CARRY_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A field made safe for one picture: tame at the frame and free of folds.

    region: (x0, y0, x1, y1), whole pixels; outside nothing changes. gain: what the field is multiplied by, the strength
    times what the fold guard leaves.
    jacobian: the smallest determinant on the grid, of the map or of its inverse: 1 is still, 0 is a fold.
    """

    field: Field
    region: tuple[int, int, int, int]
    gain: float
    jacobian: float
    _sources: NDArray[np.float32]  # (rows, columns, 2): where the grid's nodes come from, one node beyond the region
    _cell: int

    def carry(self, points: Array) -> NDArray[np.float64]:
        """Where what lies at (n, 2) `points` of the picture ends up: solves q + offset(q) = p to 1e-3 pixels."""
        start = np.asarray(points, np.float64)
        moved = start
        for _ in range(CARRY_STEPS):
            moved = start - self.gain * self.field(moved)
        return moved

    def apply(self, image: Image) -> Image:
        """The warped picture; pixels that do not move are the same bytes."""
        x0, y0, x1, y1 = self.region
        result = image.copy()
        if self.gain == 0 or x1 <= x0 or y1 <= y0:
            return result
        low = np.floor(self._sources.min((0, 1))).astype(int) - 4
        high = np.ceil(self._sources.max((0, 1))).astype(int) + 5
        low = np.clip(low, 0, (x0, y0))
        high = np.clip(high, (x1, y1), image.shape[1::-1])
        sources = _dense(self._sources - low.astype(np.float32), self._cell)[: y1 - y0, : x1 - x0]
        source = image[low[1] : high[1], low[0] : high[0]]
        result[y0:y1, x0:x1] = cv2.remap(source, sources, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        return result


def make_warp(field: Field, bounds: Bounds, shape: tuple[int, ...], ramp: float, strength: float = 1.0) -> Warp:
    """A warp of an image of `shape` (height, width) by `strength` (0..1) of a field that is zero outside `bounds`.

    Within `ramp` pixels of the frame's edge, movement across that edge fades to nothing: no pixel has to come from
    outside. Where the field at strength 1 would fold or nearly so, it is scaled down; strength scales what is left, so
    that more strength always moves more.
    """
    height, width = shape[:2]
    x0, y0 = max(0, int(np.floor(bounds[0]))), max(0, int(np.floor(bounds[1])))
    x1, y1 = min(width, int(np.ceil(bounds[2])) + 1), min(height, int(np.ceil(bounds[3])) + 1)

    def tamed(points: Array) -> Array:
        last = np.array([width - 1, height - 1], points.dtype)
        return field(points) * smooth_step(np.minimum(points, last - points) / np.array(ramp, points.dtype))

    if x1 <= x0 or y1 <= y0:
        return Warp(tamed, (0, 0, 0, 0), 0.0, 1.0, np.zeros((1, 1, 2), np.float32), 1)
    cell = max(1, -(-max(x1 - x0, y1 - y0) // NODES))
    xs = _nodes(x0, x1, cell)
    ys = _nodes(y0, y1, cell)
    nodes = np.stack(np.meshgrid(xs, ys), -1)
    offsets = tamed(nodes.reshape(-1, 2)).reshape(nodes.shape)
    trace, determinant = _derivative(offsets, cell)
    gain = strength * next(gain for gain in GAINS if _jacobian(gain, trace, determinant) >= SMALLEST_JACOBIAN)
    jacobian = _jacobian(gain, trace, determinant)
    return Warp(tamed, (x0, y0, x1, y1), gain, jacobian, nodes + np.float32(gain) * offsets, cell)


def smooth_step(position: Array) -> Array:
    """0 below 0, 1 above 1, in between Perlin's quintic: no seam, for its first two derivatives vanish at both ends."""
    t = np.clip(position, 0, 1)
    return np.asarray(t * t * t * (t * (t * 6 - 15) + 10))


def _nodes(start: int, stop: int, cell: int) -> NDArray[np.float32]:
    """Cell centres that cover pixels start..stop, and one more at either end for the interpolation."""
    count = -(-(stop - start) // cell)
    return (start + (np.arange(-1, count + 1) + 0.5) * cell - 0.5).astype(np.float32)


def _dense(sources: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """One source per pixel. Interpolating positions, not offsets, saves adding the identity to a frame of floats."""
    rows, columns = sources.shape[:2]
    if cell > 1:
        size = (columns * cell, rows * cell)
        sources = np.asarray(cv2.resize(sources, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return sources[cell:-cell, cell:-cell]


def _derivative(offsets: NDArray[np.float32], cell: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(trace, determinant) of the field's derivative A on the grid."""
    across = (offsets[:-1, 1:] - offsets[:-1, :-1]) / cell
    down = (offsets[1:, :-1] - offsets[:-1, :-1]) / cell
    return across[..., 0] + down[..., 1], across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]


def _jacobian(gain: float, trace: NDArray[np.float32], determinant: NDArray[np.float32]) -> float:
    """The smallest determinant of the map 1 + gain A and of its inverse: det(1 + g A) = 1 + g tr A + g² det A."""
    of_map = 1 + gain * trace + gain * gain * determinant
    lowest = float(of_map.min())
    return min(lowest, 1 / float(of_map.max())) if lowest > 0 else lowest
