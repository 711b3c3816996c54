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

from . import planes
from .planes import BLOCK_SIDE_PX, DCT_MATRIX, INVERSE_DCT_MATRIX, Plane, Spectrum, halve, resize_like

# MERGED effects/restoration/noise.py: How noisy is a plane? The standard deviation of its grain, read from its flattest
# blocks. Blocks without structure hold nothing but noise (Pyatykh, Hesser, Zheng: "Image noise level estimation by
# principal component analysis", 2013). Here flatness is judged by the low frequencies and noise is read from the high
# ones: in white noise the two are independent, so choosing the flattest blocks does not bias the reading. Where even
# the flattest blocks hold texture, as in grass, the middle frequencies give it away: texture has more of them, noise as
# many.

_FLATTEST_BLOCKS_SHARE: Final = 0.06
_MIN_BLOCKS: Final = 24
_LOW_FREQUENCIES = (planes.FREQUENCY_ORDER > 0) & (planes.FREQUENCY_ORDER <= 2)
_MIDDLE_FREQUENCIES = (planes.FREQUENCY_ORDER >= 3) & (planes.FREQUENCY_ORDER <= 5)
_HIGH_FREQUENCIES = planes.FREQUENCY_ORDER >= 9
_TEXTURE_HIGH_TO_MIDDLE_RATIO: Final = (
    0.43  # fine against middle frequencies; measured 0.43 in grass and fur, 0.25 in sand
)
_MIN_BLOCK_LUMA: Final = 12.0  # compression hides that noise was cut off, brightness does not
_MAX_BLOCK_LUMA: Final = 243.0
_MEDIAN_ABS_NORMAL: Final = 0.6745
# Off the usual JPEG grid, whose quantisation would wipe out the very coefficients that are looked at.
_GRID_ORIGIN: Final = (3, 4)


def measure_grain_spectrum(plane: Plane, luma: Plane) -> Spectrum:
    """Standard deviation of each DCT coefficient in the plane's flattest blocks; 0 where it is too small to tell.

    Where `luma`, of the same shape, is black or white, noise is cut off: such blocks count only if there are no others.
    """
    tiles = planes.sample_blocks(plane, _GRID_ORIGIN)
    light = planes.sample_blocks(luma, _GRID_ORIGIN)
    mean = light.mean(axis=1)
    unclipped = (
        (light.min(axis=1) > 0.5) & (light.max(axis=1) < 254.5) & (mean > _MIN_BLOCK_LUMA) & (mean < _MAX_BLOCK_LUMA)
    )
    if np.count_nonzero(unclipped) >= _MIN_BLOCKS:
        tiles = tiles[unclipped]
    if len(tiles) < _MIN_BLOCKS:
        return np.zeros(planes.BLOCK_SIDE_PX**2, np.float32)
    coefficients = tiles @ planes.DCT_MATRIX
    structure = np.square(coefficients[:, _LOW_FREQUENCIES]).sum(axis=1)
    count = max(_MIN_BLOCKS, int(len(tiles) * _FLATTEST_BLOCKS_SHARE))
    size = np.abs(coefficients[np.argpartition(structure, count - 1)[:count]])
    orders = [np.median(size[:, order == planes.FREQUENCY_ORDER]) for order in range(planes.FREQUENCY_ORDER.max() + 1)]
    return np.asarray(np.array(orders)[planes.FREQUENCY_ORDER] / _MEDIAN_ABS_NORMAL, np.float32)


def measure_middle_frequencies(grain: Spectrum) -> float:
    """What the flattest blocks hold of middle frequencies: texture, noise, or noise that went through a JPEG."""
    return float(grain[_MIDDLE_FREQUENCIES].mean())


def estimate_white_noise(grain: Spectrum) -> float:
    """Standard deviation of the white noise alone, texture discounted."""
    texture = _TEXTURE_HIGH_TO_MIDDLE_RATIO**2
    return float(
        np.sqrt(
            max(np.square(grain[_HIGH_FREQUENCIES]).mean() - texture * measure_middle_frequencies(grain) ** 2, 0)
            / (1 - texture)
        )
    )


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
        coefficients = planes.extract_blocks(padded[y:, x:]) @ DCT_MATRIX
        mean = coefficients[:, 0].copy()
        if pilot is None:
            coefficients *= np.square(coefficients) > _HARD_THRESHOLD_SIGMAS**2 * variance
        else:
            power = planes.extract_blocks(pilot[y:, x:]) @ DCT_MATRIX
            power *= power
            coefficients *= power
            power += variance
            coefficients /= power
        coefficients[:, 0] = mean
        total[y : y + rows * BLOCK_SIDE_PX, x : x + columns * BLOCK_SIDE_PX] += planes.assemble_plane(
            coefficients @ INVERSE_DCT_MATRIX, rows, columns
        )
    total *= 1 / len(grids)
    return total[BLOCK_SIDE_PX:-BLOCK_SIDE_PX, BLOCK_SIDE_PX:-BLOCK_SIDE_PX]


# MERGED effects/restoration/chroma.py: Noise and JPEG artefacts out of the chroma, cheaply: at half the size, with fine
# detail borrowed from the luma. Halving averages the noise away and is what most JPEGs did anyway. The fine detail that
# it loses is put back from two sources: the plane's own, where it stands out from the noise, and else what the clean
# luma foretells through a local linear fit (the guided filter of He, Sun and Tang, 2013, used for upsampling).

_WINDOW_PX: Final = (5, 5)
_VARIANCE_REGULARISATION: Final = 9.0  # luma variance below which nothing is foretold
_NOISE_VARIANCE_FACTOR: Final = (
    1.2  # detail counts as the plane's own when it exceeds this many times the noise's variance
)


class ChromaFilter:
    """Cleans chroma planes by the luma, already clean, of the same picture."""

    def __init__(self, luma: Plane) -> None:
        self._half_luma = halve(luma)
        self._luma_detail = luma - resize_like(self._half_luma, luma)
        self._luma_mean = _compute_local_mean(self._half_luma)
        self._luma_variance = (
            _compute_local_mean(self._half_luma * self._half_luma)
            - self._luma_mean * self._luma_mean
            + _VARIANCE_REGULARISATION
        )

    def denoise(self, chroma: Plane, sigma: Spectrum, full_size_sigma: float) -> Plane:
        """The chroma plane restored.

        sigma: the noise's spectrum in the plane at half the size. fine_sigma: its standard deviation at full size.
        """
        half_chroma = halve(chroma)
        denoised = denoise_sliding_dct(half_chroma, sigma)
        slope = _compute_local_mean(
            (_compute_local_mean(self._half_luma * denoised) - self._luma_mean * _compute_local_mean(denoised))
            / self._luma_variance
        )
        predicted = resize_like(slope, chroma)
        predicted *= self._luma_detail
        detail = chroma - resize_like(half_chroma, chroma)
        energy = _compute_local_mean(detail * detail) + 1e-3
        detail -= predicted
        detail *= np.maximum(1 - _NOISE_VARIANCE_FACTOR * full_size_sigma**2 / energy, 0)
        detail += predicted
        detail += resize_like(denoised, chroma)
        return detail


def _compute_local_mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _WINDOW_PX), np.float32)
