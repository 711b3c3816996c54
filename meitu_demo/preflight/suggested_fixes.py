"""Finds fixes for a photo that would be rejected: applies each candidate, checks the result, returns those that pass.

A face too small for the detectors, which shrink their input and find nothing under about a twelfth of the long side,
is searched for in nine overlapping tiles. Blocks for about one `check` per candidate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..domain.errors import ImageRejected
from ..domain.model import Image
from ..engine.imaging.faces import find_faces
from ..photos import codec
from . import fixes as retouch
from .check import check
from .report import DetectedFace, Preflight

TILE_STARTS = (0.0, 0.25, 0.5)  # shares of a side; each tile is half as long as the side
MIN_TILE_PX = 96  # of a tile's short side: smaller tiles hold no face of the vendors' minimum size with a margin

MAX_OTHER_FACES = 4  # a class photo has thirty


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix that works. slug: crop, crop_enlarge, enlarge, upright or other_face. fixes: the slug of a checklist item.

    face: the face that it refers to, None for the whole picture.
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
    """Apply `fix` to `source`; returns a JPEG. Blocks. Raises ImageRejected."""
    if fix.face is None:
        return retouch.enlarge(source, preflight.endpoint)
    match fix.slug:
        case "upright":
            return retouch.rotate_upright(source, fix.face)
        case "other_face":
            return retouch.crop_to_single_face(source, fix.face, preflight.faces)
        case "crop_enlarge":
            return retouch.crop_and_enlarge(source, fix.face, preflight.endpoint)
        case _:
            return retouch.crop_to_face(source, fix.face)


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
    except ImageRejected:  # broken in data that the reduced decode did not read
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
    """Whether the face used `after` the crop is the chosen one, and not a part of another."""
    x0, y0, x1, y1 = retouch.compute_crop_box_excluding(face, before.faces) or (0.0, 0.0, 1.0, 1.0)
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
                best = DetectedFace(
                    1, box, (width, height), face.yaw, face.pitch, face.roll, face.side, 0.0, is_used=True
                )
    return best
