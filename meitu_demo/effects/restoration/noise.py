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

_FLAT_SHARE: Final = 0.06
_FEWEST_BLOCKS: Final = 24
_STRUCTURE = (blocks.DIAGONAL > 0) & (blocks.DIAGONAL <= 2)
_MIDDLE = (blocks.DIAGONAL >= 3) & (blocks.DIAGONAL <= 5)
_FINE = blocks.DIAGONAL >= 9
_FINE_OF_TEXTURE: Final = 0.43  # fine against middle frequencies; measured 0.43 in grass and fur, 0.25 in sand
_NEAR_BLACK: Final = 12.0  # compression hides that noise was cut off, brightness does not
_NEAR_WHITE: Final = 243.0
_MEDIAN_OF_NORMAL: Final = 0.6745
# Off the usual JPEG grid, whose quantisation would wipe out the very coefficients that are looked at.
_ORIGIN: Final = (3, 4)


def grain_spectrum(plane: Plane, luma: Plane) -> Spectrum:
    """Standard deviation of each DCT coefficient in the plane's flattest blocks; 0 where it is too small to tell.

    Where `luma`, of the same shape, is black or white, noise is cut off: such blocks count only if there are no others.
    """
    tiles = blocks.sample(plane, _ORIGIN)
    light = blocks.sample(luma, _ORIGIN)
    mean = light.mean(axis=1)
    whole = (light.min(axis=1) > 0.5) & (light.max(axis=1) < 254.5) & (mean > _NEAR_BLACK) & (mean < _NEAR_WHITE)
    if np.count_nonzero(whole) >= _FEWEST_BLOCKS:
        tiles = tiles[whole]
    if len(tiles) < _FEWEST_BLOCKS:
        return np.zeros(blocks.SIDE**2, np.float32)
    coefficients = tiles @ blocks.DCT
    structure = np.square(coefficients[:, _STRUCTURE]).sum(axis=1)
    count = max(_FEWEST_BLOCKS, int(len(tiles) * _FLAT_SHARE))
    size = np.abs(coefficients[np.argpartition(structure, count - 1)[:count]])
    orders = [np.median(size[:, order == blocks.DIAGONAL]) for order in range(blocks.DIAGONAL.max() + 1)]
    return np.asarray(np.array(orders)[blocks.DIAGONAL] / _MEDIAN_OF_NORMAL, np.float32)


def middle_level(grain: Spectrum) -> float:
    """What the flattest blocks hold of middle frequencies: texture, noise, or noise that went through a JPEG."""
    return float(grain[_MIDDLE].mean())


def white_level(grain: Spectrum) -> float:
    """Standard deviation of the white noise alone, texture discounted."""
    texture = _FINE_OF_TEXTURE**2
    return float(np.sqrt(max(np.square(grain[_FINE]).mean() - texture * middle_level(grain) ** 2, 0) / (1 - texture)))
