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

BLOCK_SIDE_PX: Final = 8


def _build_dct_matrix() -> Blocks:
    frequency, sample = np.mgrid[0:BLOCK_SIDE_PX, 0:BLOCK_SIDE_PX]
    basis = np.cos(np.pi * (sample + 0.5) * frequency / BLOCK_SIDE_PX) * np.where(frequency == 0, 0.125**0.5, 0.5)
    return np.ascontiguousarray(np.kron(basis, basis).T, dtype=np.float32)


DCT_MATRIX = _build_dct_matrix()
"""coefficients = blocks @ DCT."""
INVERSE_DCT_MATRIX = np.ascontiguousarray(DCT_MATRIX.T)

FREQUENCY_ORDER = np.add.outer(np.arange(BLOCK_SIDE_PX), np.arange(BLOCK_SIDE_PX)).ravel()
"""The order u + v of each coefficient: 0 is the mean, 14 the finest checkerboard."""


def extract_blocks(plane: Plane, stride: int = 1) -> Blocks:
    """Blocks of the plane, row by row, or every `step`-th both ways; a rest of under 8 pixels is not looked at."""
    rows, columns = plane.shape[0] // BLOCK_SIDE_PX, plane.shape[1] // BLOCK_SIDE_PX
    tiles = (
        plane[: rows * BLOCK_SIDE_PX, : columns * BLOCK_SIDE_PX]
        .reshape(rows, BLOCK_SIDE_PX, columns, BLOCK_SIDE_PX)
        .transpose(0, 2, 1, 3)
    )
    return tiles[::stride, ::stride].reshape(-1, BLOCK_SIDE_PX * BLOCK_SIDE_PX)


def assemble_plane(blocks: Blocks, rows: int, columns: int) -> Plane:
    """The inverse of `extract_blocks`: a plane of 8·rows × 8·columns pixels."""
    tiles = blocks.reshape(rows, columns, BLOCK_SIDE_PX, BLOCK_SIDE_PX).transpose(0, 2, 1, 3)
    return tiles.reshape(rows * BLOCK_SIDE_PX, columns * BLOCK_SIDE_PX)


def sample_blocks(plane: Plane, origin: tuple[int, int], max_blocks: int = 4000) -> Blocks:
    """About `most` blocks at most, evenly spread, on the grid that starts at `origin` (y, x)."""
    part = plane[origin[0] :, origin[1] :]
    return extract_blocks(part, max(1, round((part.size / BLOCK_SIDE_PX**2 / max_blocks) ** 0.5)))
