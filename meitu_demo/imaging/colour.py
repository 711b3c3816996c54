"""Skin tone and light of a face, and the curves that bring one tone onto another.

Images are RGB uint8 as everywhere; a tone is (3,) float RGB 0..255. Pure; imports numeric libraries only.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Mesh points on bare skin whatever the face wears: upper cheeks, nose, middle of the forehead; no beard, lips or eyes.
CHEEKS: tuple[int, ...] = (50, 101, 36, 205, 187, 123, 117, 118, 119, 100, 126, 142, 203, 207)
CHEEKS += (280, 330, 266, 425, 411, 352, 346, 347, 348, 329, 355, 371, 423, 427)
NOSE_AND_BROW = (6, 197, 195, 5, 4, 45, 275, 151, 9, 8, 108, 337, 69, 299)
SKIN_POINTS = CHEEKS + NOSE_AND_BROW
MID_SKIN = (30, 85)  # percentiles of luminance between which skin is neither in shadow nor a highlight
LUMA = np.array([0.299, 0.587, 0.114])
KEPT_TONE = 0.88  # share of the user's own tone; the rest is the template's light
TONE_SHIFT = 10.0  # RGB steps that the template's light may move a tone by at most
WHITE = 185.0  # luma that the brightest hundredth of a face with its surroundings reaches in a decent photo
MOST_GAIN = 1.5  # more would turn a dark skin light
LUMA_RANGE = (
    45.0,
    208.0,
)  # of skin in decent light; beyond, unless the template is too, the exposure was wrong
BLURS = (0.5, 0.65, 0.8, 0.95)  # px; more would hide who it is
MOST_SHARPENING = 0.8  # share of the detail added back; more rings


def sample(image: Image | NDArray[np.float32], points: Floats, radius: float) -> Floats:
    """(n,) or (n, 3) means of `image` around `points`, over squares of 2 × `radius` px; outside repeats the edge."""
    side = max(1, round(radius)) * 2 + 1
    smooth = cv2.blur(image, (side, side), borderType=cv2.BORDER_REPLICATE)
    last = np.array(image.shape[1::-1]) - 1
    at = np.clip(np.rint(points), 0, last).astype(int)
    return np.asarray(smooth[at[:, 1], at[:, 0]], np.float64)


def middle_tone(samples: Floats) -> Floats:
    """The tone of (n ≥ 3, 3) skin samples without their shadows and highlights."""
    light = samples @ LUMA
    low, high = np.percentile(light, MID_SKIN)
    return np.asarray(samples[(light >= low - 1e-6) & (light <= high + 1e-6)].mean(0))


def missing_exposure(image: Image) -> float:
    """Gain, at least 1, that an underexposed picture lacks, told by its brightest spots: eye whites, teeth, collars."""
    white = float(np.percentile(image[::4, ::4] @ LUMA, 99))
    return float(np.clip(WHITE / max(white, 1.0), 1.0, MOST_GAIN))


def lit_like(own: Floats, template: Floats) -> Floats:
    """The user's tone in the template's light: a small step towards it, for a tone is part of who one is."""
    tone = own + np.clip((1 - KEPT_TONE) * (template - own), -TONE_SHIFT, TONE_SHIFT)
    luma = max(float(tone @ LUMA), 1.0)
    light = float(template @ LUMA)
    decent = np.clip(luma, min(LUMA_RANGE[0], light), max(LUMA_RANGE[1], light))
    return np.asarray(tone * (decent / luma))


def tone_curves(source: Floats, target: Floats) -> NDArray[np.uint8]:
    """(256, 1, 3) table for ``cv2.LUT`` that takes the tone `source` to `target`, each channel rising from 0.

    Darkening is mostly a gain, as less reflecting skin is; lightening bends below white instead of clipping.
    """
    x = np.linspace(0, 1, 256)[:, None]
    start, end = np.clip(source / 255, 0.04, 0.96), np.clip(target / 255, 0.04, 0.96)
    gain = end / start
    odds = end * (1 - start) / (start * (1 - end))
    bent = odds * x / (1 + (odds - 1) * x)
    share = np.where(gain <= 1, 0.65, 0.0)
    return np.asarray(np.rint(255 * np.clip(share * gain * x + (1 - share) * bent, 0, 1))[:, None], np.uint8)


def light_slope(points: Floats, samples: Floats) -> Floats:
    """(2,) gradient of log luminance over x and y, fitted to (n, 3) samples at (n, 2) points; outliers dropped once."""
    light = np.log(samples @ LUMA + 8)
    terms = np.column_stack([points - points.mean(0), np.ones(len(points))])
    solution = np.linalg.lstsq(terms, light, rcond=None)[0]
    error = abs(light - terms @ solution)
    near = error <= np.percentile(error, 80)
    return np.asarray(np.linalg.lstsq(terms[near], light[near], rcond=None)[0][:2])


def detail(image: Image, inside: NDArray[np.bool_]) -> float:
    """How crisp `image` is where `inside`: energy of its finest octave against the next two; blur lowers it."""
    light = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine, middle, coarse = (cv2.GaussianBlur(light, (0, 0), sigma) for sigma in (0.8, 1.6, 4.0))
    return float((light - fine)[inside].std() / max(float((middle - coarse)[inside].std()), 0.5))


def crisp_like(image: Image, template: Image, inside: NDArray[np.bool_]) -> Image:
    """`image` blurred or sharpened a little towards the crispness of `template`, both measured where `inside`."""
    x, y, width, height = cv2.boundingRect(inside.astype(np.uint8))
    part = slice(y, y + height), slice(x, x + width)
    aim, here = detail(template[part], inside[part]), detail(image[part], inside[part])
    if here > aim:
        sigma = next((s for s in BLURS if detail(_blurred(image[part], s), inside[part]) <= aim), BLURS[-1])
        return _blurred(image, sigma)
    amount = min(MOST_SHARPENING, 0.5 * (aim / max(here, 1e-3) - 1))
    return sharpen(image, amount, 1.2)


def sharpen(image: Image, amount: float, sigma: float) -> Image:
    """Unsharp masking: `amount` of the detail finer than `sigma` px added once more."""
    return np.asarray(cv2.addWeighted(image, 1 + amount, _blurred(image, sigma), -amount, 0), np.uint8)


def _blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
