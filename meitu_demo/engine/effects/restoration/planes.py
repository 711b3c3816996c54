"""Colour planes, their 8×8 DCT blocks, and resizing.

Blocks are rows of a float32 matrix (n, 64), so that one matrix product transforms all of them; coefficient (u, v) is in
column 8·u + v, and the DCT is the orthonormal DCT-II. Colour planes are JFIF's YCbCr (ITU-T T.871), not rounded, with
chroma around 0. Enlarging is back-projection, limited to the range of the neighbours so that edges get no halo.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ....domain.model import Image
from ...imaging.resample import back_project

Plane = NDArray[np.float32]
Blocks = NDArray[np.float32]
Spectrum = NDArray[np.float32]
"""(64,): one value for each coefficient."""

BLOCK_SIDE_PX: Final = 8
_MAX_OVERSHOOT_SHARE: Final = 0.1  # of the neighbours' range; the best of 0, 0.1 and 0.25
# ITU-T T.871, section 7, with chroma around 0 instead of 128.
_RGB_TO_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_YCBCR_TO_RGB = np.linalg.inv(_RGB_TO_YCBCR.astype(np.float64)).astype(np.float32)


def _build_dct_matrix() -> Blocks:
    frequency, sample = np.mgrid[0:BLOCK_SIDE_PX, 0:BLOCK_SIDE_PX]
    basis = np.cos(np.pi * (sample + 0.5) * frequency / BLOCK_SIDE_PX) * np.where(frequency == 0, 0.125**0.5, 0.5)
    return np.ascontiguousarray(np.kron(basis, basis).T, dtype=np.float32)


DCT_MATRIX = _build_dct_matrix()
"""coefficients = blocks @ DCT_MATRIX."""
INVERSE_DCT_MATRIX = np.ascontiguousarray(DCT_MATRIX.T)

FREQUENCY_ORDER = np.add.outer(np.arange(BLOCK_SIDE_PX), np.arange(BLOCK_SIDE_PX)).ravel()
"""The order u + v of each coefficient, from 0, the mean, to 14, the finest checkerboard."""


def extract_blocks(plane: Plane, stride: int = 1) -> Blocks:
    """Every `stride`-th block in both directions, row by row. Incomplete blocks at the right and bottom are dropped."""
    rows, columns = plane.shape[0] // BLOCK_SIDE_PX, plane.shape[1] // BLOCK_SIDE_PX
    tiles = (
        plane[: rows * BLOCK_SIDE_PX, : columns * BLOCK_SIDE_PX]
        .reshape(rows, BLOCK_SIDE_PX, columns, BLOCK_SIDE_PX)
        .transpose(0, 2, 1, 3)
    )
    return tiles[::stride, ::stride].reshape(-1, BLOCK_SIDE_PX * BLOCK_SIDE_PX)


def assemble_plane(blocks: Blocks, rows: int, columns: int) -> Plane:
    """The inverse of `extract_blocks` with stride 1: a plane of 8·rows × 8·columns pixels."""
    tiles = blocks.reshape(rows, columns, BLOCK_SIDE_PX, BLOCK_SIDE_PX).transpose(0, 2, 1, 3)
    return tiles.reshape(rows * BLOCK_SIDE_PX, columns * BLOCK_SIDE_PX)


def sample_blocks(plane: Plane, origin: tuple[int, int], max_blocks: int = 4000) -> Blocks:
    """About `max_blocks` evenly spaced blocks, or all, on the grid that starts at `origin` (y, x)."""
    part = plane[origin[0] :, origin[1] :]
    return extract_blocks(part, max(1, round((part.size / BLOCK_SIDE_PX**2 / max_blocks) ** 0.5)))


def split_ycbcr(image: Image) -> tuple[Plane, Plane, Plane]:
    """Luma 0..255, and Cb and Cr −128..128, of an RGB uint8 picture."""
    luma, blue, red = cv2.split(cv2.transform(image.astype(np.float32), _RGB_TO_YCBCR))
    return luma, blue, red


def merge_ycbcr(luma: Plane, blue: Plane, red: Plane) -> Image:
    """The planes as RGB uint8, rounded and clipped."""
    rgb = np.asarray(cv2.transform(cv2.merge((luma, blue, red)), _YCBCR_TO_RGB))
    np.maximum(rgb, 0, out=rgb)
    return np.asarray(cv2.convertScaleAbs(rgb), np.uint8)


def compute_ramp(value: float, zero_at: float, one_at: float) -> float:
    """Linear from 0 at `zero_at` to 1 at `one_at`, clipped."""
    return float(np.clip((value - zero_at) / (one_at - zero_at), 0, 1))


def halve(plane: Plane) -> Plane:
    """Half the size, rounded up; each pixel is the mean of those it covers."""
    height, width = plane.shape
    half_size = ((width + 1) // 2, (height + 1) // 2)
    return np.asarray(cv2.resize(plane, half_size, interpolation=cv2.INTER_AREA), np.float32)


def resize_like(plane: Plane, reference: Plane) -> Plane:
    """Resize bilinearly to the size of `reference`."""
    return np.asarray(cv2.resize(plane, reference.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def double_size(plane: Plane) -> Plane:
    """Enlarge twofold, sharper than bicubic: downscaled again, the result is the input."""
    large, kernel = np.asarray(back_project(plane, 2), np.float32), np.ones((3, 3), np.uint8)
    low, high = (resize_like(np.asarray(reach(plane, kernel)), large) for reach in (cv2.erode, cv2.dilate))
    slack = (high - low) * _MAX_OVERSHOOT_SHARE
    return np.clip(large, low - slack, high + slack)
