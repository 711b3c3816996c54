"""Noise and JPEG artefacts out of a plane: the sliding DCT, twice.

Every 8×8 block, on several shifted grids, is shrunk in the DCT domain, and the overlapping answers are averaged (Yu,
Sapiro: "DCT image denoising", IPOL 2011). The first round drops small coefficients; the second is a Wiener filter that
takes the first one's result for the true spectrum, as BM3D does. A JPEG's quantisation error enters as noise that
differs from frequency to frequency.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import cv2
import numpy as np

from . import blocks
from .blocks import BLOCK_SIDE_PX, DCT_MATRIX, INVERSE_DCT_MATRIX, Plane, Spectrum

# No two grids of a round share a row or a column. Measured on six photos: weighting blocks by their smoothness and
# eight grids in the first round gain 0.05 dB together, for a third more time.
_PILOT_GRIDS: Final = ((1, 0), (3, 5), (5, 2), (7, 7))
_WIENER_GRIDS: Final = ((0, 0), (1, 3), (2, 6), (3, 1), (4, 4), (5, 7), (6, 2), (7, 5))
_HARD_THRESHOLD_SIGMAS: Final = 2.7  # in standard deviations; 3.0 loses 0.1 dB
_STRIP_ROWS: Final = 128  # rows at a time: a strip's blocks stay in the processor's cache, and 12 megapixels in memory
_WORKERS: Final = 2  # numpy's arithmetic runs on one core, and lets go of the interpreter meanwhile


def denoise_sliding_dct(plane: Plane, sigma: Spectrum) -> Plane:
    """The plane (at least 16×16) without noise whose DCT coefficients have the standard deviations `sigma`."""
    return _run_pass(plane, _run_pass(plane, None, sigma), sigma)


def _run_pass(plane: Plane, pilot: Plane | None, sigma: Spectrum) -> Plane:
    height, width = plane.shape
    # To whole blocks and one block more on every side: each grid then covers every pixel.
    margins = (
        BLOCK_SIDE_PX,
        BLOCK_SIDE_PX + -height % BLOCK_SIDE_PX,
        BLOCK_SIDE_PX,
        BLOCK_SIDE_PX + -width % BLOCK_SIDE_PX,
    )
    padded = _pad_plane(plane, margins)
    padded_pilot = None if pilot is None else _pad_plane(pilot, margins)
    result = np.empty_like(plane)

    def process_strip(top: int) -> None:
        rows = slice(top, top + _STRIP_ROWS + 2 * BLOCK_SIDE_PX)
        strip = _shrink_coefficients(padded[rows], None if padded_pilot is None else padded_pilot[rows], sigma)
        result[top : top + _STRIP_ROWS] = strip[: height - top, :width]

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(process_strip, range(0, height, _STRIP_ROWS)))
    return result


def _pad_plane(plane: Plane, margins: tuple[int, int, int, int]) -> Plane:
    return np.asarray(cv2.copyMakeBorder(plane, *margins, cv2.BORDER_REFLECT_101), np.float32)


def _shrink_coefficients(padded: Plane, pilot: Plane | None, sigma: Spectrum) -> Plane:
    """The mean over the grids; the margin of 8 pixels is cut off."""
    height, width = padded.shape
    total = np.zeros_like(padded)
    variance = np.maximum(np.square(sigma), 1e-6)
    grids = _PILOT_GRIDS if pilot is None else _WIENER_GRIDS
    for y, x in grids:
        rows, columns = (height - y) // BLOCK_SIDE_PX, (width - x) // BLOCK_SIDE_PX
        coefficients = blocks.extract_blocks(padded[y:, x:]) @ DCT_MATRIX
        mean = coefficients[:, 0].copy()
        if pilot is None:
            coefficients *= np.square(coefficients) > _HARD_THRESHOLD_SIGMAS**2 * variance
        else:
            power = blocks.extract_blocks(pilot[y:, x:]) @ DCT_MATRIX
            power *= power
            coefficients *= power
            power += variance
            coefficients /= power
        coefficients[:, 0] = mean
        total[y : y + rows * BLOCK_SIDE_PX, x : x + columns * BLOCK_SIDE_PX] += blocks.assemble_plane(
            coefficients @ INVERSE_DCT_MATRIX, rows, columns
        )
    total *= 1 / len(grids)
    return total[BLOCK_SIDE_PX:-BLOCK_SIDE_PX, BLOCK_SIDE_PX:-BLOCK_SIDE_PX]
