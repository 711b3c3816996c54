"""Which mends help: each that could is made and checked again, and only what then passes is offered.

Only the package's door imports it. Blocks for about one `check` a candidate, so it comes after the verdict is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ImageRejected
from ..imaging import codec
from . import retouch
from .closer import look_closer
from .report import Found, Preflight
from .verdict import check

MOST_OTHERS = 4  # other faces that are tried out: a school class has thirty


@dataclass(frozen=True, slots=True)
class Mend:
    """One click that helps. slug: crop, crop_enlarge, enlarge, upright or other_face. cures: the slug of an item.

    face: the one that it works on, None for the whole picture.
    """

    slug: str
    cures: str
    face: Found | None = None


def mends(preflight: Preflight, source: bytes) -> tuple[Mend, ...]:
    """What helps the photo in `source`, of which `preflight` is the check; of two crops the plain one. Blocks."""
    found: list[Mend] = []
    for mend in _candidates(preflight, source):
        done = mend.slug == "crop_enlarge" and any(mend.cures == other.cures for other in found)
        if not done and _helps(mend, preflight, source):
            found.append(mend)
    return tuple(found)


def apply(mend: Mend, preflight: Preflight, source: bytes) -> bytes:
    """The photo in `source` after `mend`, a JPEG. Blocks. Raises ImageRejected."""
    if mend.face is None:
        return retouch.enlarge(source, preflight.endpoint)
    match mend.slug:
        case "upright":
            return retouch.turn_upright(source, mend.face)
        case "other_face":
            return retouch.only_face(source, mend.face, preflight.faces)
        case "crop_enlarge":
            return retouch.crop_and_enlarge(source, mend.face, preflight.endpoint)
        case _:
            return retouch.crop_to_face(source, mend.face)


def _candidates(preflight: Preflight, source: bytes) -> Iterator[Mend]:
    """What might help, the gentlest first."""
    refused = preflight.refusal.slug if preflight.refusal else ""
    if refused == "image_too_small":
        yield Mend("enlarge", "size")
    elif refused == "face_too_small":
        yield Mend("enlarge", "face_size")
    face = preflight.faces[0] if preflight.faces else None
    if refused == "no_face":
        face = _second_look(source)
    for slug in ("face", "face_size"):
        if face is not None and _state(preflight, slug) in ("warn", "refuse"):
            yield Mend("crop", slug, face)
            if refused:  # a face that fits but only just is not worth paint
                yield Mend("crop_enlarge", slug, face)
    if _state(preflight, "upright") == "warn":
        yield Mend("upright", "upright", face)
    if _state(preflight, "several") == "warn":
        yield from (Mend("other_face", "several", other) for other in preflight.faces[1 : MOST_OTHERS + 1])


def _second_look(source: bytes) -> Found | None:
    """A face that only shows in a part of the photo."""
    try:
        return look_closer(codec.decode(source))
    except ImageRejected:  # a JPEG that is broken in what its smaller copy did not need
        return None


def _helps(mend: Mend, preflight: Preflight, source: bytes) -> bool:
    """Whether the mended photo would be taken, and what the mend is for is well."""
    try:
        after = check(preflight.endpoint, apply(mend, preflight, source))
    except ImageRejected:  # faces that overlap
        return False
    if after.refusal is not None:
        return False
    if mend.slug == "other_face" and mend.face is not None:
        return _is_used(mend.face, preflight, after)
    item = after.item(mend.cures)
    return item is None or item.state == "ok"


def _is_used(face: Found, before: Preflight, after: Preflight) -> bool:
    """Whether the face that is used `after` the crop is the one that was meant, and not a part of another."""
    x0, y0, x1, y1 = retouch.window_without(face, before.faces) or (0.0, 0.0, 1.0, 1.0)
    x, y = _middle(face)
    expected = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
    used = next((found for found in after.faces if found.used), None)
    if used is None:
        return False
    gaps = (abs(a - b) * side for a, b, side in zip(expected, _middle(used), used.frame, strict=True))
    return max(gaps) < used.side / 2


def _middle(face: Found) -> tuple[float, float]:
    x0, y0, x1, y1 = face.shares
    return (x0 + x1) / 2, (y0 + y1) / 2


def _state(preflight: Preflight, slug: str) -> str | None:
    item = preflight.item(slug)
    return item.state if item else None
