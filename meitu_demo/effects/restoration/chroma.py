"""Noise and JPEG artefacts out of a chroma plane, cheaply: at half the size, with fine detail borrowed from the luma.

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


def clean_chroma(chroma: Plane, luma: Plane, sigma: Spectrum, fine_sigma: float) -> Plane:
    """The chroma plane restored by the already clean luma.

    sigma: the noise's spectrum in the plane at half the size. fine_sigma: its standard deviation at full size.
    """
    half = halve(chroma)
    half_luma = halve(luma)
    clean = sliding_dct(half, sigma)

    def mean(plane: Plane) -> Plane:
        return np.asarray(cv2.blur(plane, _WINDOW))

    luma_mean = mean(half_luma)
    covariance = mean(half_luma * clean) - luma_mean * mean(clean)
    slope = mean(covariance / (mean(half_luma * half_luma) - luma_mean * luma_mean + _FLAT))
    foretold = stretch(slope, chroma) * (luma - stretch(half_luma, chroma))

    own = chroma - stretch(half, chroma)
    energy = mean(own * own)
    trust = np.maximum(energy - _BELIEF * fine_sigma**2, 0) / np.maximum(energy, 1e-3)
    return np.asarray(stretch(clean, chroma) + foretold + trust * (own - foretold), np.float32)
