"""Which pixels within a face's outline are not the face: hair and backdrop. Pure; imports numeric libraries only."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .align import FACE_OVAL, FOREHEAD_LINE, upward
from .blend import Image, Mask, disc, polygon_mask, soften
from .brows import BROWS
from .skin import shrink_to_measure, unlike_skin

# Both brows' upper edges from image left to right; FOREHEAD_LINE leads back above them.
BROW_LINE = (127, 139, 70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 368, 356)
NOSE_BOTTOM = 2
JUDGED_WIDTH = 144  # px of face width: every fusion pays for these pixels
RIM_BEGINS = 0.84  # share of the outline outside which backdrop and hair may show


def hair_and_backdrop(image: Image, mesh: NDArray[np.float64]) -> Mask:
    """(h, w) 0..1, 1 where no face shows inside the outline: hair over the forehead, backdrop beyond a turned cheek.

    Brows stay. A beard stays: below the nose only what is brighter than skin counts. Glasses stay: on the rim only
    masses wider than a temple arm count. Grown a little so that no strand's edge is left.
    """
    small, points = shrink_to_measure(image, mesh, JUDGED_WIDTH)
    width, shape, up = float(np.ptp(points[:, 0])), small.shape[:2], upward(points)
    oval = points[list(FACE_OVAL)]
    centre = oval.mean(0)
    unlike, brighter = unlike_skin(small, points)

    raised = points[list(BROW_LINE)] + 0.04 * width * up
    above = centre + (points[list(FOREHEAD_LINE)] - centre) * 1.3
    forehead = polygon_mask(np.vstack([raised, above]), shape, 0.04 * width)
    rim = 1 - polygon_mask(centre + (oval - centre) * RIM_BEGINS, shape, 0.06 * width)
    below_nose = points[NOSE_BOTTOM] @ up - np.arange(shape[0])[:, None] * up[1] - np.arange(shape[1])[None] * up[0]
    beard = np.clip(below_nose / (0.15 * width), 0, 1).astype(np.float32)
    masses = cv2.morphologyEx(unlike * (1 - beard), cv2.MORPH_OPEN, disc(0.07 * width))
    hair = np.maximum(unlike * forehead, np.maximum(masses, unlike * brighter) * rim)
    grown = soften(np.asarray(cv2.dilate(hair, disc(0.05 * width)), np.float32), 0.05 * width)
    brows = np.maximum(*(polygon_mask(points[list(brow)], shape, 0) for brow in BROWS))
    brows = np.asarray(cv2.dilate(brows, disc(0.03 * width)), np.float32) * (1 - brighter)
    grown = grown * (1 - soften(brows, 0.03 * width))
    return np.asarray(cv2.resize(grown, image.shape[1::-1]), np.float32)
