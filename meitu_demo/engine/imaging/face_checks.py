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


def pick_face(image: Image) -> Face:
    """The largest face, checked. Raises EngineRejection."""
    faces = find_faces(image)
    check_faces(faces, image.shape[:2], FaceRequirement.SUITABLE)
    return faces[0]


def select_faces(faces: Sequence[Face], requirement: FaceRequirement) -> tuple[Face, ...]:
    """Those of `faces` (largest first) that an endpoint with this `requirement` edits."""
    counts = {FaceRequirement.NONE: 0, FaceRequirement.ANY: None, FaceRequirement.SUITABLE: 1}
    return tuple(faces[: counts[requirement]])


def check_faces(faces: Sequence[Face], shape: tuple[int, ...], requirement: FaceRequirement) -> None:
    """Raise the EngineRejection of an endpoint with this `requirement` for `faces` of an image of `shape`, if any."""
    if requirement is not FaceRequirement.NONE and not faces:
        raise NoFace
    if requirement is FaceRequirement.SUITABLE:
        check_face(faces[0], shape)


def check_face(face: Face, shape: tuple[int, ...]) -> None:
    """Raise the EngineRejection that matches the vendor's for `face` in an image of `shape` (height, width), if any."""
    for measure in measure_face(face, shape):
        if not measure.is_within_limit:
            raise measure.rejection


def measure_face(face: Face, shape: tuple[int, ...]) -> tuple[FaceMeasurement, ...]:
    """Measure `face` in an image of `shape`: size, cropped share, yaw, pitch; a call reports the first broken rule."""
    limit, yaw, pitch = compute_min_face_side(shape), abs(face.yaw), abs(face.pitch)
    rules = (  # the error, the share of the limit, and the share beyond which the face is borderline
        (FaceTooSmall(side=math.floor(face.side), limit=limit), limit / max(face.side, 1e-6), BORDERLINE_SHARE),
        (FaceCropped(share=round(face.cropped_share * 100)), face.cropped_share / MAX_CROPPED_SHARE, 0.0),
        (FaceTurned(angle=round(yaw), limit=round(MAX_YAW_DEG)), yaw / MAX_YAW_DEG, BORDERLINE_SHARE),
        (FaceNodded(angle=round(pitch), limit=round(MAX_PITCH_DEG)), pitch / MAX_PITCH_DEG, BORDERLINE_SHARE),
    )
    return tuple(FaceMeasurement(rejection, share <= 1, near < share <= 1) for rejection, share, near in rules)


def compute_min_face_side(shape: tuple[int, ...]) -> int:
    """Smallest accepted side of a face in pixels, for an image of `shape` (height, width).

    Rounded down, as in the document: 66 for 4096×3200.
    """
    return max(MIN_FACE_PX, min(shape[:2]) // 48)
