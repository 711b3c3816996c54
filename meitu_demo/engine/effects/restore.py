"""Quality restoration: blind removal of noise, JPEG artefacts, blur and underexposure; enlargement of small photos.

Each flaw is measured and repaired only if it is present, so that a good photo stays as it is, apart from a little more
clarity around the features of the given faces. Noise is removed first, because brightening and sharpening would amplify
it. All steps work on float planes, so that a dark photo is brightened without banding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...domain.model import Image
from ..imaging.faces import Face
from .restoration import planes
from .restoration.deblur import MIN_BLUR_SIGMA_PX, deblur, measure_blur_sigma, measure_detail_variance
from .restoration.denoise import (
    denoise_chroma,
    denoise_sliding_dct,
    estimate_white_noise,
    extrapolate_grain,
    measure_colour_grain,
    measure_grain_spectrum,
    measure_middle_frequencies,
)
from .restoration.exposure import fit_exposure_curve
from .restoration.jpeg_trace import JpegTrace, find_jpeg
from .restoration.planes import Plane, Spectrum, compute_ramp, double_size
from .restoration.portrait import sharpen_features

MIN_SHORT_SIDE_PX: Final = 720
"""A photo with a shorter side is enlarged twofold."""

# Each range is where a repair ramps from none to full.
# Standard deviation of luma noise. Clean photos measure up to 1.4; noise of 5 in each of R, G and B measures 3.3.
_LUMA_NOISE_RANGE: Final = (1.4, 2.2)
_CHROMA_NOISE_RANGE: Final = (0.85, 1.3)  # at half size, where averaging has reduced it
# First step of a JPEG's luma table, in levels: quality 73. Artefacts of finer ones are left, unless a dark photo is
# brightened and they with it.
_MIN_JPEG_STEP: Final = 8.6
# Standard deviation of the quantisation error, in steps: less than the 0.29 of a uniform error, because most
# coefficients are zero.
_LUMA_QUANTISATION_ERROR: Final = 0.155
# Noise that was JPEG-compressed is no longer white. Middle frequencies stronger than this are texture.
_RESIDUAL_NOISE_RANGE: Final = (11.0, 6.0)
_SPARSE_NOISE_FACTOR: Final = 1.3  # few coefficients survive, so that their median understates the spread
_CHROMA_QUANTISATION_ERROR: Final = 0.15
_FULL_SIZE_CHROMA_ERROR: Final = 0.1
# Noise that demosaicing, scaling and JPEG have coloured: chroma's low frequencies tell whether it is there.
_COLOUR_GRAIN_RANGE: Final = (2.0, 3.0)
_MAX_LUMA_TO_COLOUR_GRAIN: Final = 3.2  # at each frequency; what exceeds it is texture
_BLUR_RANGE_PX: Final = (0.9, 1.05)  # sharp photos measure 0.3 to 0.86


def restore(image: Image, faces: Sequence[Face] = (), *, enlarge: bool = True) -> Image:
    """Restore a photo. The result is a new RGB uint8 array, of twice the size if the short side is under
    MIN_SHORT_SIDE_PX and `enlarge` is set, otherwise of the same size.

    image: RGB uint8 (h, w, 3), at least 48×48. faces: get sharper features; may be empty.
    """
    noisy, *noisy_chroma = planes.split_ycbcr(image)
    curve = fit_exposure_curve(noisy, faces)
    jpeg = find_jpeg(noisy)
    if jpeg is not None and jpeg.luma[0] * curve.gain < _MIN_JPEG_STEP:
        jpeg = None
    grain = _measure_grain(noisy, noisy_chroma)

    luma, chroma = noisy, noisy_chroma
    sigma = _estimate_luma_sigma(grain, jpeg, curve.gain)
    if sigma.any():
        luma = denoise_sliding_dct(noisy, sigma)
    chroma = _denoise_chroma(noisy_chroma, grain, luma, jpeg, curve.gain)
    if curve.has_effect:
        luma, *chroma = curve.apply(luma, *chroma)
    luma = _deblur_luma(luma, _estimate_residual_noise(grain, jpeg) * curve.gain, jpeg)
    if jpeg is None:  # else it would sharpen what is left of the artefacts too
        luma = sharpen_features(luma, faces)
    if enlarge and min(luma.shape) < MIN_SHORT_SIDE_PX:
        luma, *chroma = (double_size(plane) for plane in (luma, *chroma))
    return planes.merge_ycbcr(luma, *chroma)


@dataclass(frozen=True, slots=True)
class _Grain:
    """Spectra of what flat blocks hold. camera: the luma's part that colour noise proves to be noise."""

    luma: Spectrum
    camera: Spectrum
    chroma: list[Spectrum]
    half_size_chroma: list[Spectrum]
    colour_share: float  # 0..1: whether the chroma's spectra are noise at every frequency


