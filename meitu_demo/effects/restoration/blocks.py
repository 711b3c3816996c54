"""8×8 DCT blocks of a plane as rows of a matrix, so that one matrix product transforms them all.

Blocks are float32 (n, 64) with coefficient (u, v) in column 8·u + v; the DCT is the orthonormal DCT-II.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Blocks = NDArray[np.float32]
Spectrum = NDArray[np.float32]
"""One value for each of the 64 coefficients."""

SIDE: Final = 8


def _dct_matrix() -> Blocks:
    frequency, sample = np.mgrid[0:SIDE, 0:SIDE]
    line = np.cos(np.pi * (sample + 0.5) * frequency / SIDE) * np.where(frequency == 0, 0.125**0.5, 0.5)
    return np.ascontiguousarray(np.kron(line, line).T, dtype=np.float32)


DCT = _dct_matrix()
"""coefficients = blocks @ DCT."""
INVERSE_DCT = np.ascontiguousarray(DCT.T)

DIAGONAL = np.add.outer(np.arange(SIDE), np.arange(SIDE)).ravel()
"""The order u + v of each coefficient: 0 is the mean, 14 the finest checkerboard."""


def gather(plane: Plane, step: int = 1) -> Blocks:
    """Blocks of the plane, row by row, or every `step`-th both ways; a rest of under 8 pixels is not looked at."""
    rows, columns = plane.shape[0] // SIDE, plane.shape[1] // SIDE
    tiles = plane[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE).transpose(0, 2, 1, 3)
    return tiles[::step, ::step].reshape(-1, SIDE * SIDE)


def lay(blocks: Blocks, rows: int, columns: int) -> Plane:
    """The inverse of `gather`: a plane of 8·rows × 8·columns pixels."""
    tiles = blocks.reshape(rows, columns, SIDE, SIDE).transpose(0, 2, 1, 3)
    return tiles.reshape(rows * SIDE, columns * SIDE)


def sample(plane: Plane, origin: tuple[int, int], most: int = 4000) -> Blocks:
    """About `most` blocks at most, evenly spread, on the grid that starts at `origin` (y, x)."""
    part = plane[origin[0] :, origin[1] :]
    return gather(part, max(1, round((part.size / SIDE**2 / most) ** 0.5)))
