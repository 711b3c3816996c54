"""Finds faces: MediaPipe's detectors united, then its refined face mesh.

The detectors propose boxes on a small copy of the image (upright first, then the three quarter turns); each box is cut
out upright and given to FaceMesh; a mesh counts only if its centre lies inside the box that proposed it. Models load
at the first face, not at import. One FaceMesh shared by threads answers wrongly: each worker borrows its own.
"""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .face import Face, make_face
from .lately import Lately
from .solutions import solution

__all__ = ["Face", "Image", "find_faces", "forget", "make_face", "remembered"]

Image = NDArray[np.uint8]

DETECTION_SIDE = 1280  # px; larger finds no more faces and costs more
CROP_SIDE = 384  # px of the roll-aligned crop that the mesh sees
CROP_MARGIN = 1.7  # crop side / box side: the mesh wants the hair line and the chin with room around
UPRIGHT_SCORE = 0.5
TURNED_SCORE = 0.78  # below, pictures without a face yield faces on their side
POOL_SIZE = 2  # each worker costs about 140 MB; more than cores are no faster
_lately: Lately[tuple[Face, ...]] = Lately(8)  # pictures of a few runs that go on beside each other
remembered = _lately.at_work  # for a block that may look at the same picture again
forget = _lately.forget


def find_faces(image: Image) -> tuple[Face, ...]:
    """All faces, largest first; an empty tuple when there is none. Thread-safe, 20–80 ms."""
    scale = min(1.0, DETECTION_SIDE / max(image.shape[:2]))
    if min(image.shape[:2]) * scale < 1:  # a line of pixels
        return ()
    small = image if scale == 1.0 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return _lately.of(small, lambda: _search(image, small, scale), image.shape)


def _search(image: Image, small: Image, scale: float) -> tuple[Face, ...]:
    best: list[Face] = []
    with _models() as models:
        for turns in (0, 3, 1, 2):
            faces = _find_turned(models, image, small, scale, turns)
            best = max(best, faces, key=_confidence)
            if _confidence(best) >= TURNED_SCORE:
                break  # a weak upright find may be a face upside down: only then look further
    return tuple(sorted(best, key=lambda face: -face.side))


def load_models() -> None:
    """Load a worker's models, unless one has them; seconds. Raises whatever keeps them from being loaded."""
    with _models():
        pass


def _confidence(faces: list[Face]) -> float:
    return max((face.score for face in faces), default=0.0)


def _find_turned(models: "_Models", image: Image, small: Image, scale: float, turns: int) -> list[Face]:
    view = np.ascontiguousarray(np.rot90(small, turns))
    threshold = TURNED_SCORE if turns else UPRIGHT_SCORE
    faces: list[Face] = []
    for box in models.boxes(view, threshold):
        crop = _crop_matrix(box, turns, small.shape[:2], scale)
        face = _mesh(models, image, crop, box.score)
        if face is not None and not any(_same(face, other) for other in faces):
            faces.append(face)
    return faces


@dataclass(frozen=True, slots=True)
class _Box:
    centre: NDArray[np.float64]
    side: float
    eyes: NDArray[np.float64]  # from the subject's right eye to the left
    score: float


def _crop_matrix(box: _Box, turns: int, shape: tuple[int, ...], scale: float) -> NDArray[np.float64]:
    """The 2×3 similarity from crop pixels to pixels of the full image, with the eyes level in the crop."""
    eyes = box.eyes / max(float(np.linalg.norm(box.eyes)), 1e-6)
    step = box.side * CROP_MARGIN / CROP_SIDE
    axes = np.stack([eyes, [-eyes[1], eyes[0]]], 1) * step
    to_view = np.column_stack([axes, box.centre - axes @ [CROP_SIDE / 2, CROP_SIDE / 2]])
    to_small = _unturn(turns, shape) @ np.vstack([to_view, [0, 0, 1]])
    return np.asarray(to_small[:2] / scale)


