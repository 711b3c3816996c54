"""Lights a dark photo before it is drawn: the whites of the eyes tell a dark photo from dark skin."""

import cv2
import numpy as np

from . import mesh
from .colour import to_lab
from .head import Field, Head, Image, Points

EYE_WHITE = 52.0  # L that the brightest of the eyes reaches even when narrowed, in a well-lit photo
CHEEK_SHARE = 0.75  # eyes in shadow are still as bright as this share of the cheeks
LEAST_GAMMA = 0.45
WHITE, MOST_GAIN = 215.0, 3.0  # level of the brightest pixels; how far a photo can be stretched


def lift(canvas: Image, head: Head) -> Image:
    """The canvas with its brightest part made white and the eyes of `head` EYE_WHITE; a well-lit one as it is."""
    brightest = float(np.quantile(canvas[::4, ::4].max(2), 0.995))
    gain = float(np.clip(WHITE / max(brightest, 1.0), 1.0, MOST_GAIN))
    canvas = cv2.convertScaleAbs(canvas, alpha=gain) if gain > 1.05 else canvas
    lab = to_lab(canvas)[..., 0]
    eyes = [_bright(lab, head.points[[*upper, *lower[::-1]]]) for upper, lower in mesh.EYES]
    cheeks = [_bright(lab, head.points[list(cheek)]) for cheek in mesh.CHEEKS[:2]]
    reference = max(*eyes, *(CHEEK_SHARE * cheek for cheek in cheeks), 2.0)
    if reference >= EYE_WHITE:
        return canvas
    gamma = max(LEAST_GAMMA, float(np.log(EYE_WHITE / 100) / np.log(reference / 100)))
    curve = (np.linspace(0, 1, 256) ** gamma * 255).round().astype(np.uint8)
    return np.asarray(cv2.LUT(canvas, curve), np.uint8)


def _bright(lightness: Field, outline: Points) -> float:
    mask = np.zeros(lightness.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(outline.round().astype(np.int32)), 1)
    seen = lightness[mask > 0]
    return float(np.quantile(seen, 0.92)) if seen.size else 0.0
