"""Finds faces with both of MediaPipe's face detectors, then its refined face mesh.

The detectors propose boxes on a small copy of the image, upright first and then in the three quarter turns. The short
range detector looks first: a close-up of which it is sure needs no other; otherwise the full range detector searches
while FaceMesh is fitted to the first one's boxes, and adds what they leave out. Each box is cropped upright for
FaceMesh; a mesh counts only if its centre lies inside its box. Panoramas and long screenshots, in whose small copy a
face would be a speck, are searched in tiles. Models are loaded at the first call, not at import. A FaceMesh that
threads share gives wrong results, so each caller borrows models from a pool.
"""

import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from .face import Face, build_face
from .face_cache import ScopedCache
from .mediapipe_loader import load_solution
from .resample import shrink, warp_affine

__all__ = ["Face", "Image", "build_face", "clear_face_cache", "face_cache_scope", "find_faces", "known_faces"]


DETECTION_SIDE_PX = 640  # the detectors read 128 and 192 px; from larger copies they find fewer faces
MAX_ASPECT_RATIO = 3.0  # of an image that is searched as a whole
MAX_TILES = 16
CROP_SIDE_PX = 256  # of the roll-aligned crop for the mesh, which reads 192; larger crops move landmarks by 0.1 %
CROP_BOX_RATIO = 1.7  # crop side / box side: the mesh needs hair line and chin with a margin
MIN_UPRIGHT_SCORE = 0.5
MIN_ROTATED_SCORE = 0.78  # a lower limit finds faces on their side in pictures without any
# A close-up: of its score the short range detector is sure, and its size leaves no room for others of equal weight.
MIN_CLOSE_UP_SCORE, MIN_CLOSE_UP_SHARE = 0.85, 0.2  # share: box side / longer side of the image
POOL_SIZE = 2  # about 140 MB each; more than the number of cores are no faster
_face_cache: ScopedCache[tuple[Face, ...]] = ScopedCache(8)  # enough for the pictures of a few concurrent runs
face_cache_scope = _face_cache.scope  # for a block that may analyse the same picture again
clear_face_cache = _face_cache.clear
_known: ContextVar[tuple[Image, tuple[Face, ...]] | None] = ContextVar("_known", default=None)


@contextmanager
def known_faces(image: Image, faces: tuple[Face, ...]) -> Iterator[None]:
    """For a block that edits `image`, whose `faces` were found before: `find_faces` of this very array returns them."""
    token = _known.set((image, faces))
    try:
        yield
    finally:
        _known.reset(token)


def find_faces(image: Image) -> tuple[Face, ...]:
    """All faces, largest first; an empty tuple when there is none. Thread-safe; 7–40 ms, for panoramas up to 0.5 s."""
    known = _known.get()
    if known and known[0] is image:
        return known[1]
    height, width = image.shape[:2]
    if max(height, width) <= MAX_ASPECT_RATIO * min(height, width):
        return _find_in_tile(image)
    faces: list[Face] = []
    for start, stop, first, last in _split_length(max(height, width), min(height, width)):
        tile, offset = (image[:, start:stop], (start, 0)) if width > height else (image[start:stop], (0, start))
        for face in _find_in_tile(tile):
            landmarks = face.landmarks + np.array(offset, np.float32)
            landmarks.flags.writeable = False
            found = build_face(landmarks, face.depth, (height, width), face.score)
            in_middle = first <= found.centre[width < height] < last  # else a neighbour shows it farther from its edge
            if in_middle and not any(_is_same_face(found, other) for other in faces):
                faces.append(found)
    return tuple(sorted(faces, key=lambda face: -face.side))


