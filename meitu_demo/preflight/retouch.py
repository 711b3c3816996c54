"""The mends themselves: an encoded photo in, a JPEG out that holds nothing but pixels. Pure; each blocks.

Only this package imports it. They work on the photo as given, not on the smaller one that would be sent: a crop then
keeps all the pixels that the camera took. Each raises ImageRejected for a photo that cannot be opened.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ImageRejected
from ..imaging import codec
from ..spec import Endpoint, Image
from .report import Box, Found

ROOM = 1.0  # of the face's side, around it: hair, chin and some of the shoulders
BREATH = 0.1  # of the face's side: the least around it when another face is kept out
SMALLER = 0.9  # another face under this share of the chosen one's side may stay: it is not taken for the largest
ENLARGED = 2.0  # at most; more would be paint


def crop_to_face(source: bytes, face: Found) -> bytes:
    """The photo around `face`, as far as the frame reaches."""
    return codec.encode(_cropped(codec.decode(source), window(face)))


def only_face(source: bytes, face: Found, faces: Sequence[Found]) -> bytes:
    """The photo around `face` without any of `faces` that would be taken for it. Raises ImageRejected faces_overlap."""
    around = window_without(face, faces)
    if around is None:
        raise ImageRejected("faces_overlap")
    return codec.encode(_cropped(codec.decode(source), around))


def turn_upright(source: bytes, face: Found) -> bytes:
    """The photo turned by as many quarter turns as bring `face` upright."""
    return codec.encode(np.ascontiguousarray(np.rot90(codec.decode(source), face.turns)))


def enlarge(source: bytes, endpoint: Endpoint) -> bytes:
    """The photo twice the size, or as far as the vendor's longest side lets it; Lanczos, which adds no detail."""
    return codec.encode(_enlarged(codec.decode(source), endpoint.limits.max_side))


def crop_and_enlarge(source: bytes, face: Found, endpoint: Endpoint) -> bytes:
    """Both, with one encoding."""
    return codec.encode(_enlarged(_cropped(codec.decode(source), window(face)), endpoint.limits.max_side))


def window(face: Found) -> Box:
    """What `crop_to_face` keeps, in shares of the picture."""
    x0, y0, x1, y1 = _grown(face, ROOM)
    return max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1)


def window_without(face: Found, faces: Sequence[Found]) -> Box | None:
    """What `only_face` keeps: at each other face that is too large to stay, the cut that costs least; None if none."""
    around = window(face)
    inner = _grown(face, BREATH)
    for other in faces:
        if other.number != face.number and other.side >= SMALLER * face.side:
            cuts = [cut for cut in _cuts(around, other.shares) if _holds(cut, inner)]
            if not cuts:
                return None
            around = max(cuts, key=_area)
    return around


def _grown(face: Found, room: float) -> Box:
    x0, y0, x1, y1 = face.shares
    across, down = (room * face.side / side for side in face.frame)
    return x0 - across, y0 - down, x1 + across, y1 + down


def _cuts(around: Box, other: Box) -> tuple[Box, ...]:
    """`around` as it is if `other` is not in it, else what is left of it on each of that face's four sides."""
    x0, y0, x1, y1 = around
    left, top, right, bottom = other
    if left >= x1 or right <= x0 or top >= y1 or bottom <= y0:
        return (around,)
    return (x0, y0, left, y1), (x0, y0, x1, top), (right, y0, x1, y1), (x0, bottom, x1, y1)


def _holds(around: Box, inner: Box) -> bool:
    """Whether `inner`, as far as it lies in the picture, is all in `around`."""
    x0, y0, x1, y1 = inner
    return around[0] <= max(0, x0) and around[1] <= max(0, y0) and around[2] >= min(1, x1) and around[3] >= min(1, y1)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _cropped(pixels: Image, around: Box) -> Image:
    height, width = pixels.shape[:2]
    x0, y0 = int(around[0] * width), int(around[1] * height)
    x1, y1 = max(x0 + 1, round(around[2] * width)), max(y0 + 1, round(around[3] * height))
    return np.ascontiguousarray(pixels[y0:y1, x0:x1])


def _enlarged(pixels: Image, most: int) -> Image:
    scale = min(ENLARGED, most / max(pixels.shape[:2]))
    if scale <= 1:
        return pixels
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
