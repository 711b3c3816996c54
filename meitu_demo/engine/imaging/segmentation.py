"""Masks of a portrait: skin and people.

Images are RGB uint8 (h, w, 3); meshes are (468 or more, 2) points (x, y) in the image's pixels. The models are loaded
at their first use: for people MediaPipe's selfie segmentation (256×256, 250 kB), for one person its pose model (9 MB).
"""

import threading
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from .align import FACE_OVAL, FOREHEAD_LINE, Points, compute_up_vector, scale_outline
from .blend import Mask, blur, build_disc_kernel, build_polygon_mask, feather_mask, smoothstep
from .box import Box
from .colour import SKIN_POINTS, sample_colours
from .mediapipe_loader import load_solution

SKIN_FACE_WIDTH_PX = 200  # for classifying pixels; this size averages out hairs and pores
MIN_SKIN_STDDEV_LAB = (16.0, 5.0, 6.0)  # of one skin's L, a, b (8-bit LAB) under soft light
MAX_SKIN_SIGMAS, MIN_NON_SKIN_SIGMAS = 2.2, 3.6  # certainly skin below the first, certainly not skin above the second
SKIN_SEARCH_MARGIN = np.array((0.5, 0.9))  # of the face's width, at its sides and below: room for ears and neck
JAW_POINTS = (132, 58, 172, 152, 397, 288, 361)
EAR_POINTS = ((127, 132), (356, 361))  # on the outline, where an ear begins and ends
NECK_LIGHTNESS_RANGE = (0.45, 1.2)  # of the face's L: the chin shades the neck; darker is cloth, brighter a collar
MAX_NECK_CHROMA_DISTANCE = 11.0  # in a, b; grey and white cloth is 15 and more away
MIN_COLLAR_LIGHTNESS = 1.0  # of the face's L
MAX_COLLAR_CHROMA = 0.5  # of the face's: skin tints a white collar
NEUTRAL = 128  # a and b of grey in 8-bit LAB
GRABCUT_ITERATIONS = 3
CORE_OUTLINE_SHARE = 0.75  # of the outline's size: skin, whatever its colour

BROW_CONTOURS = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))

MODEL_SIDE_PX = 256  # the model's input, area-averaged from the photo
GUIDED_FILTER_RADIUS_SHARE = 1 / 64  # of the long side: how far the refined edge may move
GUIDED_FILTER_EPS = 4e-4  # regularisation for colours 0..1: smaller follows fainter edges
EDGE_INSIDE, EDGE_OUTSIDE = 0.05, 0.10  # face widths: how far a matte's edge may be from the true one
COLOUR_SIGMA = 0.12  # face widths: how far from the edge the colours of background and person are measured
MAX_BACKGROUND_SIGMAS, MIN_BACKGROUND_STDDEV = 1.5, 6.0  # what differs less is background; levels of RGB
SOLID_SHARE = 0.7  # of the person's usual distance from the background's colour: what differs more is opaque
MIN_SHARE = 0.01  # of the pixels around: from fewer the colours cannot be measured
CONTRASTS = (2.5, 4.0)  # of that distance and the background's noise: from the second, colours tell who is who

_model_lock = threading.Lock()  # a graph that threads share returns wrong masks
_pose_lock = threading.Lock()


def downscale_to_face_width(image: Image, mesh: Points, width: int = SKIN_FACE_WIDTH_PX) -> tuple[Image, Points]:
    """Shrink image and mesh to a face width of `width` px; never enlarges."""
    size = np.array(image.shape[1::-1])
    scale = min(1.0, width / max(float(np.ptp(mesh[:, 0])), 1.0))
    smaller = np.maximum(2, np.rint(size * scale)).astype(int)
    small = cv2.resize(image, smaller.tolist(), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), mesh * smaller / size


