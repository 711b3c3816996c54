"""Brings a photo into another picture's frame, so that the two can lie over each other in a comparison."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..spec import Image, Photo
from . import codec
from .faces import find_faces

LONGEST = 1600  # px: what a screen shows
SAME_SHAPE = 0.01  # sides' ratio may differ by this share: rounding, not framing
FADE = 0.08  # of the photo's shorter side
COARSE = 32  # px of the ground, before it is drawn large
ANCHORS = [33, 133, 362, 263, 1, 61, 291, 152]  # eye corners, nose tip, mouth corners, chin


def matching(photo: Photo, result: Photo, *, reframed: bool) -> bytes:
    """`photo` as a JPEG in the shape of `result`: itself where that has the same shape already.

    reframed: `result` shows the person elsewhere, so the photo is laid with its face over the face there; where no face
    is found in one of them it is shown whole. What it leaves empty goes on in the colour of the edge there.
    """
    if not reframed and abs(photo.width * result.height / (photo.height * result.width) - 1) <= SAME_SHAPE:
        return photo.data
    scale = min(1.0, LONGEST / max(result.width, result.height))
    frame = max(1, round(result.width * scale)), max(1, round(result.height * scale))
    image = codec.decode(photo.data)
    place = _face_to_face(image, codec.decode(result.data), scale) if reframed else None
    if place is None:
        return codec.encode(_framed(image, frame, _whole(image, frame)), quality=90)
    return codec.encode(_framed(image, frame, place, fade=FADE), quality=90)


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


def _framed(image: Image, frame: tuple[int, int], place: Image, fade: float = 0.0) -> Image:
    """`image` placed in `frame`; where it does not reach, the colours of its edges go on, softly.

    fade: over this share of its shorter side the picture turns into that ground, so that no edge is seen.
    """
    shrink = float(np.linalg.norm(place[:, 0]))
    if shrink < 0.5:  # averaged first: the warp alone would alias
        image = np.asarray(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        place = np.column_stack([place[:, :2] / shrink, place[:, 2]])
    laid = cv2.warpAffine(image, place, frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if _fills(image.shape[:2], place, frame):
        return np.asarray(laid, np.uint8)
    ground = _ground(image, laid, place)
    cover = _cover(image.shape[:2], place, frame, fade)
    return np.asarray(cv2.blendLinear(laid, ground, cover, 1 - cover), np.uint8)


def _ground(image: Image, laid: Image, place: Image) -> Image:
    """What lies under `image`, which is `laid` by `place` with its edges going on.

    Near the photo those, blurred; farther out what is most of each side: hair that is cut off at the top fades into the
    wall beside it, where a streak of it would go on for ever.
    """
    frame, (height, width) = laid.shape[1::-1], image.shape[:2]
    down, across = max(1, height // 40), max(1, width // 40)
    along = image[:down], image[-down:], image[:, :across], image[:, -across:]
    top, bottom, left, right = (np.median(pixels.reshape(-1, 3), axis=0) for pixels in along)
    y, x = np.mgrid[-1 : 1 : COARSE * 1j, -1 : 1 : COARSE * 1j][..., None]
    sides = np.where(abs(y) >= abs(x), np.where(y < 0, top, bottom), np.where(x < 0, left, right)).astype(np.float32)
    there = np.diag(COARSE / np.array(frame)) @ place @ np.diag([width / COARSE, height / COARSE, 1])
    far = cv2.warpAffine(sides, there, (COARSE, COARSE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones(sides.shape[:2], np.float32), there, (COARSE, COARSE), flags=cv2.INTER_LINEAR)
    near = np.minimum(2 * cv2.GaussianBlur(inside, (0, 0), 2), 1)[..., None]
    mixed = cv2.resize(laid, (COARSE, COARSE), interpolation=cv2.INTER_AREA) * near + far * (1 - near)
    soft = cv2.GaussianBlur(mixed.astype(np.uint8), (0, 0), 2)
    return np.asarray(cv2.resize(soft, frame, interpolation=cv2.INTER_CUBIC), np.uint8)


def _fills(shape: tuple[int, ...], place: Image, frame: tuple[int, int]) -> bool:
    """Whether a picture of `shape` placed in `frame` reaches all its corners, so that none of its edges is seen."""
    corners = np.array([[x, y] for x in (0, frame[0] - 1) for y in (0, frame[1] - 1)])
    inside = np.linalg.solve(place[:, :2], (corners - place[:, 2]).T).T
    return bool((inside >= 0).all() and (inside <= np.array(shape[::-1]) - 1).all())


def _cover(shape: tuple[int, ...], place: Image, frame: tuple[int, int], fade: float) -> NDArray[np.float32]:
    """How much is seen of a picture of `shape` placed in `frame`: 1 inside, 0 outside, a ramp `fade` wide between."""
    if not fade:
        return cv2.warpAffine(np.ones(shape, np.float32), place, frame, flags=cv2.INTER_LINEAR)
    coarse = max(1, round(fade * min(shape) / 8))  # px: a ramp of eight steps, drawn large, is as smooth
    height, width = (max(2, side // coarse) for side in shape)
    reach = fade * min(height, width)
    down, across = (np.minimum(np.arange(side), np.arange(side)[::-1]) / reach for side in (height, width))
    small = np.minimum(np.minimum.outer(down, across), 1).astype(np.float32)
    steps = np.array([shape[1] / width, shape[0] / height])
    placed = np.column_stack([place[:, :2] * steps, place[:, 2] + place[:, :2] @ ((steps - 1) / 2)])
    return cv2.warpAffine(small, placed, frame, flags=cv2.INTER_LINEAR)
