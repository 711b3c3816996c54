"""Which pixels of a photo are a person's skin: face, neck and ears. Pure; imports numeric libraries only.

Images are RGB uint8, meshes (468 or more, 2) in the image's pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .align import FACE_OVAL, FOREHEAD_LINE, compute_up_vector
from .blend import Image, Mask, build_polygon_mask, feather_mask
from .colour import SKIN_POINTS, sample_colours

Points = NDArray[np.float64]

SKIN_FACE_WIDTH_PX = 200  # px of face width at which pixels are judged: single hairs and pores average out
MIN_SKIN_STDDEV_LAB = (16.0, 5.0, 6.0)  # least standard deviation of one skin's L, a, b (8-bit LAB) under soft light
MAX_SKIN_SIGMAS, MIN_NON_SKIN_SIGMAS = 2.2, 3.6  # distances in standard deviations: certainly skin, certainly not
SKIN_SEARCH_MARGIN = np.array(
    (0.5, 0.9)
)  # of the face's width, beside and below it: where ears and neck are looked for
JAW_POINTS = (132, 58, 172, 152, 397, 288, 361)
EAR_POINTS = ((127, 132), (356, 361))  # on the outline, where an ear begins and ends
NECK_LIGHTNESS_RANGE = (
    0.45,
    1.2,
)  # of the face's L: a neck lies in the chin's shadow; darker is cloth, brighter a collar
MAX_NECK_CHROMA_DISTANCE = 11.0  # distance in a, b at most: grey and white cloth is 15 and more away
GRABCUT_ITERATIONS = 3


def downscale_to_face_width(image: Image, mesh: Points, width: int = SKIN_FACE_WIDTH_PX) -> tuple[Image, Points]:
    """Image and mesh at the size at which pixels are judged, `width` px of face; never enlarged."""
    size = np.array(image.shape[1::-1])
    scale = min(1.0, width / max(float(np.ptp(mesh[:, 0])), 1.0))
    smaller = np.maximum(2, np.rint(size * scale)).astype(int)
    small = cv2.resize(image, smaller.tolist(), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), mesh * smaller / size


def measure_skin_distance(image: Image, mesh: Points) -> tuple[Mask, Mask]:
    """How little each pixel looks like the face's own skin (0..1), and how far that is for being brighter (0..1)."""
    samples = sample_colours(image, mesh[list(SKIN_POINTS)], np.ptp(mesh[:, 0]) * 0.015)
    lab = cv2.cvtColor(samples[None].astype(np.uint8), cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    middle = np.median(lab, 0)
    spread = np.maximum(1.4826 * np.median(abs(lab - middle), 0), MIN_SKIN_STDDEV_LAB).astype(np.float32)
    deviation = (cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32) - middle.astype(np.float32)) / spread
    distance = np.clip(
        (np.sqrt((deviation**2).sum(-1)) - MAX_SKIN_SIGMAS) / (MIN_NON_SKIN_SIGMAS - MAX_SKIN_SIGMAS), 0, 1
    )
    return distance, np.clip(deviation[..., 0], 0, 1)


def segment_skin(image: Image, mesh: Points) -> NDArray[np.uint8]:
    """(h, w) uint8 mask of face, neck and ears on a photo: what takes the user's tone.

    GrabCut (Rother et al., 2004) from the face itself as the sample of skin, within the places where skin can be.
    """
    frame = np.array(image.shape[1::-1])
    reach = SKIN_SEARCH_MARGIN * np.ptp(mesh[:, 0])
    low = np.clip(np.floor(mesh.min(0) - reach[0]), 0, frame - 2).astype(int)
    high = np.clip(np.ceil(mesh.max(0) + reach), low + 2, frame).astype(int)
    small, points = downscale_to_face_width(image[low[1] : high[1], low[0] : high[0]], mesh - low)
    labels = _build_grabcut_labels(small, points)
    if np.isin((cv2.GC_FGD, cv2.GC_BGD), labels).all():
        models = np.zeros((2, 1, 65))
        bgr = np.ascontiguousarray(small[..., ::-1])
        cv2.grabCut(bgr, labels, (0, 0, 1, 1), models[0], models[1], GRABCUT_ITERATIONS, cv2.GC_INIT_WITH_MASK)
    skin = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    soft = feather_mask(np.maximum(skin, _build_core_mask(points, skin.shape)), 0.03 * float(np.ptp(points[:, 0])))
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[low[1] : high[1], low[0] : high[0]] = cv2.resize(soft, (high - low).tolist()) * 255
    return mask


def _build_core_mask(points: Points, shape: tuple[int, ...]) -> Mask:
    oval = points[list(FACE_OVAL)]
    return build_polygon_mask(oval.mean(0) + (oval - oval.mean(0)) * 0.75, shape, 0)


def _build_grabcut_labels(image: Image, points: Points) -> NDArray[np.uint8]:
    """GrabCut's labels to begin with: surely and probably skin, probably and surely not."""
    shape, down = image.shape[:2], -compute_up_vector(points)
    oval = points[list(FACE_OVAL)]
    centre, height = oval.mean(0), float(np.ptp(oval @ down))
    jaw = points[list(JAW_POINTS)]
    below = (
        build_polygon_mask(np.vstack([jaw, jaw[-1] + 0.85 * height * down, jaw[0] + 0.85 * height * down]), shape, 0)
        > 0.5
    )
    top = points[list(FOREHEAD_LINE)]
    forehead = np.vstack([top, (top - 0.2 * height * down)[::-1]])
    zone = np.maximum(
        build_polygon_mask(centre + (oval - centre) * 1.03, shape, 0), build_polygon_mask(forehead, shape, 0)
    )
    zone = np.maximum(zone, below)
    for upper, lower in EAR_POINTS:
        out = points[upper] - centre
        ear_offset = 0.35 * (out - (out @ down) * down)
        ear = np.array([points[upper], points[lower], points[lower] + ear_offset, points[upper] + ear_offset])
        zone = np.maximum(zone, build_polygon_mask(ear, shape, 0))
    skin_distance, _ = measure_skin_distance(image, points)
    labels = np.full(shape, cv2.GC_BGD, np.uint8)
    labels[(zone > 0.5) & (skin_distance >= 0.5)] = cv2.GC_PR_BGD
    labels[(zone > 0.5) & (skin_distance < 0.5)] = cv2.GC_PR_FGD
    core = _build_core_mask(points, shape) > 0.5
    labels[core & (skin_distance < 0.5)] = cv2.GC_FGD
    if core.any():
        lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
        middle = np.median(lab[core], 0)
        light, tint = lab[..., 0] / max(middle[0], 1), np.hypot(*np.moveaxis(lab[..., 1:] - middle[1:], 2, 0))
        labels[
            below
            & (light > NECK_LIGHTNESS_RANGE[0])
            & (light < NECK_LIGHTNESS_RANGE[1])
            & (tint < MAX_NECK_CHROMA_DISTANCE)
        ] = cv2.GC_FGD
    return labels
