"""Which mends help: each that could is made and checked again, and only what then passes is offered.

Only the package's door imports it. Blocks for about one `check` a candidate, so it comes after the verdict is shown.
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

# MERGED preflight/closer.py: A second look for a face that is too small in the whole photo: the detectors shrink what
# they are given, and find nothing under about a twelfth of the long side. Only `offers` imports it. Blocks for nine
# looks.

TILE_STARTS = (0.0, 0.25, 0.5)  # shares of a side where a tile begins, each half as long as the side
MIN_TILE_PX = 96  # px of a tile's short side: less holds no face of the vendors' smallest size with room around it


def detect_in_tiles(pixels: Image) -> DetectedFace | None:
    """The largest face that shows in a part of `pixels`, None without any."""
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


MAX_OTHER_FACES = 4  # other faces that are tried out: a school class has thirty


@dataclass(frozen=True, slots=True)
class Fix:
    """One click that helps. slug: crop, crop_enlarge, enlarge, upright or other_face. cures: the slug of an item.

    face: the one that it works on, None for the whole picture.
    """

    slug: str
    fixes: str
    face: DetectedFace | None = None


def suggest_fixes(preflight: Preflight, source: bytes) -> tuple[Fix, ...]:
    """What helps the photo in `source`, of which `preflight` is the check; of two crops the plain one. Blocks."""
    found: list[Fix] = []
    for fix in _list_candidates(preflight, source):
        is_redundant = fix.slug == "crop_enlarge" and any(fix.fixes == other.fixes for other in found)
        if not is_redundant and _is_effective(fix, preflight, source):
            found.append(fix)
    return tuple(found)


def apply_fix(fix: Fix, preflight: Preflight, source: bytes) -> bytes:
    """The photo in `source` after `mend`, a JPEG. Blocks. Raises ImageRejected."""
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
    """What might help, the gentlest first."""
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
            if rejection_slug:  # a face that fits but only just is not worth paint
                yield Fix("crop_enlarge", slug, face)
    if _get_state(preflight, "upright") == "warn":
        yield Fix("upright", "upright", face)
    if _get_state(preflight, "several") == "warn":
        yield from (Fix("other_face", "several", other) for other in preflight.faces[1 : MAX_OTHER_FACES + 1])


def _find_small_face(source: bytes) -> DetectedFace | None:
    """A face that only shows in a part of the photo."""
    try:
        return detect_in_tiles(codec.decode(source))
    except ImageRejected:  # a JPEG that is broken in what its smaller copy did not need
        return None


def _is_effective(fix: Fix, preflight: Preflight, source: bytes) -> bool:
    """Whether the mended photo would be taken, and what the mend is for is well."""
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
    """Whether the face that is used `after` the crop is the one that was meant, and not a part of another."""
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
