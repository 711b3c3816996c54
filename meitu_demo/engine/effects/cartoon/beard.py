"""Beards: the lower face, where both of its halves differ from the cheeks as hair does."""

import cv2
import numpy as np

from . import mesh
from .colour import Lab
from .head import Field, Head
from .pen import above, ramp
from .regions import Regions

DARKER, GREYER = 13.0, 11.0  # L and chroma under the cheeks' from which a half is bearded; shaven ones reach 9 and 5
SMALL_UNIT = 96.0  # px of a face width on the copy that is judged


def find_beard(lab: Lab, head: Head, regions: Regions) -> Field | None:
    """Where the beard is, 0..1 on the canvas, or None for a shaven face. `lab` is the photo in CIELAB."""
    step = max(1.0, head.unit / SMALL_UNIT)
    size = [max(8, round(side / step)) for side in lab.shape[1::-1]]
    small = cv2.resize(lab, size, interpolation=cv2.INTER_AREA)
    points = (head.points + 0.5) / step - 0.5
    zone, inner, cheeks = (np.zeros(small.shape[:2], np.uint8) for _ in range(3))
    cv2.fillPoly(inner, [points[list(mesh.BEARD)].round().astype(np.int32)], 1)
    lips = points[list(mesh.LIPS)]
    middle = lips.mean(0)
    cv2.fillPoly(inner, [(middle + (lips - middle) * 1.12).round().astype(np.int32)], 0)
    for cheek in mesh.CHEEKS[:2]:
        cv2.fillConvexPoly(cheeks, cv2.convexHull(points[list(cheek)].round().astype(np.int32)), 1)
    if not cheeks.any():
        return None
    chroma = np.hypot(small[..., 1], small[..., 2])
    cheek_light, cheek_chroma = (float(np.median(part[cheeks > 0])) for part in (small[..., 0], chroma))
    darker, greyer = (cheek_light - small[..., 0]) / DARKER, (cheek_chroma - chroma) / GREYER
    u, v = head.grid(small.shape, step)
    for side in (u < 0, u >= 0):
        half = side & (inner > 0)
        if half.sum() < 12 or max(np.median(darker[half]), np.median(greyer[half])) < 1:
            return None
    jaw = points[list(mesh.JAW)] + head.down * 0.10 * head.unit / step
    cv2.fillPoly(zone, [np.concatenate([points[list(mesh.BEARD)], jaw]).round().astype(np.int32)], 1)
    zone = np.maximum(cv2.fillConvexPoly(zone * 0, cv2.convexHull(jaw.round().astype(np.int32)), 1), inner)
    zone[(inner == 0) & (np.hypot(*(np.stack([u, v]) - head.upright(head.points[13:14]).T[:, :, None])) < 0.16)] = 0
    likely = np.maximum(darker, greyer).astype(np.float32) * zone
    shape = cv2.GaussianBlur(np.clip(likely, 0, 1.6), (0, 0), 0.018 * head.unit / step)
    shape *= ramp(0.02, 0.06, v - float(head.upright(head.points[1:2])[0, 1]))
    full = cv2.resize(shape, lab.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(above(full, 0.6, floor=0.01) * np.clip(regions.skin + regions.hair, 0, 1), np.float32)
