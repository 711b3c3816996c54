"""Fixes for photos that would be rejected: applies them, and finds those that work.

`suggest_fixes` applies each candidate, checks the result and returns the fixes that pass, for about one `check` each.
The detectors shrink their input and miss faces smaller than about a twelfth of the long side, so such a face is
searched for in nine overlapping tiles.

A fix uses the original photo, not the smaller one that would be sent, so a crop keeps the camera's resolution. Every
function is pure and blocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from ..domain.errors import ImageRejected
from ..domain.model import Image
from ..engine.imaging.faces import find_faces
from ..photos import codec
from .check import Box, DetectedFace, Preflight, check

FACE_MARGIN = 1.0  # of the face's side, around it: hair, chin and some of the shoulders
MIN_FACE_MARGIN = 0.1  # of the face's side: the smallest margin when another face is excluded
MAX_OTHER_FACE_RATIO = 0.9  # of the chosen face's side: smaller faces may stay, because the largest one is used
MAX_ENLARGEMENT = 2.0  # more would invent detail
TILE_STARTS = (0.0, 0.25, 0.5)  # as a share of the photo's side; each tile is half as long
MIN_TILE_PX = 96  # short side: a smaller tile cannot hold a face of the vendors' minimum size with a margin
MAX_OTHER_FACES = 4  # to suggest; a class photo has thirty


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix that works.

    slug: crop, crop_enlarge, enlarge, upright or other_face. fixes: the slug of the checklist item that becomes ok.
    face: the face that is cropped or turned upright, None for a fix of the whole picture.
    """

    slug: str
    fixes: str
    face: DetectedFace | None = None


def suggest_fixes(preflight: Preflight, source: bytes) -> tuple[Fix, ...]:
    """List the fixes that work for `source`, whose check is `preflight`; a plain crop replaces crop_enlarge. Blocks."""
    found: list[Fix] = []
    for fix in _list_candidates(preflight, source):
        is_redundant = fix.slug == "crop_enlarge" and any(fix.fixes == other.fixes for other in found)
        if not is_redundant and _is_effective(fix, preflight, source):
            found.append(fix)
    return tuple(found)


def apply_fix(fix: Fix, preflight: Preflight, source: bytes) -> bytes:
    """Apply `fix` to `source`; returns a JPEG. Blocks. Raises ImageRejected, faces_overlap among others."""
    pixels, face = codec.decode(source), fix.face
    if face is not None and fix.slug == "upright":
        pixels = np.ascontiguousarray(np.rot90(pixels, face.quarter_turns))
    elif face is not None:
        pixels = _crop(pixels, compute_crop_box(face, preflight.faces if fix.slug == "other_face" else ()))
    if fix.slug in ("enlarge", "crop_enlarge"):
        pixels = _enlarge(pixels, preflight.endpoint.limits.max_side_px)
    return codec.encode(pixels)


def _list_candidates(preflight: Preflight, source: bytes) -> Iterator[Fix]:
    """List fixes that might work, the least invasive first."""
    rejection_slug = preflight.rejection.slug if preflight.rejection else ""
    if rejection_slug == "image_too_small":
        yield Fix("enlarge", "size")
    elif rejection_slug == "face_too_small":
        yield Fix("enlarge", "face_size")
    face = preflight.faces[0] if preflight.faces else None
    if rejection_slug == "no_face":
        face = _find_small_face(source)
    for slug in ("face", "face_size"):
        if face is not None and _get_state(preflight, slug) in ("warn", "refuse"):
            yield Fix("crop", slug, face)
            if rejection_slug:  # a borderline face is not worth enlarging
                yield Fix("crop_enlarge", slug, face)
    if _get_state(preflight, "upright") == "warn":
        yield Fix("upright", "upright", face)
    if _get_state(preflight, "several") == "warn":
        yield from (Fix("other_face", "several", other) for other in preflight.faces[1 : MAX_OTHER_FACES + 1])


def _find_small_face(source: bytes) -> DetectedFace | None:
    """Find a face that is too small to be detected in the whole photo."""
    try:
        return detect_in_tiles(codec.decode(source))
    except ImageRejected:  # the data that the reduced decode of `check` skips is broken
        return None


def _is_effective(fix: Fix, preflight: Preflight, source: bytes) -> bool:
    """Whether the fixed photo would be accepted and the item of the fix is ok."""
    try:
        after = check(preflight.endpoint, apply_fix(fix, preflight, source))
    except ImageRejected:  # faces that overlap
        return False
    if after.rejection is not None:
        return False
    if fix.slug == "other_face" and fix.face is not None:
        return _is_used(fix.face, preflight, after)
    item = after.item(fix.fixes)
    return item is None or item.state == "ok"


