"""Which pixels within a face's outline are not the face: hair and backdrop. Pure; imports numeric libraries only."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .align import FACE_OVAL, FOREHEAD_LINE, compute_up_vector
from .blend import Image, Mask, build_disc_kernel, build_polygon_mask, feather_mask
from .brows import BROW_CONTOURS
from .skin import downscale_to_face_width, measure_skin_distance

# Both brows' upper edges from image left to right; FOREHEAD_LINE leads back above them.
BROW_LINE = (127, 139, 70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 368, 356)
NOSE_BOTTOM = 2
HAIR_FACE_WIDTH_PX = 144  # px of face width: every fusion pays for these pixels
RIM_START_SHARE = 0.84  # share of the outline outside which backdrop and hair may show


def build_occlusion_mask(image: Image, mesh: NDArray[np.float64]) -> Mask:
    """(h, w) 0..1, 1 where no face shows inside the outline: hair over the forehead, backdrop beyond a turned cheek.

    Brows stay. A beard stays: below the nose only what is brighter than skin counts. Glasses stay: on the rim only
    masses wider than a temple arm count. Grown a little so that no strand's edge is left.
    """
    small, points = downscale_to_face_width(image, mesh, HAIR_FACE_WIDTH_PX)
    width, shape, up = float(np.ptp(points[:, 0])), small.shape[:2], compute_up_vector(points)
    oval = points[list(FACE_OVAL)]
    centre = oval.mean(0)
    skin_distance, brighter = measure_skin_distance(small, points)

    raised = points[list(BROW_LINE)] + 0.04 * width * up
    above = centre + (points[list(FOREHEAD_LINE)] - centre) * 1.3
    forehead = build_polygon_mask(np.vstack([raised, above]), shape, 0.04 * width)
    rim = 1 - build_polygon_mask(centre + (oval - centre) * RIM_START_SHARE, shape, 0.06 * width)
    below_nose = points[NOSE_BOTTOM] @ up - np.arange(shape[0])[:, None] * up[1] - np.arange(shape[1])[None] * up[0]
    beard = np.clip(below_nose / (0.15 * width), 0, 1).astype(np.float32)
    masses = cv2.morphologyEx(skin_distance * (1 - beard), cv2.MORPH_OPEN, build_disc_kernel(0.07 * width))
    hair = np.maximum(skin_distance * forehead, np.maximum(masses, skin_distance * brighter) * rim)
    grown = feather_mask(np.asarray(cv2.dilate(hair, build_disc_kernel(0.05 * width)), np.float32), 0.05 * width)
    brows = np.maximum(*(build_polygon_mask(points[list(brow)], shape, 0) for brow in BROW_CONTOURS))
    brows = np.asarray(cv2.dilate(brows, build_disc_kernel(0.03 * width)), np.float32) * (1 - brighter)
    grown = grown * (1 - feather_mask(brows, 0.03 * width))
    return np.asarray(cv2.resize(grown, image.shape[1::-1]), np.float32)
