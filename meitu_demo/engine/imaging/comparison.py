"""Aligns a photo with a result, so that the two can be overlaid in a comparison."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image, Photo
from ...photos import codec
from .align import fit_similarity
from .faces import find_faces
from .resample import warp_affine

Matrix = NDArray[np.float64]
Plane = NDArray[np.float32]

MAX_SIDE_PX = 1600  # enough for a screen
MAX_ASPECT_DIFFERENCE = 0.01  # relative; a smaller difference comes from rounding, not from framing
FADE_SHARE = 0.08  # of the photo's shorter side
BACKGROUND_GRID_PX = 32  # side of the background before it is enlarged
ANCHOR_LANDMARKS = [33, 133, 362, 263, 1, 61, 291, 152]  # eye corners, nose tip, mouth corners, chin


def align_to_result(photo: Photo, result: Photo, *, changes_framing: bool) -> bytes:
    """Return `photo` as a JPEG with the aspect ratio of `result`; unchanged when it has that already.

    changes_framing: whether the person may be elsewhere in `result`; then the faces are aligned, or the photo is fitted
    into the frame if either has no face. Empty areas continue the colours of the photo's edges.
    """
    stretch = photo.width * result.height / (photo.height * result.width)
    if not changes_framing and abs(stretch - 1) <= MAX_ASPECT_DIFFERENCE:
        return photo.data
    scale = min(1.0, MAX_SIDE_PX / max(result.width, result.height))
    frame = max(1, round(result.width * scale)), max(1, round(result.height * scale))
    image = codec.decode(photo.data)
    matrix = _estimate_face_alignment(image, codec.decode(result.data), scale) if changes_framing else None
    if matrix is None:
        return codec.encode(_render_in_frame(image, frame, _fit_into_frame(image, frame)), quality=90)
    return codec.encode(_render_in_frame(image, frame, matrix, fade=FADE_SHARE), quality=90)


def _estimate_face_alignment(image: Image, other: Image, scale: float) -> Matrix | None:
    """The 2×3 similarity from `other` × `scale` to `image` that aligns their faces; None without two faces."""
    faces = find_faces(image), find_faces(other)
    if not all(faces):
        return None
    points, other_points = (found[0].landmarks[ANCHOR_LANDMARKS].astype(np.float64) for found in faces)
    matrix, offset = fit_similarity(other_points * scale, points, np.ones(len(points)))
    return np.column_stack([matrix, offset])


def _fit_into_frame(image: Image, frame: tuple[int, int]) -> Matrix:
    """The 2×3 map from `frame` (width, height) to `image` that shows all of it, centred."""
    size = np.array(image.shape[1::-1])
    step = (size / frame).max()
    return np.column_stack([np.diag([step, step]), (size - step * np.array(frame)) / 2])


def _render_in_frame(image: Image, frame: tuple[int, int], matrix: Matrix, fade: float = 0.0) -> Image:
    """What `frame` (width, height) shows of `image` by the 2×3 `matrix` to it, on a background of its edges' colours.

    fade: share of the shorter side over which the picture fades into the background, so that its edges are invisible.
    """
    warped = warp_affine(image, matrix, frame)
    height, width = image.shape[:2]
    rows, columns = np.ogrid[: frame[1], : frame[0]]
    x, y = (np.asarray(a * columns + b * rows + c, np.float32) for a, b, c in matrix)
    inside = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))  # pixels from the nearest edge
    if inside.min() >= 0:
        return warped
    step = np.float32(np.linalg.norm(matrix[:, 0]))
    coverage = np.clip((inside + step) / np.maximum(step, fade * min(height, width)), 0, 1)
    background = _render_background(image, warped, x / width, y / height, inside)
    return np.asarray(cv2.blendLinear(warped, background, coverage, 1 - coverage), np.uint8)


def _render_background(image: Image, warped: Image, x: Plane, y: Plane, inside: Plane) -> Image:
    """Render the background for `image`. warped: it with replicated edges. x, y: where each pixel of `warped` is in the
    image, in shares of its size.

    Near the photo the background is its blurred edges; farther out it is the median colour of each side. So hair that
    is cut off at the top fades into the wall beside it, instead of a streak up to the frame's edge.
    """
    down, across = (max(1, side // 40) for side in image.shape[:2])
    along = image[:down], image[-down:], image[:, :across], image[:, -across:]
    top, bottom, left, right = (np.median(pixels.reshape(-1, 3), axis=0) for pixels in along)
    grid = (BACKGROUND_GRID_PX, BACKGROUND_GRID_PX)
    x, y, inside = (cv2.resize(plane, grid, interpolation=cv2.INTER_AREA) for plane in (x, y, inside))
    is_vertical = (abs(y - 0.5) >= abs(x - 0.5))[..., None]
    far = np.where(is_vertical, np.where(y[..., None] < 0.5, top, bottom), np.where(x[..., None] < 0.5, left, right))
    near = np.minimum(2 * cv2.GaussianBlur((inside > 0).astype(np.float32), (0, 0), 2), 1)[..., None]
    mixed = cv2.resize(warped, grid, interpolation=cv2.INTER_AREA) * near + far * (1 - near)
    soft = cv2.GaussianBlur(mixed.astype(np.uint8), (0, 0), 2)
    return np.asarray(cv2.resize(soft, warped.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