def _split_length(length: int, breadth: int) -> list[tuple[int, int, float, float]]:
    """Tiles along an image's longer side, in pixels: start, stop, and start and stop of the tile's middle.

    Middles cover the length once. Half a middle on either side belongs to the tile too, so that its faces are whole.
    """
    step = length / min(MAX_TILES, length // breadth)
    firsts = np.arange(0, length - step / 2, step).tolist()
    return [(int(max(0, x - step / 2)), int(min(length, x + 1.5 * step)), x, x + step) for x in firsts]


def _find_in_tile(tile: Image) -> tuple[Face, ...]:
    scale = min(1.0, DETECTION_SIDE_PX / max(tile.shape[:2]))
    if min(tile.shape[:2]) * scale < 1:  # a line of pixels
        return ()
    small = shrink(tile, scale)
    return _face_cache.get_or_compute(small, lambda: _search(tile, small, scale), tile.shape)


def _search(tile: Image, small: Image, scale: float) -> tuple[Face, ...]:
    best: list[Face] = []
    with _borrow_models() as models:
        for turns in (0, 3, 1, 2):
            faces = _find_rotated(models, tile, small, scale, turns)
            best = max(best, faces, key=_compute_confidence)
            if _compute_confidence(best) >= MIN_ROTATED_SCORE:
                break  # a weak upright detection may be an upside-down face: only then try the other turns
    return tuple(sorted(best, key=lambda face: -face.side))


def load_models() -> None:
    """Load one set of models in advance, which takes seconds. Raises any exception of the loading."""
    with _borrow_models():
        pass


def _compute_confidence(faces: list[Face]) -> float:
    return max((face.score for face in faces), default=0.0)


def _find_rotated(models: "_FaceModels", image: Image, small: Image, scale: float, turns: int) -> list[Face]:
    view = np.ascontiguousarray(np.rot90(small, turns))
    threshold = MIN_ROTATED_SCORE if turns else MIN_UPRIGHT_SCORE
    faces: list[Face] = []
    boxes: list[_DetectionBox] = []
    for box in models.detect_boxes(view, threshold):
        known = next((index for index, other in enumerate(boxes) if box.overlaps(other)), None)
        if known is not None:
            faces[known] = replace(faces[known], score=max(faces[known].score, box.score))
            continue
        crop = _build_crop_matrix(box, turns, small.shape[:2], scale)
        face = _fit_mesh(models, image, crop, box.score)
        if face is not None and not any(_is_same_face(face, other) for other in faces):
            faces.append(face)
            boxes.append(box)
    return faces


@dataclass(frozen=True, slots=True)
class _DetectionBox:
    centre: NDArray[np.float64]
    side: float
    eye_vector: NDArray[np.float64]  # from the subject's right eye to the left
    score: float

    def overlaps(self, other: "_DetectionBox") -> bool:
        return bool(np.linalg.norm(self.centre - other.centre) <= 0.5 * max(self.side, other.side))


def _build_crop_matrix(box: _DetectionBox, turns: int, shape: tuple[int, ...], scale: float) -> NDArray[np.float64]:
    """The 2×3 similarity from crop pixels to pixels of the full image, with the eyes level in the crop."""
    eyes = box.eye_vector / max(float(np.linalg.norm(box.eye_vector)), 1e-6)
    step = box.side * CROP_BOX_RATIO / CROP_SIDE_PX
    axes = np.stack([eyes, [-eyes[1], eyes[0]]], 1) * step
    to_view = np.column_stack([axes, box.centre - axes @ [CROP_SIDE_PX / 2, CROP_SIDE_PX / 2]])
    to_small = _build_unrotate_matrix(turns, shape) @ np.vstack([to_view, [0, 0, 1]])
    return np.asarray(to_small[:2] / scale)


def _build_unrotate_matrix(turns: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The 3×3 map from pixels of ``np.rot90(image, turns)`` back to pixels of an image of `shape`."""
    height, width = shape
    if turns == 1:
        return np.array([[0, -1, width - 1], [1, 0, 0], [0, 0, 1]], float)
    if turns == 2:
        return np.array([[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1]], float)
    if turns == 3:
        return np.array([[0, 1, 0], [-1, 0, height - 1], [0, 0, 1]], float)
    return np.eye(3)


def _fit_mesh(models: "_FaceModels", image: Image, crop: NDArray[np.float64], score: float) -> Face | None:
    points = models.fit_mesh(warp_affine(image, crop, (CROP_SIDE_PX, CROP_SIDE_PX)))
    if points is None:
        return None
    flat = points[:, :2] * CROP_SIDE_PX
    if not (abs(flat.mean(0) / CROP_SIDE_PX - 0.5) < 0.5 / CROP_BOX_RATIO).all():
        return None  # the mesh found something outside the box
    landmarks = (flat @ crop[:, :2].T + crop[:, 2]).astype(np.float32)
    depth = (points[:, 2] * CROP_SIDE_PX * np.linalg.norm(crop[:, 0])).astype(np.float32)
    landmarks.flags.writeable = depth.flags.writeable = False  # the cache returns the same arrays again
    return build_face(landmarks, depth, image.shape[:2], score)


def _is_same_face(one: Face, other: Face) -> bool:
    gap = np.hypot(*np.subtract(one.centre, other.centre))
    return bool(gap < 0.4 * max(one.side, other.side))


class _FaceModels:
    """One set of detectors and mesh; not thread-safe."""

    def __init__(self) -> None:
        self._full_range_thread = ThreadPoolExecutor(1, "full-range-detector")
        with load_solution("face_detection") as detection:
            self._short_range, self._full_range = (
                detection.FaceDetection(model_selection=reach, min_detection_confidence=MIN_UPRIGHT_SCORE)
                for reach in (0, 1)
            )
        with load_solution("face_mesh") as mesh:
            self._face_mesh = mesh.FaceMesh(
                static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.2
            )

    def detect_boxes(self, view: Image, threshold: float) -> Iterator[_DetectionBox]:
        """Boxes in pixels of `view`: of the short range detector, and unless it sees a close-up, of the full range one.

        The latter works while the caller uses the former's boxes. It may repeat them.
        """
        found = self._run_detector(self._short_range, view, threshold)
        min_side = MIN_CLOSE_UP_SHARE * max(view.shape)
        if any(box.score >= MIN_CLOSE_UP_SCORE and box.side >= min_side for box in found):
            yield from found
            return
        more = self._full_range_thread.submit(self._run_detector, self._full_range, view, threshold)
        yield from found
        yield from more.result()

    @staticmethod
    def _run_detector(detector: Any, view: Image, threshold: float) -> list[_DetectionBox]:
        scale = np.array(view.shape[1::-1], float)
        found = []
        for detection in detector.process(view).detections or ():
            if detection.score[0] < threshold:
                continue
            data = detection.location_data
            box = data.relative_bounding_box
            centre = np.array([box.xmin + box.width / 2, box.ymin + box.height / 2]) * scale
            side = float(max(box.width * scale[0], box.height * scale[1]))
            right, left = (np.array([point.x, point.y]) * scale for point in data.relative_keypoints[:2])
            found.append(_DetectionBox(centre, side, left - right, float(detection.score[0])))
        return found

    def fit_mesh(self, patch: Image) -> NDArray[np.float64] | None:
        """(478, 3) mesh points as shares of the patch's side, or None."""
        meshes: Any = self._face_mesh.process(patch).multi_face_landmarks
        if not meshes:
            return None
        return np.array([(point.x, point.y, point.z) for point in meshes[0].landmark])


@cache
def _get_model_pool() -> "queue.LifoQueue[_FaceModels | None]":
    # Last in, first out: while calls do not overlap, only one set of models is loaded.
    pool: queue.LifoQueue[_FaceModels | None] = queue.LifoQueue()
    for _ in range(POOL_SIZE):
        pool.put(None)
    return pool


@contextmanager
def _borrow_models() -> Iterator[_FaceModels]:
    pool = _get_model_pool()
    models = pool.get()
    try:
        if models is None:
            models = _FaceModels()
        yield models
    finally:
        pool.put(models)
