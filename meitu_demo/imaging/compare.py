"""Brings a photo into another picture's frame, so that the two can lie over each other in a comparison."""

import cv2
import numpy as np

from ..spec import Image, Photo
from . import codec
from .faces import find_faces

LONGEST = 1600  # px: what a screen shows
SAME_SHAPE = 0.01  # sides' ratio may differ by this share: rounding, not framing
ANCHORS = [33, 133, 362, 263, 1, 61, 291, 152]  # eye corners, nose tip, mouth corners, chin


def matching(photo: Photo, result: Photo, *, reframed: bool) -> bytes:
    """`photo` as a JPEG in the shape of `result`: itself where that has the same shape already.

    reframed: `result` shows the person elsewhere, so the photo is laid with its face over the face there; where no face
    is found in one of them it is shown whole, on a blurred ground of its own.
    """
    if not reframed and abs(photo.width * result.height / (photo.height * result.width) - 1) <= SAME_SHAPE:
        return photo.data
    scale = min(1.0, LONGEST / max(result.width, result.height))
    frame = max(1, round(result.width * scale)), max(1, round(result.height * scale))
    image = codec.decode(photo.data)
    place = _face_to_face(image, codec.decode(result.data), scale) if reframed else None
    return codec.encode(_framed(image, frame, _whole(image, frame) if place is None else place), quality=90)


def _face_to_face(image: Image, other: Image, scale: float) -> Image | None:
    """The 2×3 similarity from `image` to `scale` × `other` that lays face over face, or None."""
    faces = find_faces(image), find_faces(other)
    if not all(faces):
        return None
    here, there = (found[0].landmarks[ANCHORS] for found in faces)
    matrix, _ = cv2.estimateAffinePartial2D(here, there * scale, method=cv2.LMEDS)
    return matrix if matrix is not None and np.isfinite(matrix).all() else None


def _whole(image: Image, frame: tuple[int, int]) -> Image:
    """The 2×3 map that fits all of `image` into `frame`, centred."""
    height, width = image.shape[:2]
    fit = min(frame[0] / width, frame[1] / height)
    return np.array([[fit, 0, (frame[0] - fit * width) / 2], [0, fit, (frame[1] - fit * height) / 2]])


def _framed(image: Image, frame: tuple[int, int], place: Image) -> Image:
    """`image` placed in `frame`, with a blurred, darker copy of itself where it does not reach."""
    shrink = float(np.linalg.norm(place[:, 0]))
    if shrink < 0.5:  # averaged first: the warp alone would alias
        image = np.asarray(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        place = np.column_stack([place[:, :2] / shrink, place[:, 2]])
    tiny = cv2.resize(image, (12, 12), interpolation=cv2.INTER_AREA)
    ground = cv2.resize(tiny, frame, interpolation=cv2.INTER_CUBIC) * 0.75
    inside = np.full(image.shape[:2], 255, np.uint8)
    flags = cv2.INTER_CUBIC
    laid = cv2.warpAffine(image, place, frame, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpAffine(inside, place, frame, flags=cv2.INTER_LINEAR)[..., None] / np.float32(255)
    return np.asarray(laid * cover + ground * (1 - cover), np.uint8)
