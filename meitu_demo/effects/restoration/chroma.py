"""Noise and JPEG artefacts out of the chroma, cheaply: at half the size, with fine detail borrowed from the luma.

Halving averages the noise away and is what most JPEGs did anyway. The fine detail that it loses is put back from two
sources: the plane's own, where it stands out from the noise, and else what the clean luma foretells through a local
linear fit (the guided filter of He, Sun and Tang, 2013, used for upsampling).
"""

from typing import Final

import cv2
import numpy as np

from .blocks import Plane, Spectrum
from .denoise import sliding_dct
from .planes import halve, stretch

_WINDOW: Final = (5, 5)
_FLAT: Final = 9.0  # luma variance below which nothing is foretold
_BELIEF: Final = 1.2  # detail counts as the plane's own when it exceeds this many times the noise's variance


class ChromaFilter:
    """Cleans chroma planes by the luma, already clean, of the same picture."""

    def __init__(self, luma: Plane) -> None:
        self._half = halve(luma)
        self._fine = luma - stretch(self._half, luma)
        self._mean = _mean(self._half)
        self._variance = _mean(self._half * self._half) - self._mean * self._mean + _FLAT

    def clean(self, chroma: Plane, sigma: Spectrum, fine_sigma: float) -> Plane:
        """The chroma plane restored.

        sigma: the noise's spectrum in the plane at half the size. fine_sigma: its standard deviation at full size.
        """
        half = halve(chroma)
        clean = sliding_dct(half, sigma)
        slope = _mean((_mean(self._half * clean) - self._mean * _mean(clean)) / self._variance)
        foretold = stretch(slope, chroma)
        foretold *= self._fine
        own = chroma - stretch(half, chroma)
        energy = _mean(own * own) + 1e-3
        own -= foretold
        own *= np.maximum(1 - _BELIEF * fine_sigma**2 / energy, 0)
        own += foretold
        own += stretch(clean, chroma)
        return own


def _mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _WINDOW), np.float32)
