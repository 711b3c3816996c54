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
from .blocks import DCT, INVERSE_DCT, SIDE, Plane, Spectrum

# No two grids of a round share a row or a column. Measured on six photos: weighting blocks by their smoothness and
# eight grids in the first round gain 0.05 dB together, for a third more time.
_PILOT_GRIDS: Final = ((1, 0), (3, 5), (5, 2), (7, 7))
_WIENER_GRIDS: Final = ((0, 0), (1, 3), (2, 6), (3, 1), (4, 4), (5, 7), (6, 2), (7, 5))
_THRESHOLD: Final = 2.7  # in standard deviations; 3.0 loses 0.1 dB
_STRIP: Final = 128  # rows at a time: a strip's blocks stay in the processor's cache, and 12 megapixels in memory
_WORKERS: Final = 2  # numpy's arithmetic runs on one core, and lets go of the interpreter meanwhile


def sliding_dct(plane: Plane, sigma: Spectrum) -> Plane:
    """The plane (at least 16×16) without noise whose DCT coefficients have the standard deviations `sigma`."""
    return _round(plane, _round(plane, None, sigma), sigma)


def _round(plane: Plane, pilot: Plane | None, sigma: Spectrum) -> Plane:
    height, width = plane.shape
    # To whole blocks and one block more on every side: each grid then covers every pixel.
    margins = (SIDE, SIDE + -height % SIDE, SIDE, SIDE + -width % SIDE)
    padded = _framed(plane, margins)
    guide = None if pilot is None else _framed(pilot, margins)
    result = np.empty_like(plane)

    def fill(top: int) -> None:
        rows = slice(top, top + _STRIP + 2 * SIDE)
        strip = _shrunk(padded[rows], None if guide is None else guide[rows], sigma)
        result[top : top + _STRIP] = strip[: height - top, :width]

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(fill, range(0, height, _STRIP)))
    return result


def _framed(plane: Plane, margins: tuple[int, int, int, int]) -> Plane:
    return np.asarray(cv2.copyMakeBorder(plane, *margins, cv2.BORDER_REFLECT_101), np.float32)


def _shrunk(padded: Plane, pilot: Plane | None, sigma: Spectrum) -> Plane:
    """The mean over the grids; the margin of 8 pixels is cut off."""
    height, width = padded.shape
    total = np.zeros_like(padded)
    variance = np.maximum(np.square(sigma), 1e-6)
    grids = _PILOT_GRIDS if pilot is None else _WIENER_GRIDS
    for y, x in grids:
        rows, columns = (height - y) // SIDE, (width - x) // SIDE
        coefficients = blocks.gather(padded[y:, x:]) @ DCT
        mean = coefficients[:, 0].copy()
        if pilot is None:
            coefficients *= np.square(coefficients) > _THRESHOLD**2 * variance
        else:
            power = blocks.gather(pilot[y:, x:]) @ DCT
            power *= power
            coefficients *= power
            power += variance
            coefficients /= power
        coefficients[:, 0] = mean
        total[y : y + rows * SIDE, x : x + columns * SIDE] += blocks.lay(coefficients @ INVERSE_DCT, rows, columns)
    total *= 1 / len(grids)
    return total[SIDE:-SIDE, SIDE:-SIDE]