def _measure_grain(luma: Plane, chroma: list[Plane]) -> _Grain:
    spectrum, half_luma = measure_grain_spectrum(luma, luma), planes.halve(luma)
    full_size = [measure_grain_spectrum(plane, luma) for plane in chroma]
    half_size = [measure_grain_spectrum(planes.halve(plane), half_luma) for plane in chroma]
    colour = measure_colour_grain(half_size)
    share = compute_ramp(colour, *_COLOUR_GRAIN_RANGE)
    camera = share * np.minimum(extrapolate_grain(spectrum), np.float32(_MAX_LUMA_TO_COLOUR_GRAIN * colour))
    return _Grain(spectrum, camera, full_size, half_size, share)


def _estimate_luma_sigma(grain: _Grain, jpeg: JpegTrace | None, gain: float) -> Spectrum:
    """Standard deviation of noise and artefacts per DCT coefficient; all 0 if none is visible."""
    white = estimate_white_noise(grain.luma)
    sigma = np.maximum(compute_ramp(white * gain, *_LUMA_NOISE_RANGE) * np.float32(white), grain.camera)
    if jpeg is None:
        return np.asarray(sigma, np.float32)
    share = compute_ramp(measure_middle_frequencies(grain.luma), *_RESIDUAL_NOISE_RANGE)
    residual = _SPARSE_NOISE_FACTOR * np.maximum(share * grain.luma, grain.camera)
    return np.asarray(np.hypot(_LUMA_QUANTISATION_ERROR * jpeg.luma, np.maximum(sigma, residual)), np.float32)


def _estimate_residual_noise(grain: _Grain, jpeg: JpegTrace | None) -> float:
    """Level of the noise whose residue deblurring must not amplify."""
    white = max(estimate_white_noise(grain.luma), measure_middle_frequencies(grain.camera))
    return white if jpeg is None else max(white, measure_middle_frequencies(grain.luma))


def _denoise_chroma(
    noisy_chroma: list[Plane], grain: _Grain, luma: Plane, jpeg: JpegTrace | None, gain: float
) -> list[Plane]:
    """Remove noise and JPEG artefacts from both chroma planes. luma: already denoised."""
    spectra: list[Spectrum] = []
    full_size_sigmas: list[float] = []
    for full_size, half_size in zip(grain.chroma, grain.half_size_chroma, strict=True):
        half_size_sigma, full_size_sigma = estimate_white_noise(half_size), estimate_white_noise(full_size)
        white = compute_ramp(half_size_sigma * gain, *_CHROMA_NOISE_RANGE) * half_size_sigma
        spectrum = np.maximum(grain.colour_share * half_size, np.float32(white))
        sigma = compute_ramp(full_size_sigma * gain, *_LUMA_NOISE_RANGE) * full_size_sigma
        sigma = max(sigma, grain.colour_share * measure_middle_frequencies(full_size))
        if jpeg is not None:
            spectrum = np.asarray(np.hypot(spectrum, _CHROMA_QUANTISATION_ERROR * jpeg.chroma), np.float32)
            sigma = float(np.hypot(sigma, _FULL_SIZE_CHROMA_ERROR * jpeg.chroma[-1]))
        spectra.append(spectrum)
        full_size_sigmas.append(sigma)
    if not np.any(spectra):
        return noisy_chroma
    return denoise_chroma(noisy_chroma, spectra, full_size_sigmas, luma)


def _deblur_luma(luma: Plane, grain: float, jpeg: JpegTrace | None) -> Plane:
    """Deblur the luma, more weakly the noisier the photo was; a sharp one is returned unchanged."""
    sigma_px = measure_blur_sigma(luma)
    share = compute_ramp(sigma_px, *_BLUR_RANGE_PX)
    if not share:
        return luma
    noise_level = 0.6 + 1.3 * grain + (0.4 * float(jpeg.luma[1]) if jpeg else 0)
    noise_to_signal = noise_level / max(measure_detail_variance(luma), 1.0)
    excess = float(np.sqrt(sigma_px**2 - MIN_BLUR_SIGMA_PX**2))
    return luma + share * (deblur(luma, excess, noise_to_signal) - luma)
