"""Facial displacement between two pictures, measured from the pixels alone, so that it holds for any vendor's result.

Landmarks are detected in the first picture and tracked to the second by optical flow. Displacements within the pair's
noise, estimated from the forward-backward tracking error, are not reported.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from ..imaging.align import Points
from ..imaging.face import Face
from ..imaging.optical_flow import track_landmarks
from .shape_measures import MEASURES, ReferenceFace

# Re-encoding a picture moves landmarks by less than this.
MIN_DISPLACEMENT_FACE_WIDTHS = 0.0025
MIN_SIGNAL_TO_NOISE = 6.0
MAX_ROUND_TRIP_ERROR_FACE_WIDTHS = 0.02  # a larger error means that tracking failed
MIN_TRACKED_SHARE = 0.75
# Skin moves together: a landmark that disagrees with its neighbours is noise.
NEIGHBOUR_COUNT, MAX_NEIGHBOUR_DEVIATION, MIN_MOVED_LANDMARKS = 5, 0.5, 6
MIN_ARROW_LENGTH_SHARE = 0.3  # of the longest displacement
MIN_ARROW_SPACING_FACE_WIDTHS, MAX_ARROWS = 0.07, 32
# Small displacements are exaggerated so that the arrows can be seen.
MAX_ARROW_LENGTH_FACE_WIDTHS, MAX_EXAGGERATION = 0.14, 12
MIN_CHANGE_TO_UNCERTAINTY = 3.0
MIN_CHANGE_PERCENT, MIN_CHANGE_DEG = 1.5, 0.6
MIN_SHARE_OF_LARGEST_CHANGE, MAX_REPORTED_CHANGES = 0.35, 4

# Index into MEASURES by name. Shapes that share a measure with another are left out.
MEASURE_INDEX_BY_NAME = {
    "cheekbones": 0, "contour": 1, "cheeks": 2, "face_length": 3, "chin_length": 4, "chin_width": 6, "jaw": 7,
    "eye_size": 8, "eye_tilt": 9, "eye_distance": 10, "eye_opening": 13, "nose_width": 14, "wings": 15,
    "nose_length": 16, "nose_tip": 17, "mouth_width": 18, "lip_size": 19, "mouth_height": 20, "philtrum": 21,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """A measure that changed. name: a key of MEASURE_INDEX_BY_NAME. amount: signed, in per cent or degrees."""

    name: str
    amount: float
    is_angle: bool


@dataclass(frozen=True, slots=True, eq=False)
class FaceDisplacement:
    """How a face differs between two pictures.

    is_comparable: whether the face was found in the second picture; if not, everything else is empty.
    starts, vectors: (n, 2) in pixels of the first picture, longest vector first.
    exaggeration: the integer factor, 1..12, by which to lengthen the vectors when drawing them.
    """

    face: Face
    is_comparable: bool
    starts: Points
    vectors: Points
    exaggeration: int
    changes: tuple[FeatureChange, ...]


def measure_displacement(before: Image, after: Image, face: Face) -> FaceDisplacement:
    """How `face`, detected in `before`, differs in `after`: RGB uint8 of one size. Takes about 0.2 s."""
    vectors, errors = track_landmarks(before, after, face)
    landmarks = face.landmarks.astype(np.float64)
    round_trip_error = np.linalg.norm(errors, axis=1) / face.width
    tracked = round_trip_error < MAX_ROUND_TRIP_ERROR_FACE_WIDTHS
    is_comparable, no_vectors = bool(tracked.mean() >= MIN_TRACKED_SHARE), np.empty((0, 2))
    no_displacement = FaceDisplacement(face, is_comparable, no_vectors, no_vectors, 1, ())
    if not is_comparable:
        return no_displacement
    noise = float(np.sqrt((round_trip_error[tracked] ** 2).mean()))
    length = np.linalg.norm(vectors, axis=1) / face.width
    significant = (
        tracked
        & (length > max(MIN_DISPLACEMENT_FACE_WIDTHS, MIN_SIGNAL_TO_NOISE * noise))
        & _select_coherent(landmarks, vectors)
    )
    if significant.sum() < MIN_MOVED_LANDMARKS:
        return no_displacement
    chosen = _select_spaced_landmarks(landmarks / face.width, length, significant)
    exaggeration = int(np.clip(MAX_ARROW_LENGTH_FACE_WIDTHS / length[chosen[0]], 1, MAX_EXAGGERATION))
    changes = _rank_changes(landmarks, vectors, errors, ReferenceFace.from_face(face))
    return FaceDisplacement(face, True, landmarks[chosen], vectors[chosen], exaggeration, changes)


def _select_coherent(landmarks: Points, vectors: Points) -> NDArray[np.bool_]:
    """Which landmarks move like the median of their neighbours."""
    distances = np.linalg.norm(landmarks[:, None] - landmarks[None], axis=-1)
    neighbours = np.argsort(distances, axis=1)[:, 1 : NEIGHBOUR_COUNT + 1]
    deviations = np.linalg.norm(vectors - np.median(vectors[neighbours], axis=1), axis=1)
    return np.asarray(deviations <= MAX_NEIGHBOUR_DEVIATION * np.linalg.norm(vectors, axis=1))


def _select_spaced_landmarks(positions: Points, lengths: Points, significant: NDArray[np.bool_]) -> list[int]:
    """The landmarks with the longest vectors, spaced apart. positions: (n, 2) in face widths."""
    chosen: list[int] = []
    for landmark in np.argsort(-np.where(significant, lengths, 0)).tolist():
        is_short = chosen and lengths[landmark] < MIN_ARROW_LENGTH_SHARE * lengths[chosen[0]]
        if not significant[landmark] or len(chosen) == MAX_ARROWS or is_short:
            break
        distances = np.linalg.norm(positions[landmark] - positions[chosen], axis=-1)
        if (distances >= MIN_ARROW_SPACING_FACE_WIDTHS).all():
            chosen.append(landmark)
    return chosen


def _rank_changes(
    landmarks: Points, vectors: Points, round_trip_error: Points, reference: ReferenceFace
) -> tuple[FeatureChange, ...]:
    """The few measures that changed most, each relative to the least change that its shape must make."""
    found: list[tuple[float, FeatureChange]] = []
    for name, shape_type in MEASURE_INDEX_BY_NAME.items():
        measure = MEASURES[shape_type]
        amount = measure.compute_change(landmarks + vectors, reference)
        uncertainty = max(
            abs(measure.compute_change(landmarks + vectors + sign * round_trip_error, reference) - amount)
            for sign in (-1, 1)
        )
        min_change = MIN_CHANGE_DEG if measure.is_angle else MIN_CHANGE_PERCENT
        if abs(amount) > max(min_change, MIN_CHANGE_TO_UNCERTAINTY * uncertainty):
            change = FeatureChange(name, measure.direction * amount, measure.is_angle)
            found.append((abs(amount) / measure.min_change, change))
    found.sort(key=lambda pair: -pair[0])
    min_weight = MIN_SHARE_OF_LARGEST_CHANGE * found[0][0] if found else 0.0
    return tuple(change for weight, change in found[:MAX_REPORTED_CHANGES] if weight >= min_weight)
