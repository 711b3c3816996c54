"""The magic mirror: several shapes at once on the faces of one video frame.

Frames are independent: faces are detected in each, without tracking or smoothing. Camera noise jitters landmarks by a
quarter of a pixel and the warped pixels by less, so the picture is steady without temporal filtering.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np

from ..imaging.face_checks import MAX_PITCH_DEG, MAX_YAW_DEG
from ..imaging.faces import Face, Image, find_faces
from ..imaging.warp import smootherstep
from .reshape import build_face_warp

MAX_FACES = 3
# Shapes fade out over this range below the vendor's pose limit, so that nothing jumps as a head turns.
FADE_RANGE_DEG = 10.0
FRAME_INVERSE_ITERATIONS = 4  # accurate to 0.1 px, less than camera noise

ShapeStrengths = Sequence[tuple[int, float]]  # (shape_type, strength 0..1), in order of application


class Detection(StrEnum):
    """What a frame holds. TURNED: faces, but all of them are turned too far to be reshaped."""

    FACE = "face"
    TURNED = "turned"
    NO_FACE = "no_face"


def reshape_frame(image: Image, shapes: ShapeStrengths) -> tuple[Image, Detection]:
    """Apply `shapes` to the MAX_FACES largest faces of an RGB uint8 frame. Raises ValueRejected as `reshape` does.

    Without a face or a strength above 0 the result is `image` itself, not a copy.
    """
    faces = find_faces(image)[:MAX_FACES]
    output, detection = image, Detection.TURNED if faces else Detection.NO_FACE
    for face in faces:
        pose_weight = _compute_pose_weight(face)
        detection = Detection.FACE if pose_weight else detection
        output = _apply_shapes(output, face, [(shape, strength * pose_weight) for shape, strength in shapes])
    return output, detection


def _apply_shapes(image: Image, face: Face, shapes: ShapeStrengths) -> Image:
    """Apply the shapes in turn, each to the landmarks as the previous ones moved them."""
    for shape, strength in shapes:
        warp = build_face_warp(image.shape, face, shape, strength)
        if warp.gain:
            image = warp.apply(image)
            landmarks = warp.transform_points(face.landmarks, FRAME_INVERSE_ITERATIONS)
            face = replace(face, landmarks=landmarks.astype(np.float32))
    return image


def _compute_pose_weight(face: Face) -> float:
    """1 for a frontal face, 0 at and beyond the angles that the vendor rejects."""
    margins_deg = np.array([MAX_YAW_DEG - abs(face.yaw), MAX_PITCH_DEG - abs(face.pitch)])
    return float(smootherstep(margins_deg / FADE_RANGE_DEG).min())
