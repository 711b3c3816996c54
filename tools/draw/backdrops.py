"""Out-of-focus backgrounds in linear light."""

from __future__ import annotations

import cv2
import numpy as np

from . import noise


def gradient(width: int, height: int, top, bottom, bend: float = 1.0) -> np.ndarray:
    t = (np.linspace(0, 1, height)[:, None, None] ** bend).astype(np.float32)
    return (np.array(top, np.float32) * (1 - t) + np.array(bottom, np.float32) * t) * np.ones((1, width, 1), np.float32)


def mottle(picture: np.ndarray, amount: float, seed: int, cell: float = 260) -> np.ndarray:
    """Cloudy unevenness, as on a painted studio cloth."""
    h, w = picture.shape[:2]
    tone = noise.fractal((h, w), cell, seed, 5, 0.5)
    hue = np.stack([noise.value((h, w), cell * 1.3, seed + 20 + k) for k in range(3)], -1)
    return picture * np.exp(amount * tone[..., None] + amount * 0.25 * hue)


def discs(picture: np.ndarray, spots, edge: float = 0.25) -> np.ndarray:
    """Bokeh: each spot (x, y, radius, colour, strength) in shares of the width is a soft-edged disc of light."""
    h, w = picture.shape[:2]
    result = picture.copy()
    for x, y, r, colour, strength in spots:
        cx, cy, rad = x * w, y * w, r * w
        x0, x1 = max(int(cx - rad - 3), 0), min(int(cx + rad + 4), w)
        y0, y1 = max(int(cy - rad - 3), 0), min(int(cy + rad + 4), h)
        if x1 <= x0 or y1 <= y0:
            continue
        yy, xx = np.mgrid[y0:y1, x0:x1]
        d = np.hypot(xx - cx, yy - cy) / rad
        disc = np.clip((1 - d) * rad / (edge * 12), 0, 1) * (0.75 + 0.35 * d**3)
        result[y0:y1, x0:x1] += disc[..., None].astype(np.float32) * np.array(colour, np.float32) * strength
    return result


def soften(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma)