def _is_used(face: DetectedFace, before: Preflight, after: Preflight) -> bool:
    """Whether the face that is used after the crop is the chosen one, not the remainder of another."""
    x0, y0, x1, y1 = compute_crop_box(face, before.faces)
    x, y = _compute_centre(face)
    expected = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
    used = next((found for found in after.faces if found.is_used), None)
    if used is None:
        return False
    gaps = (abs(a - b) * side for a, b, side in zip(expected, _compute_centre(used), used.photo_size, strict=True))
    return max(gaps) < used.side / 2


def _compute_centre(face: DetectedFace) -> tuple[float, float]:
    x0, y0, x1, y1 = face.relative_box
    return (x0 + x1) / 2, (y0 + y1) / 2


def _get_state(preflight: Preflight, slug: str) -> str | None:
    item = preflight.item(slug)
    return item.state if item else None


def detect_in_tiles(pixels: Image) -> DetectedFace | None:
    """Detect the largest complete face in nine overlapping tiles of `pixels`, None without one. Blocks."""
    height, width = pixels.shape[:2]
    if min(height, width) < 2 * MIN_TILE_PX:
        return None
    best: DetectedFace | None = None
    for across, down in product(TILE_STARTS, TILE_STARTS):
        x, y = int(across * width), int(down * height)
        for face in find_faces(np.ascontiguousarray(pixels[y : y + height // 2, x : x + width // 2]))[:1]:
            if face.cropped_share == 0 and (best is None or face.side > best.side):
                x0, y0, x1, y1 = face.box
                box = x0 + x, y0 + y, x1 + x, y1 + y
                best = DetectedFace(1, box, (width, height), face.roll, face.side, is_used=True)
    return best


def compute_crop_box(face: DetectedFace, faces: Sequence[DetectedFace]) -> Box:
    """The box around `face` with a margin, in shares of the picture, without others of `faces` that could be used.

    For each other face that is too large to stay, the largest crop box without it is chosen. Raises ImageRejected
    faces_overlap if there is none.
    """
    x0, y0, x1, y1 = _expand_face_box(face, FACE_MARGIN)
    crop_box = max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1)
    required_box = _expand_face_box(face, MIN_FACE_MARGIN)
    for other in faces:
        if other.number != face.number and other.side >= MAX_OTHER_FACE_RATIO * face.side:
            cuts = [cut for cut in _exclude_box(crop_box, other.relative_box) if _contains(cut, required_box)]
            if not cuts:
                raise ImageRejected("faces_overlap")
            crop_box = max(cuts, key=_compute_area)
    return crop_box


def _expand_face_box(face: DetectedFace, margin: float) -> Box:
    x0, y0, x1, y1 = face.relative_box
    across, down = (margin * face.side / side for side in face.photo_size)
    return x0 - across, y0 - down, x1 + across, y1 + down


def _exclude_box(crop_box: Box, other: Box) -> tuple[Box, ...]:
    """The parts of `crop_box` on the four sides of `other`; only `crop_box` itself if the two do not overlap."""
    x0, y0, x1, y1 = crop_box
    left, top, right, bottom = other
    if left >= x1 or right <= x0 or top >= y1 or bottom <= y0:
        return (crop_box,)
    return (x0, y0, left, y1), (x0, y0, x1, top), (right, y0, x1, y1), (x0, bottom, x1, y1)


def _contains(outer: Box, inner: Box) -> bool:
    """Whether the part of `inner` that lies in the picture is inside `outer`."""
    x0, y0, x1, y1 = inner
    return outer[0] <= max(0, x0) and outer[1] <= max(0, y0) and outer[2] >= min(1, x1) and outer[3] >= min(1, y1)


def _compute_area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _crop(pixels: Image, crop_box: Box) -> Image:
    height, width = pixels.shape[:2]
    x0, y0 = int(crop_box[0] * width), int(crop_box[1] * height)
    x1, y1 = max(x0 + 1, round(crop_box[2] * width)), max(y0 + 1, round(crop_box[3] * height))
    return np.ascontiguousarray(pixels[y0:y1, x0:x1])


def _enlarge(pixels: Image, max_side: int) -> Image:
    scale = min(MAX_ENLARGEMENT, max_side / max(pixels.shape[:2]))
    if scale <= 1:
        return pixels
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
