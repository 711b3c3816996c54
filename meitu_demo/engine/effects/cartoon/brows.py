"""Redraws the brows as two brush strokes."""

import numpy as np

from . import mesh
from .colour import Lab, sample, to_rgb
from .eyes import Eye
from .head import Head
from .look import Look
from .pen import Painting, Patch, curve, ribbon, taper


def paint_brows(painting: Painting, lab: Lab, head: Head, eyes: tuple[Eye, Eye], skin: Lab, look: Look) -> None:
    """Brows in their own darkened colour, kept clear of the enlarged `eyes`, in place; `skin` is the base tone."""
    for (upper, lower), eye in zip(mesh.BROWS, eyes, strict=True):
        high, low = head.points[list(upper)], head.points[list(lower)]
        line = (high + low) / 2
        seen = sample(lab, line)
        own = seen[np.argsort(seen[:, 0])[:3]].mean(0)
        colour = np.array([np.clip(own[0] * 0.62, 12, skin[0] - 24), own[1] * 0.9, own[2] * 0.8], np.float32)
        top = float(((eye.upper - eye.centre) @ eye.up).max())
        gap = float(((line - eye.centre) @ eye.up).min()) - top
        lift = max(0.0, 0.15 * eye.width - gap)
        thick = float(np.clip(np.linalg.norm(high - low, axis=1).mean(), 0.09 * eye.width, 0.28 * eye.width))
        stroke = curve(line + eye.up * lift)
        patch = Patch(painting, stroke, thick)
        mask = patch.mask(ribbon(stroke, thick * taper(len(stroke), 0.1, 0.5, 0.6)), blur=look.wash * 0.06 * thick)
        patch.paint(to_rgb(colour), mask * (0.95 - 0.2 * look.wash))
