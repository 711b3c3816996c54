"""Smooth warps: moves pixels by a field of offsets, only in the region that the field touches.

Fields are backward maps: the offset at a point of the *result* leads to its source. So pixels need no inversion, which
would leave holes; points, being few, are mapped forward by iteration.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .faces import Image

Array = NDArray[np.floating[Any]]
Field = Callable[[Array], Array]  # (n, 2) points of the result → (n, 2) offsets to their sources, both in pixels
Bounds = tuple[float, float, float, float]  # (x0, y0, x1, y1)

MAX_GRID_CELLS = 128  # along the longer side of a region: a cell is 1 % of a face, far smaller than any feature
MIN_JACOBIAN = 0.3  # ensures more than 0.25 between the nodes
MIN_OFFSET_PX = 1 / 64  # OpenCV rounds source positions to 1/32 px, so that smaller offsets have no effect
STRIP_ROWS = 16  # of cells; thinner strips no longer use two cores
GAIN_CANDIDATES = tuple(np.linspace(1, 0, 41).tolist())
INVERSE_ITERATIONS = 60
EMPTY_MAP = np.empty(0, np.float32)  # OpenCV's second map, when the first holds x and y


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A field adapted to one picture: it fades at the frame and does not fold.

    gain: the factor of the field: the strength times the largest gain without folds. min_jacobian: the smallest
    determinant on the grid, of the map or of its inverse: 1 where nothing moves, 0 at a fold. The grid's cells are
    squares of pixels; nodes are their centres.
    """

    field: Field
    gain: float
    min_jacobian: float
    _origin: tuple[int, int]  # the first cell's first pixel (x, y)
    _cell: int  # side in pixels
    _sources: NDArray[np.float32]  # (rows, columns, 2): where each node comes from; one node more around the cells
    _moving_cells: NDArray[np.uint8]  # (rows - 2, columns - 2): 1 where a pixel may move

    def transform_points(self, points: Array, iterations: int = INVERSE_ITERATIONS) -> NDArray[np.float64]:
        """Map (n, 2) `points` of the picture to their positions in the result: solves q + offset(q) = p to 1e-3 pixels.

        iterations: each reduces the error about threefold.
        """
        start = np.asarray(points, np.float64)
        moved = start
        for _ in range(iterations):
            moved = start - self.gain * self.field(moved)
        return moved

    def apply(self, image: Image) -> Image:
        """The warped picture; pixels that do not move are the same bytes."""
        result = image.copy()
        for start in range(0, len(self._moving_cells), STRIP_ROWS):  # in strips, so that boxes fit closely
            strip = self._moving_cells[start : start + STRIP_ROWS]
            for column, row, columns, rows, _ in cv2.connectedComponentsWithStats(strip)[2][1:]:  # 0 is the background
                self._remap(image, result, slice(start + row, start + row + rows), slice(column, column + columns))
        return result

    def _remap(self, image: Image, result: Image, rows: slice, columns: slice) -> None:
        """Fill the pixels of one box of cells."""
        x0 = self._origin[0] + columns.start * self._cell
        y0 = self._origin[1] + rows.start * self._cell
        target = result[y0 : self._origin[1] + rows.stop * self._cell, x0 : self._origin[0] + columns.stop * self._cell]
        sources = self._sources[rows.start : rows.stop + 2, columns.start : columns.stop + 2]
        # Only the part of the picture that is read, because OpenCV cannot remap from more than 32767 pixels a side.
        low = np.clip(np.floor(sources.min((0, 1))).astype(int) - 4, 0, (x0, y0))
        high = np.ceil(sources.max((0, 1))).astype(int) + 5
        dense = _interpolate_sources(sources - low.astype(np.float32), self._cell)[: target.shape[0], : target.shape[1]]
        source = image[low[1] : high[1], low[0] : high[0]]
        target[...] = cv2.remap(source, dense, EMPTY_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def build_warp(field: Field, bounds: Bounds, shape: tuple[int, ...], ramp: float, strength: float = 1.0) -> Warp:
    """Build the warp of an image of `shape` (height, width) by `strength` (0..1) of a field that is 0 outside `bounds`.

    Within `ramp` pixels of the frame's edge, movement across that edge fades to 0, so that no pixel comes from outside.
    A field that would fold at strength 1 is scaled down first; `strength` then scales the result, so that more strength
    always moves more.
    """
    height, width = shape[:2]
    x0, y0 = max(0, int(np.floor(bounds[0]))), max(0, int(np.floor(bounds[1])))
    x1, y1 = min(width, int(np.ceil(bounds[2])) + 1), min(height, int(np.ceil(bounds[3])) + 1)

    def fade_at_frame(points: Array) -> Array:
        last = np.array([width - 1, height - 1], points.dtype)
        return field(points) * smootherstep(np.minimum(points, last - points) / np.array(ramp, points.dtype))

    if x1 <= x0 or y1 <= y0:  # a face wholly outside the frame
        x0 = y0 = 0
        x1 = y1 = 1
    cell = max(1, -(-max(x1 - x0, y1 - y0) // MAX_GRID_CELLS))
    nodes = np.stack(np.meshgrid(_build_nodes(x0, x1, cell), _build_nodes(y0, y1, cell)), -1)
    offsets = fade_at_frame(nodes.reshape(-1, 2)).reshape(nodes.shape)
    trace, determinant = _compute_derivative(offsets, cell)
    gain = strength * next(
        gain for gain in GAIN_CANDIDATES if _compute_min_jacobian(gain, trace, determinant) >= MIN_JACOBIAN
    )
    offsets *= np.float32(gain)
    moving_nodes = (np.abs(offsets) >= MIN_OFFSET_PX).any(-1).astype(np.uint8)
    moving_cells = cv2.dilate(moving_nodes, np.ones((3, 3), np.uint8))[1:-1, 1:-1]  # pixels read the nodes around
    return Warp(
        fade_at_frame,
        gain,
        _compute_min_jacobian(gain, trace, determinant),
        (x0, y0),
        cell,
        nodes + offsets,
        np.asarray(moving_cells, np.uint8),
    )


def smootherstep(position: Array) -> Array:
    """Perlin's quintic smoothstep, 0 below 0 and 1 above 1; its first two derivatives vanish at both ends."""
    t = np.clip(position, 0, 1)
    return np.asarray(t * t * t * (t * (t * 6 - 15) + 10))


def _build_nodes(start: int, stop: int, cell: int) -> NDArray[np.float32]:
    """Cell centres that cover pixels start..stop, and one more at either end for the interpolation."""
    count = -(-(stop - start) // cell)
    return (start + (np.arange(-1, count + 1) + 0.5) * cell - 0.5).astype(np.float32)


def _interpolate_sources(sources: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """One source per pixel. Interpolating positions, not offsets, saves adding the identity to a frame of floats."""
    rows, columns = sources.shape[:2]
    if cell > 1:
        size = (columns * cell, rows * cell)
        sources = np.asarray(cv2.resize(sources, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return sources[cell:-cell, cell:-cell]


def _compute_derivative(offsets: NDArray[np.float32], cell: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(trace, determinant) of the field's derivative A on the grid."""
    across = (offsets[:-1, 1:] - offsets[:-1, :-1]) / cell
    down = (offsets[1:, :-1] - offsets[:-1, :-1]) / cell
    return across[..., 0] + down[..., 1], across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]


def _compute_min_jacobian(gain: float, trace: NDArray[np.float32], determinant: NDArray[np.float32]) -> float:
    """The smallest determinant of the map 1 + gain A and of its inverse: det(1 + g A) = 1 + g tr A + g² det A."""
    jacobian = 1 + gain * trace + gain * gain * determinant
    lowest = float(jacobian.min())
    return min(lowest, 1 / float(jacobian.max())) if lowest > 0 else lowest
