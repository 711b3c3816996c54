"""Selects the face to edit and checks it against the vendors' rules for size, framing and pose.

Effects and the preflight both use these checks, so they agree.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...domain.errors import EngineRejection, FaceCropped, FaceNodded, FaceTooSmall, FaceTurned, NoFace
from ...domain.model import FaceRequirement
from .faces import Face, Image, find_faces

MIN_FACE_PX = 48  # from the vendor's documents, which also require the image's short side / 48
MAX_YAW_DEG = 35.0  # press photos reach 23, profile shots begin at 31
MAX_PITCH_DEG = 25.0  # press photos reach 19
MAX_CROPPED_SHARE = 0.02  # of the mesh, outside the frame; complete faces measure 0, cropped ones 0.11 and more
BORDERLINE_SHARE = 0.8  # of a limit; beyond this share, a vendor that measures slightly differently may reject the face


@dataclass(frozen=True, slots=True)
class FaceMeasurement:
    """One rule, measured on a face. rejection: the error when the face breaks the rule, with the numbers as facts.

    is_borderline: within the limit, but close to it.
    """

    rejection: EngineRejection
    is_within_limit: bool
    is_borderline: bool


def require_faces(image: Image) -> tuple[Face, ...]:
    """All faces, largest first. Raises NoFace."""
    faces = find_faces(image)
    check_faces(faces, image.shape[:2], FaceRequirement.ANY)
    return faces


def pick_face(image: Image, *, index: int = 0) -> Face:
    """The face at `index` by size (0 is the largest), checked. Raises EngineRejection."""
    faces = find_faces(image)
    check_faces(faces, image.shape[:2], FaceRequirement.SUITABLE, index=index)
    return select_faces(faces, FaceRequirement.SUITABLE, index=index)[0]


def select_faces(faces: Sequence[Face], requirement: FaceRequirement, *, index: int = 0) -> tuple[Face, ...]:
    """Those of `faces` (largest first) that an endpoint with this `requirement` edits; none for NONE."""
    if requirement is FaceRequirement.SUITABLE and faces:
        return (faces[min(max(index, 0), len(faces) - 1)],)
    return tuple(faces) if requirement is FaceRequirement.ANY else ()


def check_faces(faces: Sequence[Face], shape: tuple[int, ...], requirement: FaceRequirement, *, index: int = 0) -> None:
    """Raise the EngineRejection of an endpoint with this `requirement` for `faces` of an image of `shape`, if any."""
    if requirement is not FaceRequirement.NONE and not faces:
        raise NoFace
    if requirement is FaceRequirement.SUITABLE:
        check_face(select_faces(faces, requirement, index=index)[0], shape)


def check_face(face: Face, shape: tuple[int, ...]) -> None:
    """Raise the EngineRejection that matches the vendor's for `face` in an image of `shape` (height, width), if any."""
    for measure in measure_face(face, shape):
        if not measure.is_within_limit:
            raise measure.rejection


def measure_face(face: Face, shape: tuple[int, ...]) -> tuple[FaceMeasurement, ...]:
    """Measure `face` in an image of `shape`: size, cropped share, yaw, pitch; a call reports the first broken rule."""
    limit = compute_min_face_side(shape)
    too_small = FaceTooSmall(side=math.floor(face.side), limit=limit)
    return (
        _build_measurement(
            too_small, is_within_limit=face.side >= limit, is_near_limit=face.side * BORDERLINE_SHARE < limit
        ),
        _build_measurement(
            FaceCropped(share=round(face.cropped_share * 100)),
            is_within_limit=face.cropped_share <= MAX_CROPPED_SHARE,
            is_near_limit=face.cropped_share > 0,
        ),
        _measure_angle(FaceTurned, abs(face.yaw), MAX_YAW_DEG),
        _measure_angle(FaceNodded, abs(face.pitch), MAX_PITCH_DEG),
    )


def compute_min_face_side(shape: tuple[int, ...]) -> int:
    """Smallest accepted side of a face in pixels, for an image of `shape` (height, width).

    Rounded down, as in the document: 66 for 4096×3200.
    """
    return max(MIN_FACE_PX, min(shape[:2]) // 48)


def _measure_angle(kind: type[EngineRejection], angle: float, limit: float) -> FaceMeasurement:
    rejection = kind(angle=round(angle), limit=round(limit))
    return _build_measurement(rejection, is_within_limit=angle <= limit, is_near_limit=angle > BORDERLINE_SHARE * limit)


def _build_measurement(rejection: EngineRejection, *, is_within_limit: bool, is_near_limit: bool) -> FaceMeasurement:
    return FaceMeasurement(rejection, is_within_limit, is_within_limit and is_near_limit)
