"""Which face is meant, and whether it is fit: the vendors' rules for faces as our engine measures them.

Effects are held to them, and the preflight shows them before anything is sent: both ask here, so they agree.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import FaceCropped, FaceNodded, FaceTooSmall, FaceTurned, NoFace, Refusal
from ..spec import Faces
from .faces import Face, Image, find_faces

SMALLEST_FACE = 48  # px; the vendor's documents: and no less than the image's short side / 48
YAW_LIMIT = 35.0  # degrees; press photos reach 23, profile shots begin at 31
PITCH_LIMIT = 25.0  # degrees; press photos reach 19
CUT_LIMIT = 0.02  # share of the mesh outside the frame; whole faces 0, cut ones from 0.11
CLOSE = 0.8  # of a limit: beyond, a vendor that measures a little differently may refuse what fits here


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured on a face. refusal: what is answered when it does not fit, with the numbers as facts.

    close: it fits, but only just.
    """

    refusal: Refusal
    fits: bool
    close: bool


def any_face(image: Image) -> tuple[Face, ...]:
    """All faces, largest first. Raises NoFace."""
    faces = find_faces(image)
    check_faces(faces, image.shape[:2], Faces.SOME)
    return faces


def pick_face(image: Image, *, index: int = 0) -> Face:
    """The face at `index` by size (0 is the largest), checked. Raises any Refusal about faces."""
    faces = find_faces(image)
    check_faces(faces, image.shape[:2], Faces.FIT, index=index)
    return meant(faces, Faces.FIT, index=index)[0]


def meant(faces: Sequence[Face], need: Faces, *, index: int = 0) -> tuple[Face, ...]:
    """Those of `faces` (largest first) that an endpoint with this `need` works on; with FREE, none in particular."""
    if need is Faces.FIT and faces:
        return (faces[min(max(index, 0), len(faces) - 1)],)
    return tuple(faces) if need is Faces.SOME else ()


def check_faces(faces: Sequence[Face], shape: tuple[int, ...], need: Faces, *, index: int = 0) -> None:
    """Raise the Refusal of an endpoint with this `need` for what `find_faces` gave, in an image of `shape`."""
    if need is not Faces.FREE and not faces:
        raise NoFace
    if need is Faces.FIT:
        check_face(meant(faces, need, index=index)[0], shape)


def check_face(face: Face, shape: tuple[int, ...]) -> None:
    """Raise the Refusal that the vendor would answer for `face` in an image of `shape` (height, width)."""
    for measure in measures(face, shape):
        if not measure.fits:
            raise measure.refusal


def measures(face: Face, shape: tuple[int, ...]) -> tuple[Measure, ...]:
    """All that is measured on `face` in an image of `shape`: size, cut, yaw, pitch; the first misfit is answered."""
    limit = smallest_face(shape)
    too_small = FaceTooSmall(side=round(face.side), limit=math.ceil(limit))
    return (
        _measure(too_small, fits=face.side >= limit, close=face.side * CLOSE < limit),
        _measure(FaceCropped(share=round(face.cut * 100)), fits=face.cut <= CUT_LIMIT, close=face.cut > 0),
        _angle(FaceTurned, abs(face.yaw), YAW_LIMIT),
        _angle(FaceNodded, abs(face.pitch), PITCH_LIMIT),
    )


def smallest_face(shape: tuple[int, ...]) -> float:
    """Smallest accepted side of a face in pixels, for an image of `shape` (height, width)."""
    return max(SMALLEST_FACE, min(shape[:2]) / 48)


def _angle(kind: type[Refusal], angle: float, limit: float) -> Measure:
    refusal = kind(angle=round(angle), limit=round(limit))
    return _measure(refusal, fits=angle <= limit, close=angle > CLOSE * limit)


def _measure(refusal: Refusal, *, fits: bool, close: bool) -> Measure:
    return Measure(refusal, fits, fits and close)
