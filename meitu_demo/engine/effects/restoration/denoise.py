"""Removal of noise and JPEG artefacts: noise estimation, sliding-DCT denoising, and a chroma filter.

**Noise level.** Blocks without structure hold nothing but noise (Pyatykh, Hesser, Zheng: "Image noise level estimation
by principal component analysis", 2013). Here low frequencies decide which blocks are flat and high ones give the noise:
in white noise the two are independent, so that the selection does not bias the estimate. Where even the flattest blocks
hold texture, as in grass, the middle frequencies reveal it: texture has more of them, white noise as many.

**Coloured noise.** What a camera's processing leaves of noise has fewer high frequencies, as texture has. Colour tells
them apart: noise differs between the channels, texture hardly. Where low frequencies of chroma prove noise, the whole
measured spectrum counts as noise.

**Denoising.** Every 8×8 block on several shifted grids is shrunk in the DCT domain, and the overlapping results are
averaged (Yu, Sapiro: "DCT image denoising", IPOL 2011). The first pass drops small coefficients; the second is a Wiener
filter with the first one's result as the pilot spectrum, as in BM3D. A JPEG's quantisation error counts as noise that
differs between frequencies.

**Chroma.** Planes are denoised at half size, which averages noise and is what most JPEGs store anyway. The fine detail
that is lost comes back from two sources: the plane where it exceeds the noise, otherwise the prediction from the clean
luma by a local linear fit (guided filter; He, Sun, Tang, 2013).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import cv2
import numpy as np

from . import planes
from .planes import BLOCK_SIDE_PX, DCT_MATRIX, INVERSE_DCT_MATRIX, Plane, Spectrum, halve, resize_like

_FLATTEST_BLOCKS_SHARE: Final = 0.06
_MIN_BLOCKS: Final = 24
_LOW_FREQUENCIES = (planes.FREQUENCY_ORDER > 0) & (planes.FREQUENCY_ORDER <= 2)
_MIDDLE_FREQUENCIES = (planes.FREQUENCY_ORDER >= 3) & (planes.FREQUENCY_ORDER <= 5)
_COLOUR_GRAIN_FREQUENCIES = (planes.FREQUENCY_ORDER >= 2) & (planes.FREQUENCY_ORDER <= 3)
_HIGH_FREQUENCIES = planes.FREQUENCY_ORDER >= 9
_TEXTURE_HIGH_TO_MIDDLE_RATIO: Final = 0.43  # measured in grass and fur; 0.25 in sand
_MIN_BLOCK_LUMA: Final = 12.0  # noise is clipped in darker and brighter blocks, even if compression hides it
_MAX_BLOCK_LUMA: Final = 243.0
_MEDIAN_ABS_NORMAL: Final = 0.6745  # median of |x| for a standard normal x
# Off the usual JPEG grid, on which quantisation removes the very coefficients that are measured.
_GRID_ORIGIN: Final = (3, 4)
# No two grids of a pass share a row or a column. Measured on six photos: weighting blocks by smoothness and eight grids
# in the first pass gain 0.05 dB together, for a third more time.
_PILOT_GRIDS: Final = ((1, 0), (3, 5), (5, 2), (7, 7))
_WIENER_GRIDS: Final = ((0, 0), (1, 3), (2, 6), (3, 1), (4, 4), (5, 7), (6, 2), (7, 5))
_HARD_THRESHOLD_SIGMAS: Final = 2.7  # 3.0 loses 0.1 dB
_STRIP_ROWS: Final = 128  # a strip's blocks fit in the processor's cache, and memory stays low at 12 megapixels
_WORKERS: Final = 2  # numpy releases the GIL
_WINDOW_PX: Final = (5, 5)
_VARIANCE_REGULARISATION: Final = 9.0  # where the luma's variance is lower, nothing is predicted
_NOISE_VARIANCE_FACTOR: Final = 1.2  # times the noise's variance; stronger chroma detail is kept


def measure_grain_spectrum(plane: Plane, luma: Plane) -> Spectrum:
    """(64,) standard deviations of the plane's DCT coefficients where the luma is flattest; all 0 if it has too few
    blocks. Of chroma, only what does not follow the luma counts; choosing blocks by the luma biases no frequency of it.

    luma: of the same shape. Where it is black or white, noise is clipped, and blocks count only if there are no others.
    """
    tiles = planes.sample_blocks(plane, _GRID_ORIGIN)
    light = planes.sample_blocks(luma, _GRID_ORIGIN)
    mean = light.mean(axis=1)
    unclipped = (
        (light.min(axis=1) > 0.5) & (light.max(axis=1) < 254.5) & (mean > _MIN_BLOCK_LUMA) & (mean < _MAX_BLOCK_LUMA)
    )
    if np.count_nonzero(unclipped) >= _MIN_BLOCKS:
        tiles, light = tiles[unclipped], light[unclipped]
    if len(tiles) < _MIN_BLOCKS:
        return np.zeros(planes.BLOCK_SIDE_PX**2, np.float32)
    structure = np.square(light @ planes.DCT_MATRIX[:, _LOW_FREQUENCIES]).sum(axis=1)
    count = max(_MIN_BLOCKS, int(len(tiles) * _FLATTEST_BLOCKS_SHARE))
    flattest = np.argpartition(structure, count - 1)[:count]
    coefficients = tiles[flattest] @ planes.DCT_MATRIX
    if plane is not luma:
        detail = (light[flattest] @ planes.DCT_MATRIX)[:, 1:]
        slope = (coefficients[:, 1:] * detail).sum(axis=1) / (np.square(detail).sum(axis=1) + 1e-3)
        coefficients[:, 1:] -= slope[:, None] * detail  # texture of one hue, whose chroma follows its luma
    size = np.abs(coefficients)
    orders = [np.median(size[:, order == planes.FREQUENCY_ORDER]) for order in range(planes.FREQUENCY_ORDER.max() + 1)]
    return np.asarray(np.array(orders)[planes.FREQUENCY_ORDER] / _MEDIAN_ABS_NORMAL, np.float32)


def measure_middle_frequencies(grain: Spectrum) -> float:
    """Mean of the middle frequencies: texture, white noise, or noise that was JPEG-compressed."""
    return float(grain[_MIDDLE_FREQUENCIES].mean())


def measure_colour_grain(half_size_chroma: list[Spectrum]) -> float:
    """Level of the low frequencies in both chroma planes at half size: colour noise, because textures have one hue.

    Unlike the luma's grain it survives a JPEG's coarse quantisation of fine chroma. Clean photos measure up to 1.9,
    camera noise of 10 levels 3 to 5.
    """
    return float(np.mean([spectrum[_COLOUR_GRAIN_FREQUENCIES].mean() for spectrum in half_size_chroma]))


def extrapolate_grain(grain: Spectrum) -> Spectrum:
    """The luma's `grain` with the lowest frequencies at the level of the next: flat blocks were chosen by them."""
    lowest_reliable = float(grain[planes.FREQUENCY_ORDER == 3].max())
    return np.where(planes.FREQUENCY_ORDER < 3, np.maximum(grain, lowest_reliable), grain)


