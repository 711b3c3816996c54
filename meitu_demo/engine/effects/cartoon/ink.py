"""Ink: outlines of the regions, the jaw, and the creases of clothes and ears."""

import cv2
import numpy as np

from . import mesh
from .colour import Lab, shade, to_rgb
from .head import Field, Head
from .look import Look
from .pen import Painting, Patch, contour, curve, ink, ramp, ribbon, taper
from .regions import Regions


def paint_silhouette(painting: Painting, person: Field, head: Head, look: Look) -> None:
    """The line between people and background, the heaviest of all; `head` is the largest and sets the pen."""
    width = max(1.2, look.line * 1.2 * head.unit / 280)
    smooth = cv2.GaussianBlur(person, (0, 0), max(1.0, head.unit / 200))
    ink(painting, to_rgb(np.array(look.outline, np.float32)), contour(smooth, 0.5, width, floor=0.02) * look.ink)


def paint_outlines(painting: Painting, head: Head, regions: Regions, hair: Lab, look: Look) -> None:
    """Lines where hair, skin and clothes meet each other, in a dark version of the hair's colour."""
    width = max(1.0, look.line * head.unit / 280)
    sigma = max(1.0, head.unit / 200)
    person, tress, flesh = (
        cv2.GaussianBlur(field, (0, 0), sigma) for field in (regions.person, regions.hair, regions.skin)
    )
    line = np.maximum(contour(tress, 0.5, width * 0.9, floor=0.02), contour(flesh, 0.5, width * 0.8, floor=0.02))
    dark = shade(hair, -min(32.0, hair[0] - 8), 1.0) if hair[0] > 40 else np.array(look.outline, np.float32)
    ink(painting, to_rgb(dark), line * np.clip(person * 2 - 0.6, 0, 1) * look.ink)


def paint_jaw(painting: Painting, head: Head, regions: Regions, skin: Lab, look: Look) -> None:
    """The line from ear to ear under the chin, where skin is on both of its sides."""
    line = curve(head.points[list(mesh.JAW)], 120)
    patch = Patch(painting, line, 0.05 * head.unit)
    if patch.empty:
        return
    width = max(1.0, look.line * 1.1 * head.unit / 280)
    mask = patch.mask(ribbon(line, width * taper(len(line), 0.1, 0.1)))
    flesh = cv2.GaussianBlur(patch.cut(regions.skin), (0, 0), max(1.0, 0.012 * head.unit))
    patch.paint(to_rgb(shade(skin, -46, 1.15, -14)), mask * np.clip(flesh * 3 - 1.6, 0, 1) * look.ink)


def paint_creases(painting: Painting, lab: Lab, head: Head, regions: Regions, skin: Lab, look: Look) -> None:
    """Thin dark lines from the photo (XDoG: Winnemöller, Kyprianidis and Olsen, 2012) on clothes and hands, in
    place; the face and the neck are drawn by hand. `skin` is the base tone."""
    pen = head.unit / 280
    light = np.ascontiguousarray(lab[..., 0])
    light = np.sqrt(np.maximum(light, 0)) * 10  # folds of a dark suit count as much as those of a shirt
    fine = cv2.GaussianBlur(light, (0, 0), max(0.8, 1.6 * pen))
    broad = cv2.GaussianBlur(light, (0, 0), max(1.3, 2.6 * pen))
    valley = cv2.GaussianBlur(broad - fine, (0, 0), max(0.6, 0.9 * pen))
    found = (valley > 0.4).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    longest = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (longest > 0.13 * head.unit).astype(np.float32)  # a stroke, not a speck
    keep[0] = 0
    mask = np.clip((valley - 0.45) / 0.5, 0, 1) * cv2.blur(keep[parts], (3, 3))
    crowd = cv2.blur(mask, (2 * round(0.07 * head.unit) + 1,) * 2)
    mask *= np.clip((0.26 - crowd) / 0.12, 0, 1)  # a patterned tie is no heap of folds
    _, v = head.grid(light.shape)
    hands = regions.skin * ramp(0.0, 0.1, v - float(head.upright(head.points[152:153])[0, 1]) - 0.25)
    ink(painting, to_rgb(np.array(look.outline, np.float32)), regions.cloth * mask * (0.9 * look.ink))
    ink(painting, to_rgb(shade(skin, -42, 1.2, -14)), hands * mask * (0.8 * look.ink))
