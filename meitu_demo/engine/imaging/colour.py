"""Measures a face's skin tone and light, and matches one tone to another.

A tone is (3,) float RGB 0..255.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from .blend import smoothstep

Floats = NDArray[np.float64]

# Mesh points that are bare skin on nearly every face: upper cheeks, nose, forehead; no beard, lips or eyes.
CHEEK_POINTS: tuple[int, ...] = (50, 101, 36, 205, 187, 123, 117, 118, 119, 100, 126, 142, 203, 207)
CHEEK_POINTS += (280, 330, 266, 425, 411, 352, 346, 347, 348, 329, 355, 371, 423, 427)
NOSE_AND_FOREHEAD_POINTS = (6, 197, 195, 5, 4, 45, 275, 151, 9, 8, 108, 337, 69, 299)
SKIN_POINTS = CHEEK_POINTS + NOSE_AND_FOREHEAD_POINTS
MIDTONE_PERCENTILES = (30, 85)  # percentiles of luminance between which skin is neither in shadow nor a highlight
LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114])
USER_TONE_SHARE = 0.88  # share of the user's own tone; the rest is the template's light
MAX_TONE_SHIFT = 10.0  # RGB levels by which the template's light may change a tone
EYES = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))  # outlines between the lids
CHEEK_TO_EYE_WHITE = 0.80  # eyes in shadow are still as light as this share of the cheeks
MIN_EYE_WHITE_L, MAX_EYE_WHITE_L = 58.0, 75.0  # in LAB: of eyes in good light, also when they are narrowed
MIN_GAMMA = 0.45
TARGET_WHITE = 232.0  # of a well-exposed photo's brightest pixels
MAX_GAIN = 4.0
EXPOSURE_SAMPLES = 128  # to a side of the photo
SKIN_LUMA_RANGE = (45.0, 208.0)  # of well-exposed skin; results are clipped to it, extended to the template's luma
# In LAB: skin under white light is between the middle two, never beyond the outer.
SKIN_HUE_DEG = (5.0, 25.0, 88.0, 108.0)
COMMON_SKIN_HUE_DEG, COMMON_SKIN_CHROMA = 45.0, 20.0
SKIN_CHROMA = (42.0, 54.0)  # in LAB: skin under white light is below the first, never above the second
MIN_HUE_CHROMA = (4.0, 10.0)  # in LAB: below the first, a hue says nothing
MAX_MONOCHROME_STDDEV = 1.3  # of a, b around a curve over L: toned prints are below 0.8, colour photos above 4
MIN_MONOCHROME_SAMPLES = 30
BLUR_SIGMAS_PX = (0.5, 0.65, 0.8, 0.95)  # more would hide the person's features
MAX_SHARPENING = 0.8  # share of the detail added back; more causes ringing


def sample_colours(image: Image | NDArray[np.float32], points: Floats, radius: float) -> Floats:
    """Mean colours (n,) or (n, 3) around `points`, over squares of 2 × `radius` px; the edge is repeated outside."""
    side = max(1, round(radius)) * 2 + 1
    smooth = cv2.blur(image, (side, side), borderType=cv2.BORDER_REPLICATE)
    last = np.array(image.shape[1::-1]) - 1
    coordinates = np.clip(np.rint(points), 0, last).astype(int)
    return np.asarray(smooth[coordinates[:, 1], coordinates[:, 0]], np.float64)


def compute_midtone(samples: Floats) -> Floats:
    """Compute the tone of (n ≥ 3, 3) skin samples without shadows and highlights."""
    light = samples @ LUMA_WEIGHTS
    low, high = np.percentile(light, MIDTONE_PERCENTILES)
    return np.asarray(samples[(light >= low - 1e-6) & (light <= high + 1e-6)].mean(0))


def measure_eye_white(image: Image, mesh: Floats) -> float:
    """L, 0..100, of the eyes' whites: the lightest of the eyes, or what the cheeks let expect of eyes in shadow."""
    cheeks = _to_lab(sample_colours(image, mesh[list(CHEEK_POINTS)], 1))[:, 0]
    seen = [CHEEK_TO_EYE_WHITE * np.percentile(cheeks, 75)]
    frame = np.array(image.shape[1::-1])
    for eye in EYES:
        outline = np.rint(np.clip(mesh[list(eye)], -1e5, 1e5)).astype(np.int32)
        low, high = np.clip(outline.min(0), 0, frame), np.clip(outline.max(0) + 1, 0, frame)
        part = image[low[1] : high[1], low[0] : high[0]]
        if part.size:
            inside = cv2.fillPoly(np.zeros(part.shape[:2], np.uint8), [outline - low], (1,)) > 0
            lightness = np.sort(_to_lab(part[inside])[:, 0]) if inside.any() else np.zeros(1)
            seen.append(lightness[int(0.92 * len(lightness))])
    return float(max(seen))


