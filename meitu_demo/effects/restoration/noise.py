"""How noisy is a plane? The standard deviation of its grain, read from its flattest blocks.

Blocks without structure hold nothing but noise (Pyatykh, Hesser, Zheng: "Image noise level estimation by principal
component analysis", 2013). Here flatness is judged by the low frequencies and noise is read from the high ones: in
white noise the two are independent, so choosing the flattest blocks does not bias the reading. Where even the flattest
blocks hold texture, as in grass, the middle frequencies give it away: texture has more of them, noise as many.
"""

from typing import Final

import numpy as np

from . import blocks
from .blocks import Plane, Spectrum

_FLATTEST_BLOCKS_SHARE: Final = 0.06
_MIN_BLOCKS: Final = 24
_LOW_FREQUENCIES = (blocks.FREQUENCY_ORDER > 0) & (blocks.FREQUENCY_ORDER <= 2)
_MIDDLE_FREQUENCIES = (blocks.FREQUENCY_ORDER >= 3) & (blocks.FREQUENCY_ORDER <= 5)
_HIGH_FREQUENCIES = blocks.FREQUENCY_ORDER >= 9
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
    tiles = blocks.sample_blocks(plane, _GRID_ORIGIN)
    light = blocks.sample_blocks(luma, _GRID_ORIGIN)
    mean = light.mean(axis=1)
    unclipped = (
        (light.min(axis=1) > 0.5) & (light.max(axis=1) < 254.5) & (mean > _MIN_BLOCK_LUMA) & (mean < _MAX_BLOCK_LUMA)
    )
    if np.count_nonzero(unclipped) >= _MIN_BLOCKS:
        tiles = tiles[unclipped]
    if len(tiles) < _MIN_BLOCKS:
        return np.zeros(blocks.BLOCK_SIDE_PX**2, np.float32)
    coefficients = tiles @ blocks.DCT_MATRIX
    structure = np.square(coefficients[:, _LOW_FREQUENCIES]).sum(axis=1)
    count = max(_MIN_BLOCKS, int(len(tiles) * _FLATTEST_BLOCKS_SHARE))
    size = np.abs(coefficients[np.argpartition(structure, count - 1)[:count]])
    orders = [np.median(size[:, order == blocks.FREQUENCY_ORDER]) for order in range(blocks.FREQUENCY_ORDER.max() + 1)]
    return np.asarray(np.array(orders)[blocks.FREQUENCY_ORDER] / _MEDIAN_ABS_NORMAL, np.float32)


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
