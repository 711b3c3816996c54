"""Quality restoration: noise, JPEG artefacts, blur and bad light undone, blind; small photos enlarged. Pure.

Each flaw is measured first and mended only if it is there: a good photo comes back as it was, but for a little more
clarity around the eyes of the faces that the caller names. The order matters: noise goes first, because light and
sharpening would blow it up; and all steps work in float planes, so that a dark photo opens up without banding.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ...domain.model import Image
from ..imaging.faces import Face
from .restoration import planes
from .restoration.deblock import JpegTrace, find_jpeg
from .restoration.deblur import MIN_BLUR_SIGMA_PX, deblur, measure_blur_sigma, measure_detail_variance
from .restoration.denoise import (
    ChromaFilter,
    denoise_sliding_dct,
    estimate_white_noise,
    measure_grain_spectrum,
    measure_middle_frequencies,
)
from .restoration.exposure import fit_exposure_curve
from .restoration.planes import Plane, Spectrum, double_size
from .restoration.portrait import restore_skin_grain, sharpen_features

MIN_SHORT_SIDE_PX: Final = 720
"""Short side in pixels under which a photo comes back twice the size."""

# Standard deviation of luma noise below which nothing, above which everything is done. Clean photos measure up to 1.4,
# noise of 5 in each of R, G, B 3.3.
_LUMA_NOISE_RANGE: Final = (1.4, 2.2)
_CHROMA_NOISE_RANGE: Final = (0.85, 1.3)  # at half the size, where averaging has left less of it
# First step of a JPEG's luma table, in levels, that calls for nothing and for everything: quality 73 and 64. Finer
# artefacts are smaller than what a filter costs, unless a dark photo's light is raised, and they with it.
_JPEG_STEP_RANGE: Final = (8.6, 11.4)
# Standard deviation of the quantisation error, in steps; 0.29 if it were uniform, less as most coefficients are zero.
_LUMA_QUANTISATION_ERROR: Final = 0.155
# Noise that went through a JPEG is no longer white; in its middle frequencies more than this can only be texture.
_RESIDUAL_NOISE_RANGE: Final = (11.0, 6.0)
_SPARSE_NOISE_FACTOR: Final = 1.3  # what survives are few false coefficients, whose median understates their spread
_CHROMA_QUANTISATION_ERROR: Final = 0.15
_FULL_SIZE_CHROMA_ERROR: Final = 0.1
_BLUR_RANGE_PX: Final = (0.9, 1.05)  # pixels; sharp photos measure 0.3 to 0.86


def restore(image: Image, faces: Sequence[Face] = (), *, enlarge: bool = True) -> Image:
    """The photo restored: RGB uint8, of the same size, or of twice the size if its short side is under
    `MIN_SHORT_SIDE_PX`.

    image: RGB uint8, at least 48×48. faces: those whose eyes and skin get extra care; may be empty.
    enlarge: False keeps the size, to compare pixel with pixel.
    """
    noisy, *noisy_chroma = planes.split_ycbcr(image)
    curve = fit_exposure_curve(noisy)
    jpeg = _attenuate_jpeg_trace(find_jpeg(noisy), curve.gain)
    grain = measure_grain_spectrum(noisy, noisy)

    luma, chroma = noisy, noisy_chroma
    sigma = _estimate_luma_sigma(grain, jpeg, curve.gain)
    if sigma.any():
        luma = denoise_sliding_dct(noisy, sigma)
        if jpeg is None:
            luma = restore_skin_grain(luma, noisy, faces)
    chroma = _denoise_chroma(noisy_chroma, noisy, luma, jpeg, curve.gain)
    if curve.has_effect:
        luma, *chroma = curve.apply(luma, *chroma)
    luma = _deblur_luma(luma, _estimate_residual_noise(grain, jpeg) * curve.gain, jpeg)
    luma = sharpen_features(luma, faces)
    if enlarge and min(luma.shape) < MIN_SHORT_SIDE_PX:
        luma, *chroma = (double_size(plane) for plane in (luma, *chroma))
    return planes.merge_ycbcr(luma, *chroma)


def _attenuate_jpeg_trace(jpeg: JpegTrace | None, gain: float) -> JpegTrace | None:
    """The trace with its steps weakened by how little they show; None when they do not show."""
    share = _compute_ramp(float(jpeg.luma[0]) * gain, *_JPEG_STEP_RANGE) if jpeg else 0
    if jpeg is None or not share:
        return None
    return replace(jpeg, luma=jpeg.luma * share, chroma=jpeg.chroma * share)


def _estimate_luma_sigma(grain: Spectrum, jpeg: JpegTrace | None, gain: float) -> Spectrum:
    """Per DCT coefficient, the standard deviation of what does not belong to the picture; all 0 if nothing shows."""
    white = estimate_white_noise(grain)
    sigma = np.full(64, _compute_ramp(white * gain, *_LUMA_NOISE_RANGE) * white, np.float32)
    if jpeg is None:
        return sigma
    residual = _compute_ramp(measure_middle_frequencies(grain), *_RESIDUAL_NOISE_RANGE) * _SPARSE_NOISE_FACTOR * grain
    return np.asarray(np.hypot(_LUMA_QUANTISATION_ERROR * jpeg.luma, np.maximum(sigma, residual)), np.float32)


def _estimate_residual_noise(grain: Spectrum, jpeg: JpegTrace | None) -> float:
    """The level of the noise whose remains sharpening must not wake."""
    return (
        estimate_white_noise(grain)
        if jpeg is None
        else max(estimate_white_noise(grain), measure_middle_frequencies(grain))
    )


def _denoise_chroma(
    noisy_chroma: list[Plane], noisy_luma: Plane, luma: Plane, jpeg: JpegTrace | None, gain: float
) -> list[Plane]:
    """The chroma planes without noise and JPEG artefacts."""
    half_luma = planes.halve(noisy_luma)
    spectra: list[tuple[Spectrum, float]] = []
    for plane in noisy_chroma:
        half_size_sigma = estimate_white_noise(measure_grain_spectrum(planes.halve(plane), half_luma))
        full_size_sigma = estimate_white_noise(measure_grain_spectrum(plane, noisy_luma))
        sigma = np.full(64, _compute_ramp(half_size_sigma * gain, *_CHROMA_NOISE_RANGE) * half_size_sigma, np.float32)
        effective_sigma = _compute_ramp(full_size_sigma * gain, *_LUMA_NOISE_RANGE) * full_size_sigma
        if jpeg is not None:
            sigma = np.asarray(np.hypot(sigma, _CHROMA_QUANTISATION_ERROR * jpeg.chroma), np.float32)
            effective_sigma = float(np.hypot(effective_sigma, _FULL_SIZE_CHROMA_ERROR * jpeg.chroma[-1]))
        spectra.append((sigma, effective_sigma))
    if not any(sigma.any() for sigma, _ in spectra):
        return noisy_chroma
    chroma_filter = ChromaFilter(luma)
    return [
        chroma_filter.denoise(plane, sigma, fine) if sigma.any() else plane
        for plane, (sigma, fine) in zip(noisy_chroma, spectra, strict=True)
    ]


def _deblur_luma(luma: Plane, grain: float, jpeg: JpegTrace | None) -> Plane:
    """The luma without its blur, the more timidly the noisier the picture was; untouched if it is sharp."""
    sigma_px = measure_blur_sigma(luma)
    share = _compute_ramp(sigma_px, *_BLUR_RANGE_PX)
    if not share:
        return luma
    noise_level = 0.6 + 1.3 * grain + (0.4 * float(jpeg.luma[1]) if jpeg else 0)
    noise_to_signal = noise_level / max(measure_detail_variance(luma), 1.0)
    excess = float(np.sqrt(sigma_px**2 - MIN_BLUR_SIGMA_PX**2))
    return luma + share * (deblur(luma, excess, noise_to_signal) - luma)


def _compute_ramp(value: float, zero_at: float, one_at: float) -> float:
    """0 at `nothing`, 1 at `everything`, straight in between."""
    return float(np.clip((value - zero_at) / (one_at - zero_at), 0, 1))
