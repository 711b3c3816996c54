"""Tracks the landmarks of a face into another picture of it: dense optical flow on the face, in both directions.

Detecting the landmarks again would be less precise: the mesh model smooths small movements and adds jitter.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from .align import Points
from .face import Face
from .resample import warp_affine

Plane = NDArray[np.float32]

CROP_MARGIN_SHARE = 0.5  # of the face's side, on each side of it
MIN_CROP_PX, MAX_CROP_PX = 192, 384  # side of the crop; a larger one has more noise, a smaller one less detail
LIGHT_SIGMA_SHARE = 1 / 16  # of the crop's side: scale at which light and contrast are equalised
MIN_SPREAD_LEVELS = 8  # grey levels, so that noise in flat areas is not amplified
REFINEMENT_PASSES = 2  # the second pass finds details that the first smoothed away


def track_landmarks(before: Image, after: Image, face: Face) -> tuple[Points, Points]:
    """(vectors, round-trip errors) of every landmark of `face` from `before` to `after`: (n, 2) pixels of `before`.

    The pictures have the same aspect ratio and any size. An error is the sum of the flow forward and back: 0 where both
    show the same thing.
    """
    reach = face.side * (0.5 + CROP_MARGIN_SHARE)
    corner = np.array(face.centre) - reach
    side = int(np.clip(round(2 * reach), MIN_CROP_PX, MAX_CROP_PX))
    scale = side / (2 * reach)
    ratio = np.array(after.shape[1::-1]) / before.shape[1::-1]
    before_crop = _extract_normalized_crop(before, np.column_stack([np.eye(2) / scale, corner]), side)
    after_crop = _extract_normalized_crop(after, np.column_stack([np.diag(ratio) / scale, corner * ratio]), side)
    start = (face.landmarks.astype(np.float64) - corner) * scale
    forward = _sample_at(_compute_flow(before_crop, after_crop), start)
    backward = _sample_at(_compute_flow(after_crop, before_crop), start + forward)
    return forward / scale, (forward + backward) / scale


def _extract_normalized_crop(image: Image, matrix: Points, side: int) -> Image:
    """What `warp_affine` shows by `matrix`, (side, side) grey with uniform light and contrast."""
    crop = warp_affine(image, matrix, (side, side), cv2.INTER_CUBIC)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    centred = grey - cv2.GaussianBlur(grey, (0, 0), LIGHT_SIGMA_SHARE * side)
    spread = np.sqrt(cv2.GaussianBlur(centred**2, (0, 0), LIGHT_SIGMA_SHARE * side)) + MIN_SPREAD_LEVELS
    return np.clip(128 + 40 * centred / spread, 0, 255).astype(np.uint8)


def _compute_flow(one: Image, other: Image) -> Plane:
    """(height, width, 2): the offset from each pixel of `one` to its position in `other`."""
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    method.setFinestScale(0)
    grid = np.stack(np.meshgrid(*map(np.arange, one.shape[::-1])), -1).astype(np.float32)
    flow = np.zeros_like(grid)
    for _ in range(REFINEMENT_PASSES):
        warped = cv2.remap(other, grid + flow, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        residual = np.asarray(method.calc(one, warped, None), np.float32)
        flow = residual + cv2.remap(flow, grid + residual, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return flow


def _sample_at(plane: Plane, points: Points) -> Points:
    """Sample `plane` bilinearly at (n, 2) points."""
    return np.asarray(cv2.remap(plane, points.astype(np.float32)[None], None, cv2.INTER_LINEAR)[0], np.float64)
