"""What has moved in a face, measured from two pictures of it alone: so it is true of any vendor's result.

Landmarks are found in the first picture and followed to the second. What lies within the noise of this very pair (how
far the way there and the way back disagree) is not told.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from ..imaging.face import Face
from ..imaging.optical_flow import track_landmarks
from .shape_measures import MEASURES, ReferenceFace

Points = NDArray[np.float64]

MIN_DISPLACEMENT_FACE_WIDTHS = 0.0025  # face widths: less is no movement, also between two files of one picture
MIN_SIGNAL_TO_NOISE = 6.0  # times the pair's own noise
MAX_ROUND_TRIP_ERROR_FACE_WIDTHS = (
    0.02  # face widths: a landmark whose way back ends further off has not been found again
)
MIN_TRACKED_SHARE = 0.75  # share of the landmarks that must have been found
NEIGHBOUR_COUNT, MAX_NEIGHBOUR_DEVIATION, MIN_MOVED_LANDMARKS = (
    5,
    0.5,
    6,
)  # skin moves together: a landmark by itself is noise
MIN_ARROW_LENGTH_SHARE = 0.3  # of the longest way: what is shown as an arrow
MIN_ARROW_SPACING_FACE_WIDTHS, MAX_ARROWS = 0.07, 32  # face widths between two arrows, and how many there are at most
MAX_ARROW_LENGTH_FACE_WIDTHS, MAX_EXAGGERATION = (
    0.14,
    12,
)  # face widths: arrows are drawn up to so long, or nobody would see them
MIN_CHANGE_TO_UNCERTAINTY = 3.0  # times its own uncertainty
MIN_CHANGE_PERCENT, MIN_CHANGE_DEG = 1.5, 0.6
MIN_SHARE_OF_LARGEST_CHANGE, MAX_REPORTED_CHANGES = (
    0.35,
    4,
)  # what changed by less than this share of the most is not told; nor is a fifth

# One name for each reading; the shapes between, to which the same readings belong, are left out.
MEASURE_INDEX_BY_NAME = {
    "cheekbones": 0, "contour": 1, "cheeks": 2, "face_length": 3, "chin_length": 4, "chin_width": 6, "jaw": 7,
    "eye_size": 8, "eye_tilt": 9, "eye_distance": 10, "eye_opening": 13, "nose_width": 14, "wings": 15,
    "nose_length": 16, "nose_tip": 17, "mouth_width": 18, "lip_size": 19, "mouth_height": 20, "philtrum": 21,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """One reading that differs. name: a key of READINGS. by: signed, per cent of what it was, or degrees."""

    name: str
    amount: float
    is_angle: bool


@dataclass(frozen=True, slots=True, eq=False)
class FaceDisplacement:
    """comparable: the face of the first picture is to be found in the second; else there is nothing else here.

    starts, ways: (n, 2) pixels of the first picture, the longest first. times: how much longer the ways can be drawn.
    """

    face: Face
    is_comparable: bool
    starts: Points
    vectors: Points
    exaggeration: int
    changes: tuple[FeatureChange, ...]


def measure_displacement(before: Image, after: Image, face: Face) -> FaceDisplacement:
    """What has moved of `face`, found in `before`. Blocks for about a fifth of a second."""
    flow = track_landmarks(before, after, face)
    landmarks = face.landmarks.astype(np.float64)
    round_trip_error = np.linalg.norm(flow.round_trip_error, axis=1) / face.width
    tracked = round_trip_error < MAX_ROUND_TRIP_ERROR_FACE_WIDTHS
    no_displacement = FaceDisplacement(
        face, bool(tracked.mean() >= MIN_TRACKED_SHARE), np.empty((0, 2)), np.empty((0, 2)), 1, ()
    )
    if not no_displacement.is_comparable:
        return no_displacement
    noise = float(np.sqrt((round_trip_error[tracked] ** 2).mean()))
    length = np.linalg.norm(flow.vectors, axis=1) / face.width
    significant = (
        tracked
        & (length > max(MIN_DISPLACEMENT_FACE_WIDTHS, MIN_SIGNAL_TO_NOISE * noise))
        & _select_coherent(landmarks, flow.vectors)
    )
    if significant.sum() < MIN_MOVED_LANDMARKS:
        return no_displacement
    chosen = _select_spaced_landmarks(landmarks / face.width, length, significant)
    exaggeration = int(np.clip(MAX_ARROW_LENGTH_FACE_WIDTHS / length[chosen[0]], 1, MAX_EXAGGERATION))
    changes = _rank_changes(landmarks, flow.vectors, flow.round_trip_error, ReferenceFace.from_face(face))
    return FaceDisplacement(face, True, landmarks[chosen], flow.vectors[chosen], exaggeration, changes)


def _select_coherent(landmarks: Points, vectors: Points) -> NDArray[np.bool_]:
    """Which landmarks go about where the middle one of their neighbours goes."""
    distances = np.linalg.norm(landmarks[:, None] - landmarks[None], axis=-1)
    neighbours = np.argsort(distances, axis=1)[:, 1 : NEIGHBOUR_COUNT + 1]
    deviations = np.linalg.norm(vectors - np.median(vectors[neighbours], axis=1), axis=1)
    return np.asarray(deviations <= MAX_NEIGHBOUR_DEVIATION * np.linalg.norm(vectors, axis=1))


def _select_spaced_landmarks(positions: Points, lengths: Points, significant: NDArray[np.bool_]) -> list[int]:
    """Landmarks with the longest ways, at some distance from each other; `places` in face widths."""
    chosen: list[int] = []
    for landmark in np.argsort(-np.where(significant, lengths, 0)).tolist():
        if (
            not significant[landmark]
            or len(chosen) == MAX_ARROWS
            or (chosen and lengths[landmark] < MIN_ARROW_LENGTH_SHARE * lengths[chosen[0]])
        ):
            break
        if all(
            np.linalg.norm(positions[landmark] - positions[other]) >= MIN_ARROW_SPACING_FACE_WIDTHS for other in chosen
        ):
            chosen.append(landmark)
    return chosen


def _rank_changes(
    landmarks: Points, vectors: Points, round_trip_error: Points, reference: ReferenceFace
) -> tuple[FeatureChange, ...]:
    """The few readings that changed most, compared by how much each shape must move its own."""
    found: list[tuple[float, FeatureChange]] = []
    for name, shape_type in MEASURE_INDEX_BY_NAME.items():
        measure = MEASURES[shape_type]
        amount = measure.compute_change(landmarks + vectors, reference)
        uncertainty = max(
            abs(measure.compute_change(landmarks + vectors + sign * round_trip_error, reference) - amount)
            for sign in (-1, 1)
        )
        if abs(amount) > max(
            MIN_CHANGE_DEG if measure.is_angle else MIN_CHANGE_PERCENT, MIN_CHANGE_TO_UNCERTAINTY * uncertainty
        ):
            found.append(
                (abs(amount) / measure.min_change, FeatureChange(name, measure.direction * amount, measure.is_angle))
            )
    found.sort(key=lambda pair: -pair[0])
    return tuple(
        change for weight, change in found[:MAX_REPORTED_CHANGES] if weight >= MIN_SHARE_OF_LARGEST_CHANGE * found[0][0]
    )
