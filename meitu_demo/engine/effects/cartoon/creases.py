"""Smile lines: found in the photo beside the mesh's guess, drawn as one stroke each, as strong as they are there."""

import cv2
import numpy as np

from . import mesh
from .colour import Lab, sample, shade, to_rgb
from .head import Field, Head, Points
from .look import Look
from .pen import Painting, Patch, curve, ribbon, taper
from .skin import Tones

SEARCH = 0.07  # face widths to either side of the mesh's line
FAINT, STRONG = 1.5, 9.0  # L by which a fold is darker than its sides: not drawn, drawn in full


def paint_folds(painting: Painting, lab: Lab, head: Head, tones: Tones, look: Look) -> None:
    """The folds from the wings of the nose past the corners of the mouth, in place."""
    light = np.ascontiguousarray(lab[..., 0])
    found = [_find(light, curve(head.points[list(fold)], 32), head.unit) for fold in mesh.FOLDS]
    weaker = min(strength for _, strength in found)
    for stroke, strength in found:
        opacity = min(strength, 1.5 * weaker)  # the light may hide one side, but nobody smiles on one side only
        patch = Patch(painting, stroke, 0.05 * head.unit)
        width = look.line * 1.1 * head.unit / 280 * taper(len(stroke), 0.1, 0.0, 0.35)
        patch.paint(
            to_rgb(shade(tones.base, -30 * look.depth, 1.3, -14)),
            patch.mask(ribbon(stroke, width), blur=look.wash) * opacity,
        )


def _find(light: Field, line: Points, unit: float) -> tuple[Points, float]:
    """The darkest valley along `line`, and how clear it is, 0..1."""
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    offsets = np.linspace(-SEARCH, SEARCH, 29) * unit
    xy = line[:, None] + across[:, None] * offsets[:, None]
    seen = sample(light, xy.reshape(-1, 2)).reshape(len(line), -1)
    seen = cv2.GaussianBlur(seen, (0, 0), sigmaX=1.5, sigmaY=3.0)
    valley = np.minimum(seen[:, :-14], seen[:, 14:]) - seen[:, 7:-7]  # against both sides, half of SEARCH away
    clear = float(np.clip((np.median(valley.max(1)) - FAINT) / (STRONG - FAINT), 0, 1))
    shift = offsets[7:-7][valley.argmax(1)][:, None]
    shift = cv2.GaussianBlur(shift, (0, 0), sigmaX=1, sigmaY=6.0, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(line + across * shift, float), clear
