"""Quality restoration: noise, JPEG artefacts, blur and bad light undone, blind; small photos enlarged. Pure.

Each flaw is measured first and mended only if it is there: a good photo comes back as it was, but for a little more
clarity around the eyes of the faces that the caller names. The order matters: noise goes first, because light and
sharpening would blow it up; and all steps work in float planes, so that a dark photo opens up without banding.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ..imaging.faces import Face
from ..spec import Image
from .restoration import planes
from .restoration.blocks import Plane, Spectrum
from .restoration.blur import AS_SHARP_AS_PHOTOS_GET, blur_radius, detail_power, sharpen
from .restoration.chroma import ChromaFilter
from .restoration.denoise import sliding_dct
from .restoration.enlarge import twice
from .restoration.jpeg import JpegTrace, find_jpeg
from .restoration.light import exposure_curve
from .restoration.noise import grain_spectrum, middle_level, white_level
from .restoration.portrait import clear_features, keep_grain

SMALL: Final = 720
"""Short side in pixels under which a photo comes back twice the size."""

# Standard deviation of luma noise below which nothing, above which everything is done. Clean photos measure up to 1.4,
# noise of 5 in each of R, G, B 3.3.
_GRAIN: Final = (1.4, 2.2)
_CHROMA_GRAIN: Final = (0.85, 1.3)  # at half the size, where averaging has left less of it
# First step of a JPEG's luma table, in levels, that calls for nothing and for everything: quality 73 and 64. Finer
# artefacts are smaller than what a filter costs, unless a dark photo's light is raised, and they with it.
_COARSE: Final = (8.6, 11.4)
# Standard deviation of the quantisation error, in steps; 0.29 if it were uniform, less as most coefficients are zero.
_LUMA_STEP: Final = 0.155
# Noise that went through a JPEG is no longer white; in its middle frequencies more than this can only be texture.
_SURVIVED: Final = (11.0, 6.0)
_SPARSE: Final = 1.3  # what survives are few false coefficients, whose median understates their spread
_CHROMA_STEP: Final = 0.15
_FINE_CHROMA: Final = 0.1
_BLUR: Final = (0.9, 1.05)  # pixels; sharp photos measure 0.3 to 0.86


def restore(image: Image, faces: Sequence[Face] = (), *, enlarge: bool = True) -> Image:
    """The photo restored: RGB uint8, of the same size, or of twice the size if its short side is under `SMALL`.

    image: RGB uint8, at least 48×48. faces: those whose eyes and skin get extra care; may be empty.
    enlarge: False keeps the size, to compare pixel with pixel.
    """
    noisy, *colours = planes.split(image)
    curve = exposure_curve(noisy)
    jpeg = _coarse(find_jpeg(noisy), curve.gain)
    grain = grain_spectrum(noisy, noisy)

    luma, chroma = noisy, colours
    sigma = _luma_sigma(grain, jpeg, curve.gain)
    if sigma.any():
        luma = sliding_dct(noisy, sigma)
        if jpeg is None:
            luma = keep_grain(luma, noisy, faces)
    chroma = _clean_chroma(colours, noisy, luma, jpeg, curve.gain)
    if curve.changes:
        luma, *chroma = curve.bend(luma, *chroma)
    luma = _sharpened(luma, _remaining(grain, jpeg) * curve.gain, jpeg)
    luma = clear_features(luma, faces)
    if enlarge and min(luma.shape) < SMALL:
        luma, *chroma = (twice(plane) for plane in (luma, *chroma))
    return planes.join(luma, *chroma)


def _coarse(jpeg: JpegTrace | None, gain: float) -> JpegTrace | None:
    """The trace with its steps weakened by how little they show; None when they do not show."""
    share = _ramp(float(jpeg.luma[0]) * gain, *_COARSE) if jpeg else 0
    if jpeg is None or not share:
        return None
    return replace(jpeg, luma=jpeg.luma * share, chroma=jpeg.chroma * share)


def _luma_sigma(grain: Spectrum, jpeg: JpegTrace | None, gain: float) -> Spectrum:
    """Per DCT coefficient, the standard deviation of what does not belong to the picture; all 0 if nothing shows."""
    white = white_level(grain)
    sigma = np.full(64, _ramp(white * gain, *_GRAIN) * white, np.float32)
    if jpeg is None:
        return sigma
    survived = _ramp(middle_level(grain), *_SURVIVED) * _SPARSE * grain
    return np.asarray(np.hypot(_LUMA_STEP * jpeg.luma, np.maximum(sigma, survived)), np.float32)


def _remaining(grain: Spectrum, jpeg: JpegTrace | None) -> float:
    """The level of the noise whose remains sharpening must not wake."""
    return white_level(grain) if jpeg is None else max(white_level(grain), middle_level(grain))


def _clean_chroma(
    colours: list[Plane], noisy_luma: Plane, luma: Plane, jpeg: JpegTrace | None, gain: float
) -> list[Plane]:
    """The chroma planes without noise and JPEG artefacts."""
    half_luma = planes.halve(noisy_luma)
    spectra: list[tuple[Spectrum, float]] = []
    for plane in colours:
        half = white_level(grain_spectrum(planes.halve(plane), half_luma))
        full = white_level(grain_spectrum(plane, noisy_luma))
        sigma = np.full(64, _ramp(half * gain, *_CHROMA_GRAIN) * half, np.float32)
        fine = _ramp(full * gain, *_GRAIN) * full
        if jpeg is not None:
            sigma = np.asarray(np.hypot(sigma, _CHROMA_STEP * jpeg.chroma), np.float32)
            fine = float(np.hypot(fine, _FINE_CHROMA * jpeg.chroma[-1]))
        spectra.append((sigma, fine))
    if not any(sigma.any() for sigma, _ in spectra):
        return colours
    filtered = ChromaFilter(luma)
    return [
        filtered.clean(plane, sigma, fine) if sigma.any() else plane
        for plane, (sigma, fine) in zip(colours, spectra, strict=True)
    ]


def _sharpened(luma: Plane, grain: float, jpeg: JpegTrace | None) -> Plane:
    """The luma without its blur, the more timidly the noisier the picture was; untouched if it is sharp."""
    radius = blur_radius(luma)
    share = _ramp(radius, *_BLUR)
    if not share:
        return luma
    unreliable = 0.6 + 1.3 * grain + (0.4 * float(jpeg.luma[1]) if jpeg else 0)
    distrust = unreliable / max(detail_power(luma), 1.0)
    excess = float(np.sqrt(radius**2 - AS_SHARP_AS_PHOTOS_GET**2))
    return luma + share * (sharpen(luma, excess, distrust) - luma)


def _ramp(value: float, nothing: float, everything: float) -> float:
    """0 at `nothing`, 1 at `everything`, straight in between."""
    return float(np.clip((value - nothing) / (everything - nothing), 0, 1))