def estimate_white_noise(grain: Spectrum) -> float:
    """Standard deviation of the white noise, without the texture."""
    texture = _TEXTURE_HIGH_TO_MIDDLE_RATIO**2
    excess = np.square(grain[_HIGH_FREQUENCIES]).mean() - texture * measure_middle_frequencies(grain) ** 2
    return float(np.sqrt(max(excess, 0) / (1 - texture)))


def denoise_sliding_dct(plane: Plane, sigma: Spectrum) -> Plane:
    """Remove noise whose DCT coefficients have the standard deviations `sigma`, (64,). plane: at least 16×16."""
    variance = np.maximum(np.square(sigma), 1e-6)
    return _run_pass((plane, _run_pass((plane,), variance)), variance)


def _run_pass(pictures: Sequence[Plane], variance: Spectrum) -> Plane:
    """The first of `pictures` denoised; the second, if there is one, is the pilot."""
    height, width = pictures[0].shape
    # Pad to whole blocks and by one more on every side, so that each grid covers every pixel.
    side = BLOCK_SIDE_PX
    margins = (side, side + -height % side, side, side + -width % side)  # top, bottom, left, right
    padded = [cv2.copyMakeBorder(picture, *margins, cv2.BORDER_REFLECT_101) for picture in pictures]
    result = np.empty_like(pictures[0])

    def process_strip(top: int) -> None:
        rows = slice(top, top + _STRIP_ROWS + 2 * side)
        strip = _shrink_coefficients(variance, *(picture[rows] for picture in padded))
        result[top : top + _STRIP_ROWS] = strip[: height - top, :width]

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(process_strip, range(0, height, _STRIP_ROWS)))
    return result


def _shrink_coefficients(variance: Spectrum, padded: Plane, pilot: Plane | None = None) -> Plane:
    """One pass: the mean of all grids, without the margin of a block. pilot: None in the first pass."""
    height, width = padded.shape
    total = np.zeros_like(padded)
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


def denoise_chroma(
    chroma: Sequence[Plane], spectra: Sequence[Spectrum], full_size_sigmas: Sequence[float], luma: Plane
) -> list[Plane]:
    """Denoise chroma planes, guided by the denoised luma of the same picture.

    spectra: (64,) noise of each plane at half size; all 0 leaves it as it is. full_size_sigmas: the noise's standard
    deviation in each plane at full size.
    """
    half_luma = halve(luma)
    luma_detail, luma_mean = luma - resize_like(half_luma, luma), _compute_local_mean(half_luma)
    variance = _compute_local_mean(half_luma * half_luma) - luma_mean * luma_mean + _VARIANCE_REGULARISATION
    result = []
    for plane, spectrum, sigma in zip(chroma, spectra, full_size_sigmas, strict=True):
        if not spectrum.any():
            result.append(plane)
            continue
        half = halve(plane)
        denoised = denoise_sliding_dct(half, spectrum)
        covariance = _compute_local_mean(half_luma * denoised) - luma_mean * _compute_local_mean(denoised)
        predicted = resize_like(_compute_local_mean(covariance / variance), plane)
        predicted *= luma_detail
        detail = plane - resize_like(half, plane)
        energy = _compute_local_mean(detail * detail) + 1e-3
        detail -= predicted
        detail *= np.maximum(1 - _NOISE_VARIANCE_FACTOR * sigma**2 / energy, 0)
        detail += predicted
        detail += resize_like(denoised, plane)
        result.append(detail)
    return result


def _compute_local_mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _WINDOW_PX), np.float32)
