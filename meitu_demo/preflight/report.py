"""The report of a preflight: numbers and slugs, no pixels, no landmarks and no words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..domain.errors import DemoError
from ..domain.model import Endpoint

State = Literal["ok", "warn", "refuse"]
Size = tuple[int, int]  # width, height
Box = tuple[float, float, float, float]  # x0, y0, x1, y1

# Every item that there can be, in the order of the checklist, with the states that it can have.
ITEM_STATES: Mapping[str, tuple[State, ...]] = {
    "kind": ("ok", "refuse"),
    "weight": ("ok", "refuse"),
    "size": ("ok", "refuse"),
    "face": ("ok", "refuse"),
    "face_free": ("ok",),  # the endpoint works without one
    "face_size": ("ok", "warn", "refuse"),
    "cut": ("ok", "warn", "refuse"),
    "turned": ("ok", "warn", "refuse"),
    "nodded": ("ok", "warn", "refuse"),
    "upright": ("ok", "warn"),
    "several": ("ok", "warn"),  # all of them are used, or one
}


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """One face. number: from 1, by size. box: in pixels of the photo as sent, whose sides are `photo_size`; it may
    reach out of it. Angles as in `imaging.face.Face`. cut: share 0..1 outside the frame. used: the endpoint works on
    it.
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
    """A checklist item: a slug and one of its ITEM_STATES, with facts for its text."""

    slug: str
    state: State
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preflight:
    """A photo judged for `endpoint`. given, sent: its sides in px as a person sees them, as far as known.

    refusal: the error in which a call would end on the offline engine, as the engine raises it; None when it would not.
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