def measure_skin_tone(image: Image, mesh: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the median and the standard deviation of the face's skin in 8-bit LAB, each (3,)."""
    samples = sample_colours(image, mesh[list(SKIN_POINTS)], np.ptp(mesh[:, 0]) * 0.015)
    lab = cv2.cvtColor(samples[None].astype(np.uint8), cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    middle = np.median(lab, 0).astype(np.float32)
    return middle, np.maximum(1.4826 * np.median(abs(lab - middle), 0), MIN_SKIN_STDDEV_LAB).astype(np.float32)


def measure_skin_distance(image: Image, mesh: Points) -> tuple[Mask, Mask]:
    """Return (distance from the face's skin colour, how much brighter than skin), each (h, w) float32 0..1."""
    middle, spread = measure_skin_tone(image, mesh)
    to_sigmas = np.column_stack([np.diag(1 / spread), -middle / spread])
    deviation = cv2.transform(cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32), to_sigmas)
    sigmas = np.sqrt(np.einsum("...i,...i", deviation, deviation))
    distance = np.clip((sigmas - MAX_SKIN_SIGMAS) / (MIN_NON_SKIN_SIGMAS - MAX_SKIN_SIGMAS), 0, 1)
    return distance, np.clip(deviation[..., 0], 0, 1)


def segment_skin(image: Image, mesh: Points) -> NDArray[np.uint8]:
    """Return the (h, w) uint8 mask of face, neck and ears, 255 on skin: the area that takes the user's tone.

    GrabCut (Rother et al., 2004) seeded with the face as the sample of skin, limited to regions where skin can be.
    """
    reach = SKIN_SEARCH_MARGIN * np.ptp(mesh[:, 0])
    box = Box.enclose(mesh.min(0) - reach[0], mesh.max(0) + reach, image.shape, 2)
    small, points = downscale_to_face_width(image[box.slices], mesh - box.corner)
    labels = _build_grabcut_labels(small, points)
    if np.isin((cv2.GC_FGD, cv2.GC_BGD), labels).all():
        models = np.zeros((2, 1, 65))
        bgr = np.ascontiguousarray(small[..., ::-1])
        cv2.setRNGSeed(0)  # grabCut starts from random clusters: the same photo gives the same mask
        cv2.grabCut(bgr, labels, (0, 0, 1, 1), models[0], models[1], GRABCUT_ITERATIONS, cv2.GC_INIT_WITH_MASK)
    skin = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    soft = feather_mask(
        np.maximum(skin, build_polygon_mask(scale_outline(points, CORE_OUTLINE_SHARE), skin.shape, 0)),
        0.03 * float(np.ptp(points[:, 0])),
    )
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[box.slices] = cv2.resize(soft, box.shape[::-1]) * 255
    return mask


def _build_grabcut_labels(image: Image, points: Points) -> NDArray[np.uint8]:
    """Build GrabCut's initial labels: certain or probable skin, probable or certain background."""
    shape, down = image.shape[:2], -compute_up_vector(points)
    oval, jaw, top = (points[list(part)] for part in (FACE_OVAL, JAW_POINTS, FOREHEAD_LINE))
    height = float(np.ptp(oval @ down))
    neck = np.vstack([jaw, jaw[-1] + 0.85 * height * down, jaw[0] + 0.85 * height * down])
    zones = [neck, scale_outline(points, 1.03), np.vstack([top, (top - 0.2 * height * down)[::-1]])]
    for upper, lower in EAR_POINTS:
        out = points[upper] - oval.mean(0)
        ear_offset = 0.35 * (out - (out @ down) * down)
        zones.append(np.array([points[upper], points[lower], points[lower] + ear_offset, points[upper] + ear_offset]))
    below, *others = (build_polygon_mask(zone, shape, 0) > 0.5 for zone in zones)
    is_possible = np.logical_or.reduce([below, *others])
    skin_distance, _ = measure_skin_distance(image, points)
    labels = np.full(shape, cv2.GC_BGD, np.uint8)
    labels[is_possible] = np.where(skin_distance < 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD)[is_possible]
    core = build_polygon_mask(scale_outline(points, CORE_OUTLINE_SHARE), shape, 0) > 0.5
    labels[core & (skin_distance < 0.5)] = cv2.GC_FGD
    if core.any():
        lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
        middle = np.median(lab[core], 0)
        light, tint = lab[..., 0] / max(middle[0], 1), np.hypot(*np.moveaxis(lab[..., 1:] - middle[1:], 2, 0))
        darkest, lightest = NECK_LIGHTNESS_RANGE
        chroma = np.hypot(lab[..., 1] - NEUTRAL, lab[..., 2] - NEUTRAL)
        is_pale = (light > MIN_COLLAR_LIGHTNESS) & (chroma < MAX_COLLAR_CHROMA * np.median(chroma[core]))
        labels[below & ~core & is_pale & (tint > MAX_NECK_CHROMA_DISTANCE)] = cv2.GC_BGD
        labels[below & (light > darkest) & (light < lightest) & (tint < MAX_NECK_CHROMA_DISTANCE)] = cv2.GC_FGD
    return labels


def compute_person_matte(image: Image) -> Mask:
    """Return the matte of all people: float32 (h, w), 0..1. Thread-safe.

    MediaPipe's selfie segmentation, refined to the photo's edges by a colour guided filter (He, Sun and Tang, 2010).
    """
    height, width = image.shape[:2]
    small = cv2.resize(image, (MODEL_SIDE_PX, MODEL_SIDE_PX), interpolation=cv2.INTER_AREA)
    with _model_lock:
        coarse = np.array(_load_model().process(small).segmentation_mask, np.float32)
    coarse = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    radius = max(2, round(max(height, width) * GUIDED_FILTER_RADIUS_SHARE))
    fine = cv2.ximgproc.guidedFilter(image, coarse, radius, GUIDED_FILTER_EPS * 255**2)
    return np.asarray(np.clip(fine * 1.2 - 0.1, 0, 1), np.float32)


def refine_matte(image: Image, matte: Mask, width: float) -> Mask:
    """Return `matte` (h, w), 0..1, corrected at its edge where the background is even. width: of the face, in px.

    What has another colour than the background nearby is person. Where the person has that colour, or the background
    has many, `matte` stays.
    """
    colours = image.astype(np.float32)
    solid, sigma = (matte > 0.5).astype(np.uint8), COLOUR_SIGMA * width
    inside = np.asarray(cv2.erode(solid, build_disc_kernel(2 * EDGE_INSIDE * width), borderValue=1), np.float32)
    outside = 1 - np.asarray(cv2.dilate(solid, build_disc_kernel(2 * EDGE_OUTSIDE * width)), np.float32)
    squares = np.einsum("...i,...i", colours, colours)
    background, background_weight = _average_around(np.dstack([colours, squares]), outside, sigma)
    mean = background[..., :3]
    variance = background[..., 3] - np.einsum("...i,...i", mean, mean)
    noise = MAX_BACKGROUND_SIGMAS * (np.sqrt(np.maximum(variance, 0)) + MIN_BACKGROUND_STDDEV)
    distance = np.linalg.norm(colours - mean, axis=2)
    closeness, person_weight = _average_around(1 / (distance[..., None] + 1), inside, sigma)
    contrast = 1 / (closeness[..., 0] + 1e-6)  # a harmonic mean: the colours nearest to the background's count most
    opacity = smoothstep(0, 1, (distance - noise) / np.maximum(SOLID_SHARE * contrast - noise, noise))
    trust = smoothstep(*CONTRASTS, contrast / noise) * (1 - inside) * (1 - outside)
    trust *= smoothstep(0, MIN_SHARE, np.minimum(background_weight, person_weight))
    return matte + (opacity - matte) * trust


def _average_around(planes: NDArray[np.float32], mask: Mask, sigma: float) -> tuple[NDArray[np.float32], Mask]:
    """(mean of `planes` (h, w, n) where `mask` is 1, share of such pixels), around each pixel, at half the size."""
    masked = np.dstack([planes, np.ones_like(mask)]) * mask[..., None]
    small = np.asarray(cv2.resize(masked, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    around = np.asarray(cv2.resize(blur(small, sigma / 2), mask.shape[::-1]), np.float32)
    return around[..., :-1] / (around[..., -1:] + 1e-6), around[..., -1]


def compute_single_person_mask(image: Image) -> Mask | None:
    """Return the mask of the most prominent person alone: float32 (h, w), 0..1; None if nobody is found. Thread-safe.

    MediaPipe's pose model, about 20 ms; its edges are coarser than those of `compute_person_matte`.
    """
    with _pose_lock:
        mask = _load_pose_model().process(np.ascontiguousarray(image)).segmentation_mask
    return None if mask is None else np.array(mask, np.float32)


@cache
def _load_pose_model() -> Any:
    with load_solution("pose") as pose:  # complexity 1 is the only model that the wheel carries
        return pose.Pose(
            static_image_mode=True, model_complexity=1, enable_segmentation=True, min_detection_confidence=0.3
        )


@cache
def _load_model() -> Any:
    with load_solution("selfie_segmentation") as segmentation:
        return segmentation.SelfieSegmentation(model_selection=0)
