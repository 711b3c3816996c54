"""The fold inside an ear: one curved stroke in what skin shows beside the face."""

import cv2
import numpy as np

from . import mesh
from .colour import Lab, shade, to_rgb
from .head import Head
from .look import Look
from .pen import Painting, Patch, curve, ribbon, taper
from .regions import Regions

LEAST_EAR, MOST_EAR = (
    0.045,
    0.24,
)  # face widths that skin reaches beyond the face: less is no ear, more is no ear either
ROWS, STEPS = 14, 26


def paint_ears(painting: Painting, head: Head, regions: Regions, skin: Lab, look: Look) -> None:
    """Strokes into the ears that are seen, in place."""
    flesh = cv2.GaussianBlur(regions.skin, (0, 0), max(0.8, 0.01 * head.unit))
    for edge, sign in zip(mesh.CHEEK_EDGES, (-1.0, 1.0), strict=True):
        rim = head.upright(head.points[list(edge)])
        v = np.linspace(rim[0, 1] - 0.02, rim[-1, 1], ROWS)
        u = np.interp(v, rim[:, 1], rim[:, 0])
        out = np.linspace(0.0, MOST_EAR + 0.04, STEPS)
        grid = np.stack([u[:, None] + sign * out, np.repeat(v[:, None], STEPS, 1)], 2)
        xy = head.place(grid.reshape(-1, 2)).reshape(ROWS, STEPS, 2).astype(np.float32)
        seen = cv2.remap(flesh, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        reach = np.cumprod(seen > 0.5, axis=1).sum(1) * (out[1] - out[0])
        widest = float(reach.max())
        rows = np.flatnonzero(reach > 0.6 * widest)
        if not LEAST_EAR < widest < MOST_EAR or len(rows) < 4:
            continue
        top, low = v[rows[0]], v[rows[-1]]
        base = float(np.interp((top + low) / 2, rim[:, 1], rim[:, 0]))
        shape = np.array([[0.30, 0.10], [0.66, 0.20], [0.70, 0.42], [0.50, 0.58], [0.46, 0.74], [0.30, 0.84]])
        fold = np.stack([base + sign * shape[:, 0] * widest, top + shape[:, 1] * (low - top)], 1)
        stroke = curve(head.place(fold), 30)
        patch = Patch(painting, stroke)
        width = max(1.0, 0.85 * look.line * head.unit / 280)
        mask = patch.mask(ribbon(stroke, width * taper(len(stroke), 0.1, 0.0, 0.4)))
        patch.paint(to_rgb(shade(skin, -34, 1.25, -12)), mask * patch.cut(regions.skin) * look.ink)
