"""The report of a preflight. Holds numbers and slugs only: no pixels, no landmarks, no text for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..domain.errors import DemoError
from ..domain.model import Endpoint

State = Literal["ok", "warn", "refuse"]
LimitOf = Literal["", "service", "ours", "recommended"]
Size = tuple[int, int]  # width, height
Box = tuple[float, float, float, float]  # x0, y0, x1, y1

# All possible items in the order of the checklist, each with its possible states.
ITEM_STATES: Mapping[str, tuple[State, ...]] = {
    "kind": ("ok", "refuse"),
    "weight": ("ok", "refuse"),
    "size": ("ok", "refuse"),
    "face": ("ok", "refuse"),
    "face_free": ("ok",),  # for an endpoint that needs no face
    "face_size": ("ok", "warn", "refuse"),
    "cut": ("ok", "warn", "refuse"),
    "turned": ("ok", "warn", "refuse"),
    "nodded": ("ok", "warn", "refuse"),
    "side_view": ("warn",),
    "upright": ("ok", "warn"),
    "several": ("ok", "warn"),  # ok if all faces are used, warn if only one is
}


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A detected face.

    number: from 1, largest face first. box: in pixels of the photo as sent, whose size is `photo_size`; may extend
    beyond the frame. yaw, pitch, roll: degrees, as in `imaging.face.Face`. side: px. cropped_share: 0..1, the share
    outside the frame. is_used: whether the endpoint edits this face.
    """

    number: int
    box: Box
    photo_size: Size
    yaw: float
    pitch: float
    roll: float
    side: float
    cropped_share: float
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
    """A checklist item: a slug and one of its ITEM_STATES, with facts for its text.

    limit_of: whose limit the facts name. The vendor's document only recommends the "recommended" one; ours is stricter.
    """

    slug: str
    state: State
    facts: Mapping[str, object] = field(default_factory=dict)
    limit_of: LimitOf = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    """The report on a photo for `endpoint`.

    original_size, sent_size: (width, height) in px of the upright photo, None if unknown. rejection: the error that
    the offline engine would raise for this photo, None if it would accept it.
    """

    endpoint: Endpoint
    original_size: Size | None
    sent_size: Size | None
    faces: tuple[DetectedFace, ...]
    items: tuple[ChecklistItem, ...]
    rejection: DemoError | None

    def item(self, slug: str) -> ChecklistItem | None:
        """The item with this slug, None when it is not listed."""
        return next((item for item in self.items if item.slug == slug), None)
