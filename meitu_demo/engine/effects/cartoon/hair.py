"""Draws hair as a few flat tones that run along the strands, with highlights."""

import cv2
import numpy as np

from .colour import Lab, mean_of, shade, to_rgb
from .head import Field, Head
from .look import Look
from .pen import Painting, above, colour_in, lay, ramp, slope

SMALL_UNIT = 150.0  # px of a face width on the copy that the strands are followed on
REACH = 9  # steps that a strand is followed each way
STEP = 1.4  # px of each
LEVELS = (-1.15, -0.35, 0.6, 1.5)  # standard deviations of lightness where one tone ends and the next begins
TONES = ((-16, 1.15, -8), (-8, 1.1, -4), (0, 1.0, 0), (10, 1.05, 4), (24, 0.85, 8))  # L added, chroma ×, hue turned


def paint_hair(painting: Painting, lab: Lab, head: Head, hair: Field, look: Look) -> Lab:
    """Paints `hair` (a mask: of the head, or of a beard) in place; returns its base tone (LAB)."""
    own = mean_of(lab, hair, (25.0, 4.0, 8.0))
    base = shade(np.array([np.clip(own[0] * 0.9 + 8, 17, 84), own[1], own[2]], np.float32), 0, look.chroma, -6)
    z = _strands(lab, head, hair)
    pen = head.unit / 280
    soft = max(1.2, look.edge * pen * 0.6)
    depth = look.depth * (1.0 if base[0] < 60 else 0.85)
    palette = [shade(base, lightness * depth, chroma, turn) for lightness, chroma, turn in TONES]
    steep = np.maximum(slope(z), 0.02)
    tone = np.sum([above(z, level, soft, steep) for level in LEVELS], axis=0, dtype=np.float32)
    lay(painting, colour_in(tone, [to_rgb(one) for one in palette]), hair)
    return base


def _strands(lab: Lab, head: Head, hair: Field) -> Field:
    """Lightness of the hair smoothed along its strands, in standard deviations: line integral convolution along the
    smoothed structure tensor (Cabral and Leedom, 1993; Kang, Lee and Chui, 2009)."""
    step = max(1.0, head.unit / SMALL_UNIT)
    size = [max(8, round(side / step)) for side in lab.shape[1::-1]]
    light = cv2.resize(np.ascontiguousarray(lab[..., 0]), size, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(hair, size, interpolation=cv2.INTER_AREA)
    unit = head.unit / step
    core = ramp(0.75, 1.0, cv2.GaussianBlur(weight, (0, 0), 1.5))  # the rim of the hair carries the background's light
    spread = cv2.GaussianBlur(core, (0, 0), 0.04 * unit) + 1e-3
    around = (cv2.GaussianBlur(light * core, (0, 0), 0.04 * unit) + 1e-3 * light) / spread
    light = light * core + around * (1 - core)
    dx, dy = (cv2.Sobel(light, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    xx, xy, yy = (cv2.GaussianBlur(part, (0, 0), 0.035 * unit) for part in (dx * dx, dx * dy, dy * dy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    tx, ty = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    gx, gy = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    total, count = light.copy(), 1.0
    for sign in (1.0, -1.0):
        x, y, px, py = gx, gy, tx * sign, ty * sign
        for i in range(REACH):
            x, y = x + STEP * px, y + STEP * py
            fall = 1 - i / REACH
            total += fall * cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            count += fall
            nx = cv2.remap(tx, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            ny = cv2.remap(ty, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            turn = np.where(nx * px + ny * py < 0, np.float32(-1), np.float32(1))
            px, py = nx * turn, ny * turn
    smooth = total / count
    smooth += 1.2 * (smooth - cv2.GaussianBlur(smooth, (0, 0), 0.03 * unit))  # strands over broad light
    smooth = cv2.GaussianBlur(smooth, (0, 0), 0.7)
    inside = weight > 0.5
    mean, spread_ = (float(smooth[inside].mean()), float(smooth[inside].std())) if inside.any() else (0.0, 1.0)
    z = (smooth - mean) / max(spread_, 2.5)
    return cv2.resize(z, lab.shape[1::-1], interpolation=cv2.INTER_CUBIC)
