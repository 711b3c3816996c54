"""The magic mirror: several shapes at once on the faces of one frame of a film. Called by the mirror's route.

Nothing is carried from frame to frame: faces are found afresh in each. A face's landmarks tremble by a quarter of a
pixel under a camera's noise, and what they move by a fraction of that, so nothing needs to be remembered to be calm.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np

from ..imaging.face_checks import MAX_PITCH_DEG, MAX_YAW_DEG
from ..imaging.faces import Face, Image, find_faces
from ..imaging.warp import smootherstep
from .reshape import build_face_warp

MAX_FACES = 3  # the largest: whoever stands in front of the mirror, and who looks over their shoulders
FADE_RANGE_DEG = (
    10.0  # degrees before the vendor's limit over which the shapes fade away: nothing jumps as a head turns
)
FRAME_INVERSE_ITERATIONS = 4  # a tenth of a pixel, which the next frame's camera noise exceeds

ShapeStrengths = Sequence[tuple[int, float]]  # (shape_type, strength 0..1), in the order in which they are applied


class Detection(StrEnum):
    """What was seen in a frame. TURNED: faces, all of them turned or nodded too far to be reshaped."""

    FACE = "face"
    TURNED = "turned"
    NO_FACE = "no_face"


def reshape_frame(image: Image, shapes: ShapeStrengths) -> tuple[Image, Detection]:
    """`image` with the shapes on each of its largest faces, and what was seen. Raises as `reshape` does."""
    faces = find_faces(image)[:MAX_FACES]
    output, detection = image, Detection.TURNED if faces else Detection.NO_FACE
    for face in faces:
        pose_weight = _compute_pose_weight(face)
        detection = Detection.FACE if pose_weight else detection
        output = _apply_shapes(output, face, [(shape, strength * pose_weight) for shape, strength in shapes])
    return output, detection


def _apply_shapes(image: Image, face: Face, shapes: ShapeStrengths) -> Image:
    """One shape after the other, each where the ones before have left the face."""
    for shape, strength in shapes:
        warp = build_face_warp(image.shape, face, shape, strength)
        if warp.gain:
            image = warp.apply(image)
            face = replace(
                face, landmarks=warp.transform_points(face.landmarks, FRAME_INVERSE_ITERATIONS).astype(np.float32)
            )
    return image


def _compute_pose_weight(face: Face) -> float:
    """1 for a face that looks here, 0 from the angles on at which the vendor would refuse it."""
    margins_deg = np.array([MAX_YAW_DEG - abs(face.yaw), MAX_PITCH_DEG - abs(face.pitch)])
    return float(smootherstep(margins_deg / FADE_RANGE_DEG).min())
