"""Paints clothes as flat areas of a small palette learnt from the photo."""

import cv2
import numpy as np

from .colour import Lab, to_rgb
from .head import Field
from .look import COMIC, Look
from .pen import Painting, lay

TONES = 9
SAMPLES = 2500


def paint_cloth(painting: Painting, lab: Lab, person: Field, cloth: Field, unit: float, look: Look) -> None:
    """Fills `person` (a mask) with TONES flat colours learnt from `cloth`; `unit`: face width, pixels."""
    small = cv2.resize(lab, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(cloth, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    for _ in range(2):
        small = cv2.bilateralFilter(small, 5, 10.0, 3.0)
    inside = np.argwhere(mask > 0.9)
    if len(inside) < TONES * 4:
        inside = np.argwhere(mask > -1)
    rows = inside[np.linspace(0, len(inside) - 1, SAMPLES).astype(int)]
    samples = small[rows[:, 0], rows[:, 1]] * (1.0, 1.6, 1.6)
    cv2.setRNGSeed(7)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    _, _, centres = cv2.kmeans(samples.astype(np.float32), TONES, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    pixels = (small * np.array([1, 1.6, 1.6], np.float32)).reshape(-1, 3)
    centres = centres[
        np.argsort(centres[:, 0])
    ]  # neighbours in number are neighbours in lightness: a median makes sense
    distance = (centres**2).sum(1) - 2 * pixels @ centres.T
    label = distance.argmin(1).reshape(small.shape[:2])
    colours = to_rgb(
        (centres / (1, 1.6, 1.6) * (1, 1.1 * look.chroma, 1.1 * look.chroma) + (4, 0, 0)).astype(np.float32)[None]
    )[0]
    label = cv2.medianBlur(label.astype(np.uint8), 2 * min(5, max(1, round(unit / 90))) + 1)
    sigma = max(0.8, unit / 170)
    best = np.zeros(lab.shape[:2], np.uint8)
    nearest = np.zeros(lab.shape[:2], np.uint8)
    for tone in range(TONES):  # the blurred area that is strongest owns the pixel: outlines become smooth curves
        share = cv2.GaussianBlur((label == tone).astype(np.uint8) * 255, (0, 0), sigma)
        share = cv2.resize(share, lab.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        np.putmask(nearest, share > best, tone)
        np.maximum(best, share, out=best)
    table = np.zeros((1, 256, 3), np.uint8)
    table[0, :TONES] = colours.round()
    picture = cv2.LUT(cv2.merge([nearest] * 3), table)
    bleed = max(0.6, (look.edge - COMIC.edge) / 3 * unit / 280)
    lay(painting, cv2.GaussianBlur(picture, (0, 0), bleed), person)
