"""Checks a photo: prepares it as for sending, decodes it as the server would, and detects faces once.

The prepared JPEG is decoded again on purpose: the server sees those pixels, and near a limit the two would differ. The
report holds numbers and slugs only: no pixels, no landmarks, no text for people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..domain.errors import DemoError, EngineRejection, ImageRejected
from ..domain.model import Endpoint, FaceRequirement
from ..engine.imaging import face_checks
from ..engine.imaging.faces import Face, find_faces
from ..photos import codec

State = Literal["ok", "warn", "refuse"]
LimitOf = Literal["", "service", "ours", "recommended"]
Size = tuple[int, int]  # width, height
Box = tuple[float, float, float, float]  # x0, y0, x1, y1

ITEM_BY_REJECTION = {
    "face_too_small": "face_size",
    "face_cropped": "cut",
    "face_turned": "turned",
    "face_nodded": "nodded",
    "image_too_large_file": "weight",
    "image_too_small": "size",
    "image_too_thin": "size",
    "image_too_many_pixels": "size",
}


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A detected face.

    number: from 1, largest face first. box: in pixels of the photo as sent, whose size is `photo_size`; may extend
    beyond the frame. roll: degrees, as in `imaging.face.Face`. side: px. is_used: whether the endpoint edits this face.
    """

    number: int
    box: Box
    photo_size: Size
    roll: float
    side: float
    is_used: bool

    @property
    def relative_box(self) -> Box:
        """The box in shares 0..1 of the upright picture, independent of scale."""
        (width, height), (x0, y0, x1, y1) = self.photo_size, self.box
        return x0 / width, y0 / height, x1 / width, y1 / height

    @property
    def quarter_turns(self) -> int:
        """Clockwise quarter turns of the face from upright."""
        return round(self.roll / 90) % 4


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A checklist item: a slug and its state, with facts for its text; `locales/` has a text for each pair.

    limit_of: whose limit the facts name. The vendor's document only recommends the "recommended" one; ours is stricter.
    """

    slug: str
    state: State
    facts: Mapping[str, object] = field(default_factory=dict)
    limit_of: LimitOf = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    """The report on a photo for `endpoint`. rejection: the error that the offline engine would raise for it, if any."""

    endpoint: Endpoint
    faces: tuple[DetectedFace, ...]
    items: tuple[ChecklistItem, ...]
    rejection: DemoError | None

    def item(self, slug: str) -> ChecklistItem | None:
        """The item with this slug, None when it is not listed."""
        return next((item for item in self.items if item.slug == slug), None)


def check(endpoint: Endpoint, source: bytes) -> Preflight:
    """Predict whether `endpoint` accepts the encoded photo. Blocks. A broken photo is reported, not raised."""
    try:
        prepared = codec.prepare(source, endpoint.limits)
        pixels = codec.decode(prepared.photo.data)
    except ImageRejected as error:
        return _build_rejected_report(endpoint, source, error.without_traceback())
    photo = prepared.photo
    weight = {"bytes": codec.format_file_size(len(photo.data)), "limit": endpoint.limits.max_bytes}
    sent_size = photo.width, photo.height
    faces = find_faces(pixels)
    rejection = _find_rejection(endpoint, faces, pixels.shape[:2])
    items = (
        _build_kind_item(source),
        ChecklistItem("weight", "ok", weight, "service"),
        _build_size_item(endpoint, sent_size),
        *_build_face_items(endpoint, faces, pixels.shape[:2]),
    )
    used = face_checks.select_faces(faces, endpoint.face_requirement)
    found = tuple(
        DetectedFace(number, face.box, sent_size, face.roll, face.side, any(face is other for other in used))
        for number, face in enumerate(faces, 1)
    )
    return Preflight(endpoint, found, items, rejection)


def _build_rejected_report(endpoint: Endpoint, source: bytes, rejection: ImageRejected) -> Preflight:
    """Report on a photo that cannot be sent, with the facts that were read before the error."""
    facts = rejection.facts
    slug = ITEM_BY_REJECTION.get(rejection.slug, "kind")
    rejected_item = ChecklistItem(slug, "refuse", facts, "ours" if slug == "weight" else "")
    items = (
        (rejected_item,) if slug == "kind" or codec.sniff(source) is None else (_build_kind_item(source), rejected_item)
    )
    return Preflight(endpoint, (), items, rejection)


def _find_rejection(endpoint: Endpoint, faces: Sequence[Face], shape: tuple[int, ...]) -> EngineRejection | None:
    try:
        face_checks.check_faces(faces, shape, endpoint.face_requirement)
    except EngineRejection as error:
        return error.without_traceback()
    return None


def _build_kind_item(source: bytes) -> ChecklistItem:
    return ChecklistItem("kind", "ok", {"kind": str(codec.sniff(source)).rpartition("/")[2].upper()})


def _build_size_item(endpoint: Endpoint, sent_size: Size) -> ChecklistItem:
    limits = endpoint.limits
    facts = {"width": sent_size[0], "height": sent_size[1], "least": limits.min_side_px, "most": limits.max_side_px}
    return ChecklistItem("size", "ok", facts, "service")


def _build_face_items(endpoint: Endpoint, faces: Sequence[Face], shape: tuple[int, ...]) -> list[ChecklistItem]:
    requirement = endpoint.face_requirement
    count = {"count": len(faces)}
    if requirement is FaceRequirement.NONE:
        return [ChecklistItem("face_free", "ok", count)]
    if not faces:
        return [ChecklistItem("face", "refuse")]
    items = [ChecklistItem("face", "ok", count)]
    if requirement is FaceRequirement.SUITABLE:
        face = face_checks.select_faces(faces, requirement)[0]
        items += [_build_measured_item(endpoint, measure) for measure in face_checks.measure_face(face, shape)]
        is_turned = any(item.slug == "turned" and item.state != "ok" for item in items)
        angle, limit = round(abs(face.yaw)), endpoint.frontal_yaw_deg
        if limit and angle > limit and not is_turned:  # accepted, but too far for a good result
            items.append(ChecklistItem("side_view", "warn", {"angle": angle, "limit": limit}))
    roll = faces[0].roll
    items.append(ChecklistItem("upright", "warn" if round(roll / 90) % 4 else "ok", {"angle": abs(round(roll))}))
    if len(faces) > 1:
        items.append(ChecklistItem("several", "warn" if requirement is FaceRequirement.SUITABLE else "ok", count))
    return items


def _build_measured_item(endpoint: Endpoint, measure: face_checks.FaceMeasurement) -> ChecklistItem:
    state: State = "refuse" if not measure.is_within_limit else "warn" if measure.is_borderline else "ok"
    slug, facts = ITEM_BY_REJECTION[measure.rejection.slug], measure.rejection.facts
    if slug == "cut":
        return ChecklistItem(slug, state, facts)
    if slug == "face_size":
        return ChecklistItem(slug, state, facts, "service" if endpoint.limits.names_min_face else "ours")
    recommended = endpoint.limits.recommended_angle_deg
    return ChecklistItem(slug, state, {**facts, "recommended": recommended}, "recommended" if recommended else "ours")
