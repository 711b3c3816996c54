"""Smile lines: found in the photo beside the mesh's guess, drawn as one stroke each, as strong as they are there."""

import cv2
import numpy as np

from . import mesh
from .colour import Lab, shade, to_rgb
from .head import Head
from .look import Look
from .pen import Painting, Patch, curve, ribbon, taper
from .skin import Tones

SEARCH = 0.07  # face widths to either side of the mesh's line
FAINT, STRONG = 1.5, 9.0  # L by which a fold is darker than its sides: not drawn, drawn in full


def paint_folds(painting: Painting, lab: Lab, head: Head, tones: Tones, look: Look) -> None:
    """The folds from the wings of the nose past the corners of the mouth."""
    light = np.ascontiguousarray(lab[..., 0])
    for fold in mesh.FOLDS:
        line = curve(head.points[list(fold)], 32)
        along = np.gradient(line, axis=0)
        across = np.stack([-along[:, 1], along[:, 0]], 1)
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
        offsets = np.linspace(-SEARCH, SEARCH, 29) * head.unit
        xy = (line[:, None] + across[:, None] * offsets[:, None]).astype(np.float32)
        seen = cv2.remap(light, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        seen = cv2.GaussianBlur(seen, (0, 0), sigmaX=1.5, sigmaY=3.0)
        sides = np.minimum(np.roll(seen, 7, 1), np.roll(seen, -7, 1))[:, 7:-7]
        valley = sides - seen[:, 7:-7]
        best = valley.argmax(1)
        strength = float(np.clip((np.median(valley.max(1)) - FAINT) / (STRONG - FAINT), 0, 1))
        if strength == 0:
            continue
        shift = cv2.GaussianBlur(
            offsets[7:-7][best][:, None], (0, 0), sigmaX=1, sigmaY=6.0, borderType=cv2.BORDER_REPLICATE
        )
        stroke = line + across * shift
        patch = Patch(painting, stroke, 0.05 * head.unit)
        width = look.line * 1.1 * head.unit / 280
        patch.paint(
            to_rgb(shade(tones.base, -30 * look.depth, 1.3, -14)),
            patch.mask(ribbon(stroke, width * taper(len(stroke), 0.1, 0.0, 0.35)), blur=look.wash) * strength,
        )
