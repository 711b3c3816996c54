"""Colours as an illustrator mixes them: CIELAB with L 0..100, a and b around 0; painted as RGB 0..255."""

import cv2
import numpy as np
from numpy.typing import NDArray

DARKEST = 5.0  # L: paint is never pure black
Lab = NDArray[np.float32]  # (3,) or (..., 3)


def to_lab(image: NDArray[np.uint8]) -> Lab:
    return cv2.cvtColor(np.asarray(image, np.float32) / 255, cv2.COLOR_RGB2LAB)


def to_rgb(lab: Lab) -> NDArray[np.float32]:
    """RGB 0..255, float32, of one colour (3,) or a picture (h, w, 3); what no screen can show is clipped."""
    picture = np.asarray(lab, np.float32).reshape(-1, 1, 3) if np.ndim(lab) == 1 else np.asarray(lab, np.float32)
    rgb = np.clip(cv2.cvtColor(picture, cv2.COLOR_LAB2RGB), 0, 1)
    return np.asarray(rgb.reshape(np.shape(lab)) * 255, np.float32)


def shade(lab: Lab, lightness: float, chroma: float = 1.0, turn: float = 0.0) -> Lab:
    """A neighbour of `lab`: `lightness` added, chroma multiplied, hue turned by `turn` degrees."""
    angle = np.deg2rad(turn)
    a, b = lab[1] * chroma, lab[2] * chroma
    return np.array(
        [
            np.clip(lab[0] + lightness, DARKEST, 100),
            a * np.cos(angle) - b * np.sin(angle),
            a * np.sin(angle) + b * np.cos(angle),
        ],
        np.float32,
    )


def mean_of(lab: Lab, weight: NDArray[np.float32], otherwise: tuple[float, float, float]) -> Lab:
    """Weighted mean colour; `otherwise` when nothing weighs."""
    total = float(weight.sum())
    if total < 1e-3:
        return np.array(otherwise, np.float32)
    return np.asarray((lab * weight[..., None]).sum((0, 1)) / total, np.float32)


def sample(lab: Lab, points: NDArray[np.float64]) -> Lab:
    """Colours (n, 3) at sub-pixel points (n, 2); points outside take the nearest pixel."""
    xy = points.astype(np.float32)
    return cv2.remap(lab, xy[None, :, 0], xy[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
