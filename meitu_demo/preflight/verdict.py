"""The check: the photo made ready as for sending, read as the other side would read it, one look for faces.

Only the package's door imports it. The JPEG is decoded again on purpose: the server sees its pixels and no others, and
near a limit the two would differ.
"""

from collections.abc import Sequence
from typing import TypeVar

from ..errors import DemoError, ImageRejected, Refusal
from ..imaging import codec, face_checks
from ..imaging.faces import Face, find_faces
from ..spec import Endpoint, Faces
from .report import Found, Item, Preflight, Size, State

ITEM_OF = {
    "face_too_small": "face_size",
    "face_cropped": "cut",
    "face_turned": "turned",
    "face_nodded": "nodded",
    "image_too_large_file": "weight",
    "image_too_small": "size",
    "image_too_thin": "size",
    "image_too_many_pixels": "size",
}
Error = TypeVar("Error", bound=DemoError)


def check(endpoint: Endpoint, source: bytes) -> Preflight:
    """What `endpoint` would say to the picture file in `source`. Blocks. A broken photo is refused, never raised."""
    try:
        prepared = codec.prepare(source, endpoint.limits)
        pixels = codec.decode(prepared.photo.data)
    except ImageRejected as error:
        return _rejected(endpoint, source, _bare(error))
    photo = prepared.photo
    sent = photo.width, photo.height
    faces = find_faces(pixels)
    refusal = _refusal(endpoint, faces, pixels.shape[:2])
    items = (
        _kind(source),
        Item("weight", "ok", {"bytes": codec.file_size(len(photo.data)), "limit": endpoint.limits.max_bytes}),
        _size(endpoint, sent),
        *_items(endpoint.faces, faces, pixels.shape[:2]),
    )
    found = _found(faces, face_checks.meant(faces, endpoint.faces), sent)
    return Preflight(endpoint, (prepared.width, prepared.height), sent, found, items, refusal)


def _rejected(endpoint: Endpoint, source: bytes, refusal: ImageRejected) -> Preflight:
    """Of a photo that cannot be sent: what is known of it up to there."""
    facts = refusal.facts
    width, height = facts.get("width"), facts.get("height")
    given = (width, height) if isinstance(width, int) and isinstance(height, int) else None
    slug = ITEM_OF.get(refusal.slug, "kind")
    refused = Item(slug, "refuse", facts)
    items = (refused,) if slug == "kind" or codec.sniff(source) is None else (_kind(source), refused)
    return Preflight(endpoint, given, None, (), items, refusal)


def _bare(error: Error) -> Error:
    """The same error without its traceback, which would keep the photo in memory for as long as it is held."""
    return type(error)(error.slug, **error.facts)


def _refusal(endpoint: Endpoint, faces: Sequence[Face], shape: tuple[int, ...]) -> Refusal | None:
    try:
        face_checks.check_faces(faces, shape, endpoint.faces)
    except Refusal as error:
        return _bare(error)
    return None


def _kind(source: bytes) -> Item:
    return Item("kind", "ok", {"kind": str(codec.sniff(source)).rpartition("/")[2].upper()})


def _size(endpoint: Endpoint, sent: Size) -> Item:
    limits = endpoint.limits
    facts = {"width": sent[0], "height": sent[1], "least": limits.min_side, "most": limits.max_side}
    return Item("size", "ok", facts)


def _items(need: Faces, faces: Sequence[Face], shape: tuple[int, ...]) -> list[Item]:
    """The lines about faces that matter to an endpoint with this `need`."""
    count = {"count": len(faces)}
    if need is Faces.FREE:
        return [Item("face_free", "ok", count)]
    if not faces:
        return [Item("face", "refuse")]
    items = [Item("face", "ok", count)]
    if need is Faces.FIT:
        for measure in face_checks.measures(face_checks.meant(faces, need)[0], shape):
            state: State = "refuse" if not measure.fits else "warn" if measure.close else "ok"
            items.append(Item(ITEM_OF[measure.refusal.slug], state, measure.refusal.facts))
    roll = faces[0].roll
    items.append(Item("upright", "warn" if round(roll / 90) % 4 else "ok", {"angle": abs(round(roll))}))
    if len(faces) > 1:
        items.append(Item("several", "warn" if need is Faces.FIT else "ok", count))
    return items


def _found(faces: Sequence[Face], used: Sequence[Face], frame: Size) -> tuple[Found, ...]:
    return tuple(
        Found(
            number, face.box, frame, face.yaw, face.pitch, face.roll, face.side, face.cut, any(face is u for u in used)
        )
        for number, face in enumerate(faces, 1)
    )
