"""Blur estimation and deblurring.

Blurring an edge again weakens its gradient less the softer the edge was; the ratio gives the edge's blur (Zhuo, Sim:
"Defocus map estimation from a single image", 2011). A photo counts as blurred only if its sharpest edges are: a soft
background behind a sharp face is intended. Blur is undone by a Wiener filter that assumes a 1/f² image spectrum,
truncated to a small kernel.
"""

from typing import Final

import cv2
import numpy as np

from .planes import Plane

_SHARPEST_EDGES_PERCENT: Final = 20  # not fewer: the very sharpest may be overlaid text or hot pixels
_MIN_EDGES: Final = 60
_MIN_GRADIENT_POWER: Final = 40.0**2  # squared Sobel response to a step of 10 levels
_SAMPLED_AREA_PX: Final = 600_000
_BAND_ROWS: Final = 64
_REBLUR_SIGMA_PX: Final = 1.0
_FFT_SIZE: Final = 128
_KERNEL_RADIUS_PX: Final = 20
MIN_BLUR_SIGMA_PX: Final = 0.5
"""The blur of lens and demosaicing in a sharp photo. Blur is undone down to this."""


def measure_blur_sigma(luma: Plane) -> float:
    """Standard deviation in pixels of the blur of the sharpest fifth of the strong edges; 0.0 without such edges."""
    ratios, count = [], 0
    bands = [(_compute_gradient_power(band), band) for band in _sample_bands(luma)]
    strong = max(
        float(np.percentile(np.concatenate([power[::3, ::3].ravel() for power, _ in bands]), 95)), _MIN_GRADIENT_POWER
    )
    for before, band in bands:
        after = _compute_gradient_power(np.asarray(cv2.GaussianBlur(band, (0, 0), _REBLUR_SIGMA_PX), np.float32))
        ridge = (before > strong) & (before >= np.asarray(cv2.dilate(before, np.ones((3, 3), np.uint8))))
        ratios.append(before[ridge] / np.maximum(after[ridge], 1e-3))
        count += len(ratios[-1])
    if count < _MIN_EDGES:
        return 0.0
    sharp = float(np.percentile(np.concatenate(ratios), 100 - _SHARPEST_EDGES_PERCENT))
    return float(_REBLUR_SIGMA_PX / np.sqrt(max(sharp - 1, 1e-2)))


def measure_detail_variance(luma: Plane) -> float:
    """Variance of detail finer than about 4 pixels, as the signal to compare noise with."""
    details = [band - np.asarray(cv2.GaussianBlur(band, (0, 0), 4)) for band in _sample_bands(luma)]
    return float(np.mean([np.var(detail) for detail in details]))


def _sample_bands(luma: Plane) -> list[Plane]:
    """The plane, or evenly spaced bands of a large one, for speed."""
    height, width = luma.shape
    count = max(2, round(_SAMPLED_AREA_PX / (_BAND_ROWS * width)))
    if count * _BAND_ROWS >= height:
        return [luma]
    tops = np.linspace(0, height - _BAND_ROWS, count).astype(int)
    return [luma[top : top + _BAND_ROWS] for top in tops]


def _compute_gradient_power(luma: Plane) -> Plane:
    across, down = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.add(cv2.multiply(across, across), cv2.multiply(down, down)), np.float32)


def deblur(luma: Plane, sigma_px: float, noise_to_signal: float) -> Plane:
    """Undo a Gaussian blur of standard deviation `sigma_px`.

    noise_to_signal: 0.003 for a clean photo, 0.1 for a very noisy one; the higher, the weaker the filter.
    """
    frequency = np.fft.fftfreq(_FFT_SIZE)
    power = np.add.outer(frequency**2, frequency**2)
    blur = np.exp(-2 * np.pi**2 * sigma_px**2 * power)
    inverse = np.fft.fftshift(np.fft.ifft2(blur / (blur**2 + noise_to_signal * (0.02 + 8 * power))).real)
    middle = slice(_FFT_SIZE // 2 - _KERNEL_RADIUS_PX, _FFT_SIZE // 2 + _KERNEL_RADIUS_PX + 1)
    kernel = (inverse[middle, middle] / inverse[middle, middle].sum()).astype(np.float32)
    return np.asarray(cv2.filter2D(luma, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
