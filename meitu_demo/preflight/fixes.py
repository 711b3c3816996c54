"""Fixes for rejected photos: each takes an encoded photo and returns a JPEG without metadata. Pure; each blocks.

They use the original photo, not the smaller one that would be sent, so a crop keeps the camera's resolution. Each
raises ImageRejected for a photo that cannot be opened.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ..domain.errors import ImageRejected
from ..domain.model import Endpoint, Image
from ..photos import codec
from .report import Box, DetectedFace

FACE_MARGIN = 1.0  # of the face's side, around it: hair, chin and some of the shoulders
MIN_FACE_MARGIN = 0.1  # of the face's side: the least around it when another face is kept out
MAX_OTHER_FACE_RATIO = 0.9  # another face below this share of the chosen one's side may stay: the largest is used
MAX_ENLARGEMENT = 2.0  # more would invent detail


def crop_to_face(source: bytes, face: DetectedFace) -> bytes:
    """Crop to `face` with a margin, limited by the frame."""
    return codec.encode(_crop(codec.decode(source), compute_crop_box(face)))


def crop_to_single_face(source: bytes, face: DetectedFace, faces: Sequence[DetectedFace]) -> bytes:
    """Crop to `face` without others of `faces` that could be used instead. Raises ImageRejected faces_overlap."""
    crop_box = compute_crop_box_excluding(face, faces)
    if crop_box is None:
        raise ImageRejected("faces_overlap")
    return codec.encode(_crop(codec.decode(source), crop_box))


def rotate_upright(source: bytes, face: DetectedFace) -> bytes:
    """Rotate by the quarter turns that bring `face` upright."""
    return codec.encode(np.ascontiguousarray(np.rot90(codec.decode(source), face.quarter_turns)))


def enlarge(source: bytes, endpoint: Endpoint) -> bytes:
    """Enlarge twice, or up to the vendor's longest side, by Lanczos resampling, which adds no detail."""
    return codec.encode(_enlarge(codec.decode(source), endpoint.limits.max_side_px))


def crop_and_enlarge(source: bytes, face: DetectedFace, endpoint: Endpoint) -> bytes:
    """Crop and enlarge with one encoding."""
    return codec.encode(_enlarge(_crop(codec.decode(source), compute_crop_box(face)), endpoint.limits.max_side_px))


def compute_crop_box(face: DetectedFace) -> Box:
    """The box of `crop_to_face` in shares of the picture."""
    x0, y0, x1, y1 = _expand_face_box(face, FACE_MARGIN)
    return max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1)


def compute_crop_box_excluding(face: DetectedFace, faces: Sequence[DetectedFace]) -> Box | None:
    """What `crop_to_single_face` keeps: at each other face that is too large to stay, the cut that costs least; None
    if none.
    """
    crop_box = compute_crop_box(face)
    required_box = _expand_face_box(face, MIN_FACE_MARGIN)
    for other in faces:
        if other.number != face.number and other.side >= MAX_OTHER_FACE_RATIO * face.side:
            cuts = [cut for cut in _exclude_box(crop_box, other.relative_box) if _contains(cut, required_box)]
            if not cuts:
                return None
            crop_box = max(cuts, key=_compute_area)
    return crop_box


def _expand_face_box(face: DetectedFace, margin: float) -> Box:
    x0, y0, x1, y1 = face.relative_box
    across, down = (margin * face.side / side for side in face.photo_size)
    return x0 - across, y0 - down, x1 + across, y1 + down


def _exclude_box(crop_box: Box, other: Box) -> tuple[Box, ...]:
    """`around` as it is if `other` is not in it, else what is left of it on each of that face's four sides."""
    x0, y0, x1, y1 = crop_box
    left, top, right, bottom = other
    if left >= x1 or right <= x0 or top >= y1 or bottom <= y0:
        return (crop_box,)
    return (x0, y0, left, y1), (x0, y0, x1, top), (right, y0, x1, y1), (x0, bottom, x1, y1)


def _contains(outer: Box, inner: Box) -> bool:
    """Whether `inner`, as far as it lies in the picture, is all in `around`."""
    x0, y0, x1, y1 = inner
    return outer[0] <= max(0, x0) and outer[1] <= max(0, y0) and outer[2] >= min(1, x1) and outer[3] >= min(1, y1)


def _compute_area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _crop(pixels: Image, crop_box: Box) -> Image:
    height, width = pixels.shape[:2]
    x0, y0 = int(crop_box[0] * width), int(crop_box[1] * height)
    x1, y1 = max(x0 + 1, round(crop_box[2] * width)), max(y0 + 1, round(crop_box[3] * height))
    return np.ascontiguousarray(pixels[y0:y1, x0:x1])


def _enlarge(pixels: Image, max_side: int) -> Image:
    scale = min(MAX_ENLARGEMENT, max_side / max(pixels.shape[:2]))
    if scale <= 1:
        return pixels
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