def compute_exposure_gain(image: Image, eye_white: float) -> float:
    """Gain ≥ 1 that corrects an underexposed photo, by its brightest pixels; the eyes' whites (L) never glow."""
    step = max(1, min(image.shape[:2]) // EXPOSURE_SAMPLES)
    brightest = float(np.percentile(image[::step, ::step].max(2), 99.5))
    gain = min(TARGET_WHITE / max(brightest, 1.0), MAX_EYE_WHITE_L / max(eye_white, 1.0))
    return float(np.clip(gain, 1.0, MAX_GAIN))


def light_tone(tone: Floats, eye_white: float) -> Floats:
    """The tone of a face in shadow, whose eyes' whites have a low L, as it is in good light; else the tone as it is.

    The whites tell a dark photo from dark skin.
    """
    if eye_white >= MIN_EYE_WHITE_L:
        return tone
    gamma = max(MIN_GAMMA, float(np.log(MIN_EYE_WHITE_L / 100) / np.log(max(eye_white, 1.0) / 100)))
    level = np.clip(tone / 255, 1e-3, 1)
    return np.asarray(255 * (level * level.max() ** (gamma - 1) + level**gamma) / 2)  # half keeps the saturation


def relight_tone(user_tone: Floats, template_tone: Floats) -> Floats:
    """The user's tone in the template's light: changed only a little, because skin tone is part of a likeness."""
    tone = user_tone + np.clip((1 - USER_TONE_SHARE) * (template_tone - user_tone), -MAX_TONE_SHIFT, MAX_TONE_SHIFT)
    luma = max(float(tone @ LUMA_WEIGHTS), 1.0)
    light = float(template_tone @ LUMA_WEIGHTS)
    target_luma = np.clip(luma, min(SKIN_LUMA_RANGE[0], light), max(SKIN_LUMA_RANGE[1], light))
    return np.asarray(tone * (target_luma / luma))


def compute_white_balance(tone: Floats) -> Floats | None:
    """Gains (3,) that remove coloured light: a skin tone of a hue that skin never has becomes a common one.

    Gains of RGB that leave the lightness (von Kries, in sRGB's own gamma); None under white light.
    """
    light, a, b = _to_lab(tone[None])[0]
    hue, chroma = np.degrees(np.arctan2(b, a)), float(np.hypot(a, b))
    red, orange, yellow, green = SKIN_HUE_DEG
    foreign_hue = max(smoothstep(orange, red, hue), smoothstep(yellow, green, hue)) * smoothstep(
        *MIN_HUE_CHROMA, chroma
    )
    share = float(max(foreign_hue, smoothstep(*SKIN_CHROMA, chroma)))
    if share < 0.02:  # changes no level
        return None
    angle = np.radians(COMMON_SKIN_HUE_DEG)
    common = np.array([[light, COMMON_SKIN_CHROMA * np.cos(angle), COMMON_SKIN_CHROMA * np.sin(angle)]])
    return np.asarray((np.maximum(_to_rgb(common)[0], 1) / np.maximum(tone, 1)) ** share)


def fit_monochrome_curves(pixels: Image) -> NDArray[np.uint8] | None:
    """(256, 1, 3) table for ``cv2.LUT`` from luminance to the tint of a black-and-white or toned photo's face.

    pixels: (n, 3) RGB of the face; what surrounds it may be in colour. None for a face in colour, where a and b do not
    follow from L, and for too few pixels.
    """
    if len(pixels) < MIN_MONOCHROME_SAMPLES:
        return None
    lab = _to_lab(pixels)
    light = lab[:, 0] / 100
    terms = np.vander(light, 4)
    curve = np.linalg.lstsq(terms, lab[:, 1:], rcond=None)[0]
    if np.hypot(*(lab[:, 1:] - terms @ curve).std(0)) > MAX_MONOCHROME_STDDEV:
        return None
    tinted = _to_lab(np.repeat(np.arange(256.0)[:, None], 3, 1))
    tinted[:, 1:] = np.vander(np.clip(tinted[:, 0] / 100, light.min(), light.max()), 4) @ curve
    return np.asarray(np.rint(_to_rgb(tinted))[:, None], np.uint8)


def apply_monochrome_curves(image: Image, curves: NDArray[np.uint8]) -> Image:
    """The picture in the tint of `curves`, by `fit_monochrome_curves`."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.LUT(cv2.merge([grey] * 3), curves), np.uint8)


def _to_lab(colours: Floats | Image) -> Floats:
    """LAB (n, 3), L 0..100, of (n, 3) RGB 0..255."""
    return np.asarray(cv2.cvtColor((colours / 255).astype(np.float32)[None], cv2.COLOR_RGB2LAB)[0], np.float64)


def _to_rgb(colours: Floats) -> Floats:
    """RGB (n, 3), 0..255, of (n, 3) LAB, L 0..100."""
    rgb = cv2.cvtColor(colours[None].astype(np.float32), cv2.COLOR_LAB2RGB)[0]
    return np.asarray(255 * np.clip(rgb, 0, 1), np.float64)


def build_tone_curves(source: Floats, target: Floats) -> NDArray[np.uint8]:
    """(256, 1, 3) table for ``cv2.LUT`` that maps the tone `source` to `target`, each channel rising from 0.

    Darkening is mostly a gain, as of skin that reflects less; lightening approaches white instead of clipping.
    """
    x = np.linspace(0, 1, 256)[:, None]
    start, end = np.clip(source / 255, 0.04, 0.96), np.clip(target / 255, 0.04, 0.96)
    gain = end / start
    odds = end * (1 - start) / (start * (1 - end))
    curve = odds * x / (1 + (odds - 1) * x)
    share = np.where(gain <= 1, 0.65, 0.0)
    return np.asarray(np.rint(255 * np.clip(share * gain * x + (1 - share) * curve, 0, 1))[:, None], np.uint8)


def fit_light_gradient(points: Floats, samples: Floats) -> Floats:
    """(2,) gradient of log luminance over x and y, fitted to (n, 3) samples at (n, 2) points; outliers dropped once."""
    light = np.log(samples @ LUMA_WEIGHTS + 8)
    terms = np.column_stack([points - points.mean(0), np.ones(len(points))])
    solution = np.linalg.lstsq(terms, light, rcond=None)[0]
    error = abs(light - terms @ solution)
    inliers = error <= np.percentile(error, 80)
    return np.asarray(np.linalg.lstsq(terms[inliers], light[inliers], rcond=None)[0][:2])


def measure_sharpness(image: Image, mask: NDArray[np.bool_]) -> float:
    """Sharpness of `image` inside `mask`: energy of its finest octave relative to the next two; blur lowers it."""
    if not mask.any():
        return 0.0
    light = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine, middle, coarse = (cv2.GaussianBlur(light, (0, 0), sigma) for sigma in (0.8, 1.6, 4.0))
    return float((light - fine)[mask].std() / max(float((middle - coarse)[mask].std()), 0.5))


def match_sharpness(image: Image, aim: float, mask: NDArray[np.bool_]) -> Image:
    """Blur or sharpen `image` slightly towards the sharpness `aim`, measured inside `mask`."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    part = slice(y, y + height), slice(x, x + width)
    current = measure_sharpness(image[part], mask[part])
    if current > aim:
        for sigma in BLUR_SIGMAS_PX:
            if measure_sharpness(cv2.GaussianBlur(image[part], (0, 0), sigma), mask[part]) <= aim:
                break
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    amount = min(MAX_SHARPENING, 0.5 * (aim / max(current, 1e-3) - 1))
    return sharpen(image, amount, 1.2)


def sharpen(image: Image, amount: float, sigma: float) -> Image:
    """Unsharp masking: `amount` of the detail finer than `sigma` px added once more."""
    return np.asarray(cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (0, 0), sigma), -amount, 0), np.uint8)
