"""What has moved in a face, measured from two pictures of it alone: so it is true of any vendor's result.

Landmarks are found in the first picture and followed to the second. What lies within the noise of this very pair (how
far the way there and the way back disagree) is not told.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imaging.face import Face
from ..imaging.flow import track_landmarks
from ..spec import Image
from .measures import MEASURES, Ruler

Points = NDArray[np.float64]

STILL = 0.0025  # face widths: less is no movement, also between two files of one picture
NOISE = 6.0  # times the pair's own noise
LOST = 0.02  # face widths: a landmark whose way back ends further off has not been found again
COMPARABLE = 0.75  # share of the landmarks that must have been found
NEIGHBOURS, AGREE, FEWEST = 5, 0.5, 6  # skin moves together: a landmark by itself is noise
LONG_ENOUGH = 0.3  # of the longest way: what is shown as an arrow
APART, MOST = 0.07, 32  # face widths between two arrows, and how many there are at most
LONGEST, TIMES = 0.14, 12  # face widths: arrows are drawn up to so long, or nobody would see them
SURE = 3.0  # times its own uncertainty
LEAST_PERCENT, LEAST_DEGREES = 1.5, 0.6
TELLING, FEW = 0.35, 4  # what changed by less than this share of the most is not told; nor is a fifth

# One name for each reading; the shapes between, to which the same readings belong, are left out.
READINGS = {
    "cheekbones": 0, "contour": 1, "cheeks": 2, "face_length": 3, "chin_length": 4, "chin_width": 6, "jaw": 7,
    "eye_size": 8, "eye_tilt": 9, "eye_distance": 10, "eye_opening": 13, "nose_width": 14, "wings": 15,
    "nose_length": 16, "nose_tip": 17, "mouth_width": 18, "lip_size": 19, "mouth_height": 20, "philtrum": 21,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One reading that differs. name: a key of READINGS. by: signed, per cent of what it was, or degrees."""

    name: str
    by: float
    degrees: bool


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """comparable: the face of the first picture is to be found in the second; else there is nothing else here.

    starts, ways: (n, 2) pixels of the first picture, the longest first. times: how much longer the ways can be drawn.
    """

    face: Face
    comparable: bool
    starts: Points
    ways: Points
    times: int
    changes: tuple[Change, ...]


def find_moved(before: Image, after: Image, face: Face) -> Moved:
    """What has moved of `face`, found in `before`. Blocks for about a fifth of a second."""
    followed = track_landmarks(before, after, face)
    landmarks = face.landmarks.astype(np.float64)
    closing = np.linalg.norm(followed.round_trip_error, axis=1) / face.width
    found = closing < LOST
    nothing = Moved(face, bool(found.mean() >= COMPARABLE), np.empty((0, 2)), np.empty((0, 2)), 1, ())
    if not nothing.comparable:
        return nothing
    noise = float(np.sqrt((closing[found] ** 2).mean()))
    length = np.linalg.norm(followed.vectors, axis=1) / face.width
    surely = found & (length > max(STILL, NOISE * noise)) & _together(landmarks, followed.vectors)
    if surely.sum() < FEWEST:
        return nothing
    chosen = _spread(landmarks / face.width, length, surely)
    times = int(np.clip(LONGEST / length[chosen[0]], 1, TIMES))
    changes = _changes(landmarks, followed.vectors, followed.round_trip_error, Ruler.of(face))
    return Moved(face, True, landmarks[chosen], followed.vectors[chosen], times, changes)


def _together(landmarks: Points, moved: Points) -> NDArray[np.bool_]:
    """Which landmarks go about where the middle one of their neighbours goes."""
    gaps = np.linalg.norm(landmarks[:, None] - landmarks[None], axis=-1)
    near = np.argsort(gaps, axis=1)[:, 1 : NEIGHBOURS + 1]
    off = np.linalg.norm(moved - np.median(moved[near], axis=1), axis=1)
    return np.asarray(off <= AGREE * np.linalg.norm(moved, axis=1))


def _spread(places: Points, length: Points, surely: NDArray[np.bool_]) -> list[int]:
    """Landmarks with the longest ways, at some distance from each other; `places` in face widths."""
    chosen: list[int] = []
    for mark in np.argsort(-np.where(surely, length, 0)).tolist():
        if not surely[mark] or len(chosen) == MOST or (chosen and length[mark] < LONG_ENOUGH * length[chosen[0]]):
            break
        if all(np.linalg.norm(places[mark] - places[other]) >= APART for other in chosen):
            chosen.append(mark)
    return chosen


def _changes(landmarks: Points, moved: Points, closing: Points, ruler: Ruler) -> tuple[Change, ...]:
    """The few readings that changed most, compared by how much each shape must move its own."""
    found: list[tuple[float, Change]] = []
    for name, number in READINGS.items():
        measure = MEASURES[number]
        by = measure.moved(landmarks + moved, ruler)
        unsure = max(abs(measure.moved(landmarks + moved + sign * closing, ruler) - by) for sign in (-1, 1))
        if abs(by) > max(LEAST_DEGREES if measure.degrees else LEAST_PERCENT, SURE * unsure):
            found.append((abs(by) / measure.bar, Change(name, measure.direction * by, measure.degrees)))
    found.sort(key=lambda pair: -pair[0])
    return tuple(change for weight, change in found[:FEW] if weight >= TELLING * found[0][0])
