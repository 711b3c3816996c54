"""How blurred is a picture at its sharpest, and the filter that undoes it.

Blurring an edge once more weakens its gradient the less, the softer it was: the ratio tells the edge's own blur (Zhuo,
Sim: "Defocus map estimation from a single image", 2011). A photo counts as blurred only if its sharpest edges are: a
soft background behind a sharp face is as the photographer wanted it. What is found is undone by a Wiener filter for
pictures with the usual 1/f² spectrum, cut to a small kernel.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .blocks import Plane

_SHARP_SHARE: Final = 20  # per cent of the strong edges; the few sharpest may be overlaid text or hot pixels
_FEWEST_EDGES: Final = 60
_WEAKEST: Final = 40.0**2  # of Sobel's squared answer: a step of 10 levels
_ENOUGH: Final = 600_000  # pixels
_BAND: Final = 64  # rows
_STEP: Final = 1.0  # pixels of extra blur
_FREQUENCIES: Final = 128
_RADIUS: Final = 20
AS_SHARP_AS_PHOTOS_GET: Final = 0.5
"""Pixels: what lens and demosaicing leave in a sharp photo. Blur is undone down to here."""


def blur_radius(luma: Plane) -> float:
    """Standard deviation, in pixels, of the blur on the sharpest fifth of the strong edges; 0.0 without such edges."""
    ratios, count = [], 0
    bands = [(_gradient_power(band), band) for band in _bands(luma)]
    strong = max(float(np.percentile(np.concatenate([power[::3, ::3].ravel() for power, _ in bands]), 95)), _WEAKEST)
    for before, band in bands:
        after = _gradient_power(np.asarray(cv2.GaussianBlur(band, (0, 0), _STEP), np.float32))
        ridge = (before > strong) & (before >= np.asarray(cv2.dilate(before, np.ones((3, 3), np.uint8))))
        ratios.append(before[ridge] / np.maximum(after[ridge], 1e-3))
        count += len(ratios[-1])
    if count < _FEWEST_EDGES:
        return 0.0
    sharp = float(np.percentile(np.concatenate(ratios), 100 - _SHARP_SHARE))
    return float(_STEP / np.sqrt(max(sharp - 1, 1e-2)))


def detail_power(luma: Plane) -> float:
    """Variance of the luma's detail up to some 4 pixels: what noise has to be compared with."""
    return float(np.mean([np.var(band - np.asarray(cv2.GaussianBlur(band, (0, 0), 4))) for band in _bands(luma)]))


def _bands(luma: Plane) -> list[Plane]:
    """The plane, or of a large one bands across it, evenly spread: enough to measure, and quick."""
    height, width = luma.shape
    count = max(2, round(_ENOUGH / (_BAND * width)))
    if count * _BAND >= height:
        return [luma]
    tops = np.linspace(0, height - _BAND, count).astype(int)
    return [luma[top : top + _BAND] for top in tops]


def _gradient_power(luma: Plane) -> Plane:
    across, down = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.add(cv2.multiply(across, across), cv2.multiply(down, down)), np.float32)


def sharpen(luma: Plane, radius: float, distrust: float) -> Plane:
    """The luma with a Gaussian blur of `radius` pixels undone.

    distrust: 0.003 for a clean picture, 0.1 for one that was very noisy; what cannot be told from noise stays.
    """
    return np.asarray(cv2.filter2D(luma, -1, _inverse(radius, distrust), borderType=cv2.BORDER_REFLECT_101), np.float32)


def _inverse(radius: float, distrust: float) -> NDArray[np.float32]:
    frequency = np.fft.fftfreq(_FREQUENCIES)
    power = np.add.outer(frequency**2, frequency**2)
    blur = np.exp(-2 * np.pi**2 * radius**2 * power)
    inverse = np.fft.fftshift(np.fft.ifft2(blur / (blur**2 + distrust * (0.02 + 8 * power))).real)
    middle = slice(_FREQUENCIES // 2 - _RADIUS, _FREQUENCIES // 2 + _RADIUS + 1)
    kernel = inverse[middle, middle]
    return np.asarray(kernel / kernel.sum(), np.float32)
