"""Aligns a photo with a result, so that the two can be overlaid in a comparison."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image, Photo
from ...photos import codec
from .faces import find_faces

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
    if (
        not changes_framing
        and abs(photo.width * result.height / (photo.height * result.width) - 1) <= MAX_ASPECT_DIFFERENCE
    ):
        return photo.data
    scale = min(1.0, MAX_SIDE_PX / max(result.width, result.height))
    frame = max(1, round(result.width * scale)), max(1, round(result.height * scale))
    image = codec.decode(photo.data)
    matrix = _estimate_face_alignment(image, codec.decode(result.data), scale) if changes_framing else None
    if matrix is None:
        return codec.encode(_render_in_frame(image, frame, _fit_into_frame(image, frame)), quality=90)
    return codec.encode(_render_in_frame(image, frame, matrix, fade=FADE_SHARE), quality=90)


def _estimate_face_alignment(image: Image, other: Image, scale: float) -> Image | None:
    """The 2×3 similarity from `image` to `other` scaled by `scale` that aligns their faces, None without two faces."""
    faces = find_faces(image), find_faces(other)
    if not all(faces):
        return None
    source_points, target_points = (found[0].landmarks[ANCHOR_LANDMARKS] for found in faces)
    matrix, _ = cv2.estimateAffinePartial2D(source_points, target_points * scale, method=cv2.LMEDS)
    return matrix if matrix is not None and np.isfinite(matrix).all() else None


def _fit_into_frame(image: Image, frame: tuple[int, int]) -> Image:
    """The 2×3 map that fits all of `image` into `frame`, centred."""
    height, width = image.shape[:2]
    fit = min(frame[0] / width, frame[1] / height)
    return np.array([[fit, 0, (frame[0] - fit * width) / 2], [0, fit, (frame[1] - fit * height) / 2]])


def _render_in_frame(image: Image, frame: tuple[int, int], matrix: Image, fade: float = 0.0) -> Image:
    """Place `image` in `frame` (width, height) by the 2×3 `matrix`, on a soft background in its edges' colours.

    fade: share of the shorter side over which the picture fades into the background, so that its edges are invisible.
    """
    shrink = float(np.linalg.norm(matrix[:, 0]))
    if shrink < 0.5:  # shrink by averages first, because the warp alone would alias
        image = np.asarray(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = np.column_stack([matrix[:, :2] / shrink, matrix[:, 2]])
    warped = cv2.warpAffine(image, matrix, frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if _covers_frame(image.shape[:2], matrix, frame):
        return np.asarray(warped, np.uint8)
    background = _render_background(image, warped, matrix)
    coverage = _build_coverage_mask(image.shape[:2], matrix, frame, fade)
    return np.asarray(cv2.blendLinear(warped, background, coverage, 1 - coverage), np.uint8)


def _render_background(image: Image, warped: Image, matrix: Image) -> Image:
    """Render the background for `image`, which `matrix` places in the frame. warped: the same with replicated edges.

    Near the photo the background is its blurred edges; farther out it is the median colour of each side. So hair that
    is cut off at the top fades into the wall beside it, instead of a streak up to the frame's edge.
    """
    frame, (height, width) = warped.shape[1::-1], image.shape[:2]
    down, across = max(1, height // 40), max(1, width // 40)
    along = image[:down], image[-down:], image[:, :across], image[:, -across:]
    top, bottom, left, right = (np.median(pixels.reshape(-1, 3), axis=0) for pixels in along)
    y, x = np.mgrid[-1 : 1 : BACKGROUND_GRID_PX * 1j, -1 : 1 : BACKGROUND_GRID_PX * 1j][..., None]
    sides = np.where(abs(y) >= abs(x), np.where(y < 0, top, bottom), np.where(x < 0, left, right)).astype(np.float32)
    coarse_matrix = (
        np.diag(BACKGROUND_GRID_PX / np.array(frame))
        @ matrix
        @ np.diag([width / BACKGROUND_GRID_PX, height / BACKGROUND_GRID_PX, 1])
    )
    far = cv2.warpAffine(
        sides,
        coarse_matrix,
        (BACKGROUND_GRID_PX, BACKGROUND_GRID_PX),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    inside = cv2.warpAffine(
        np.ones(sides.shape[:2], np.float32),
        coarse_matrix,
        (BACKGROUND_GRID_PX, BACKGROUND_GRID_PX),
        flags=cv2.INTER_LINEAR,
    )
    near = np.minimum(2 * cv2.GaussianBlur(inside, (0, 0), 2), 1)[..., None]
    mixed = cv2.resize(warped, (BACKGROUND_GRID_PX, BACKGROUND_GRID_PX), interpolation=cv2.INTER_AREA) * near + far * (
        1 - near
    )
    soft = cv2.GaussianBlur(mixed.astype(np.uint8), (0, 0), 2)
    return np.asarray(cv2.resize(soft, frame, interpolation=cv2.INTER_CUBIC), np.uint8)


def _covers_frame(shape: tuple[int, ...], matrix: Image, frame: tuple[int, int]) -> bool:
    """Whether a picture of `shape` (h, w), placed in `frame` by `matrix`, covers all of its corners."""
    corners = np.array([[x, y] for x in (0, frame[0] - 1) for y in (0, frame[1] - 1)])
    inside = np.linalg.solve(matrix[:, :2], (corners - matrix[:, 2]).T).T
    return bool((inside >= 0).all() and (inside <= np.array(shape[::-1]) - 1).all())


def _build_coverage_mask(
    shape: tuple[int, ...], matrix: Image, frame: tuple[int, int], fade: float
) -> NDArray[np.float32]:
    """The opacity of a picture of `shape` placed in `frame`: 1 inside, 0 outside, a ramp of width `fade` between."""
    if not fade:
        return cv2.warpAffine(np.ones(shape, np.float32), matrix, frame, flags=cv2.INTER_LINEAR)
    coarse = max(1, round(fade * min(shape) / 8))  # px; a ramp of eight steps is smooth enough after enlargement
    height, width = (max(2, side // coarse) for side in shape)
    reach = fade * min(height, width)
    down, across = (np.minimum(np.arange(side), np.arange(side)[::-1]) / reach for side in (height, width))
    small = np.minimum(np.minimum.outer(down, across), 1).astype(np.float32)
    steps = np.array([shape[1] / width, shape[0] / height])
    placed = np.column_stack([matrix[:, :2] * steps, matrix[:, 2] + matrix[:, :2] @ ((steps - 1) / 2)])
    return cv2.warpAffine(small, placed, frame, flags=cv2.INTER_LINEAR)
