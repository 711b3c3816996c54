"""Noise and JPEG artefacts out of the chroma, cheaply: at half the size, with fine detail borrowed from the luma.

Halving averages the noise away and is what most JPEGs did anyway. The fine detail that it loses is put back from two
sources: the plane's own, where it stands out from the noise, and else what the clean luma foretells through a local
linear fit (the guided filter of He, Sun and Tang, 2013, used for upsampling).
"""

from typing import Final

import cv2
import numpy as np

from .blocks import Plane, Spectrum
from .denoise import denoise_sliding_dct
from .planes import halve, resize_like

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
