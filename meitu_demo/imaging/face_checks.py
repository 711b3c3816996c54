"""Which face is meant, and whether it is fit: the vendors' rules for faces as our engine measures them."""

import math

from ..errors import FaceCropped, FaceNodded, FaceTooSmall, FaceTurned, NoFace
from .faces import Face, Image, find_faces

SMALLEST_FACE = 48  # px; the vendor's documents: and no less than the image's short side / 48
YAW_LIMIT = 35.0  # degrees; press photos reach 23, profile shots begin at 31
PITCH_LIMIT = 25.0  # degrees; press photos reach 19
CUT_LIMIT = 0.02  # share of the mesh outside the frame; whole faces 0, cut ones from 0.11


def any_face(image: Image) -> tuple[Face, ...]:
    """All faces, largest first. Raises NoFace."""
    faces = find_faces(image)
    if not faces:
        raise NoFace
    return faces


def pick_face(image: Image, *, index: int = 0) -> Face:
    """The face at `index` by size (0 is the largest), checked. Raises any Refusal about faces."""
    faces = any_face(image)
    face = faces[min(max(index, 0), len(faces) - 1)]
    check_face(face, image.shape[:2])
    return face


def check_face(face: Face, shape: tuple[int, ...]) -> None:
    """Raise the Refusal that the vendor would answer for `face` in an image of `shape` (height, width)."""
    limit = smallest_face(shape)
    if face.side < limit:
        raise FaceTooSmall(side=round(face.side), limit=math.ceil(limit))
    if face.cut > CUT_LIMIT:
        raise FaceCropped(share=round(face.cut * 100))
    if abs(face.yaw) > YAW_LIMIT:
        raise FaceTurned(angle=round(abs(face.yaw)), limit=round(YAW_LIMIT))
    if abs(face.pitch) > PITCH_LIMIT:
        raise FaceNodded(angle=round(abs(face.pitch)), limit=round(PITCH_LIMIT))


def smallest_face(shape: tuple[int, ...]) -> float:
    """Smallest accepted side of a face in pixels, for an image of `shape` (height, width)."""
    return max(SMALLEST_FACE, min(shape[:2]) / 48)