def _unturn(turns: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The 3×3 map from pixels of ``np.rot90(image, turns)`` back to pixels of an image of `shape`."""
    height, width = shape
    if turns == 1:
        return np.array([[0, -1, width - 1], [1, 0, 0], [0, 0, 1]], float)
    if turns == 2:
        return np.array([[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1]], float)
    if turns == 3:
        return np.array([[0, 1, 0], [-1, 0, height - 1], [0, 0, 1]], float)
    return np.eye(3)


def _mesh(models: "_Models", image: Image, crop: NDArray[np.float64], score: float) -> Face | None:
    points = models.mesh(_cut_out(image, crop))
    if points is None:
        return None
    flat = points[:, :2] * CROP_SIDE
    if not (abs(flat.mean(0) / CROP_SIDE - 0.5) < 0.5 / CROP_MARGIN).all():
        return None  # the mesh sits on something beside the box
    landmarks = (flat @ crop[:, :2].T + crop[:, 2]).astype(np.float32)
    depth = (points[:, 2] * CROP_SIDE * np.linalg.norm(crop[:, 0])).astype(np.float32)
    landmarks.flags.writeable = depth.flags.writeable = False  # who looks for them again is given the same
    return make_face(landmarks, depth, image.shape[:2], score)


def _cut_out(image: Image, crop: NDArray[np.float64]) -> Image:
    """The upright crop, area-averaged first where it shrinks: the mesh must not see aliased hair and noise."""
    step = float(np.linalg.norm(crop[:, 0]))
    corners = np.array([[0, 0], [0, CROP_SIDE], [CROP_SIDE, 0], [CROP_SIDE, CROP_SIDE]]) @ crop[:, :2].T + crop[:, 2]
    low = np.clip(np.floor(corners.min(0)) - 2, 0, np.array(image.shape[1::-1]) - 1).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 3, low + 1, image.shape[1::-1]).astype(int)
    region = image[low[1] : high[1], low[0] : high[0]]
    shrink = min(1.0, 1.5 / step)
    if shrink < 1:
        size = np.maximum(1, np.round((high - low) * shrink)).astype(int)
        region = np.asarray(cv2.resize(region, size.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
    factor = np.array(region.shape[1::-1]) / (high - low)
    matrix = np.column_stack([crop[:, :2] * factor[:, None], (crop[:, 2] - low) * factor])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(region, matrix, (CROP_SIDE, CROP_SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)


def _same(one: Face, other: Face) -> bool:
    gap = np.hypot(*np.subtract(one.centre, other.centre))
    return bool(gap < 0.4 * max(one.side, other.side))


class _Models:
    """One worker's detectors and mesh; not thread-safe."""

    def __init__(self) -> None:
        with solution("face_detection") as detection:
            self._detectors = [
                detection.FaceDetection(model_selection=reach, min_detection_confidence=UPRIGHT_SCORE)
                for reach in (1, 0)
            ]
        with solution("face_mesh") as mesh:
            self._mesh = mesh.FaceMesh(
                static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.2
            )

    def boxes(self, view: Image, threshold: float) -> list[_Box]:
        """Boxes of both detectors in pixels of `view`, best score first, overlapping ones once."""
        scale = np.array(view.shape[1::-1], float)
        found: list[_Box] = []
        for detector in self._detectors:
            for detection in detector.process(view).detections or ():
                if detection.score[0] < threshold:
                    continue
                data = detection.location_data
                box = data.relative_bounding_box
                centre = np.array([box.xmin + box.width / 2, box.ymin + box.height / 2]) * scale
                side = float(max(box.width * scale[0], box.height * scale[1]))
                right, left = (np.array([point.x, point.y]) * scale for point in data.relative_keypoints[:2])
                found.append(_Box(centre, side, left - right, float(detection.score[0])))
        found.sort(key=lambda box: -box.score)
        kept: list[_Box] = []
        for box in found:
            if all(np.linalg.norm(box.centre - other.centre) > 0.5 * max(box.side, other.side) for other in kept):
                kept.append(box)
        return kept

    def mesh(self, patch: Image) -> NDArray[np.float64] | None:
        """(478, 3) mesh points as shares of the patch's side, or None."""
        meshes: Any = self._mesh.process(patch).multi_face_landmarks
        if not meshes:
            return None
        return np.array([(point.x, point.y, point.z) for point in meshes[0].landmark])


@cache
def _pool() -> "queue.LifoQueue[_Models | None]":
    pool: queue.LifoQueue[_Models | None] = queue.LifoQueue()  # last in, first out: a quiet app warms one worker only
    for _ in range(POOL_SIZE):
        pool.put(None)
    return pool


@contextmanager
def _models() -> Iterator[_Models]:
    pool = _pool()
    models = pool.get()
    try:
        if models is None:
            models = _Models()
        yield models
    finally:
        pool.put(models)
