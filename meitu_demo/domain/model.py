"""The vocabulary: what an endpoint, its controls, its limits, a photo and a route are.

An endpoint is a declaration plus a pure function; panel, client call, offline route, API name and tests follow from it.
Imports nothing of ours but `errors` and `redaction`; everybody may import it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from ..redaction.secrets import redact, register_secret
from .errors import ValueRejected

Values = Mapping[str, Any]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a vendor takes: sides in pixels (both ends included), file size in bytes."""

    min_side_px: int
    max_side_px: int
    max_bytes: int
    media_types: tuple[str, ...] = ("image/jpeg", "image/png")  # media types


@dataclass(frozen=True, slots=True)
class Photo:
    """An encoded picture with nothing of its source's metadata."""

    data: bytes = field(repr=False)
    media_type: str  # image/jpeg, image/png
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ResultLink:
    """Where a vendor left the result. The URL may carry a key: never show, log or format it."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """What a provider's answer holds: picture bytes or a link to them, and the vendor's request id."""

    media: bytes | ResultLink = field(repr=False)
    request_id: str | None = None

    def __post_init__(self) -> None:
        if self.request_id:  # goes into reports and rows, and some vendors quote what they were sent
            object.__setattr__(self, "request_id", redact(self.request_id))


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """One thing that was done to a photo before it is sent; `locales` holds the words for each slug."""

    slug: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """A pick from a list. `allows_custom` also takes a value that is not listed (a typed template ID)."""

    name: str
    wire_name: str
    options: tuple[str, ...]
    default: str
    allows_custom: bool = False
    required: bool = False  # an API client must name it
    is_numeric: bool = False  # the options are whole numbers, and may be given as such

    @property
    def api_type(self) -> Any:
        """The type that the API documents."""
        return int | str if self.is_numeric else str

    def validate(self, value: object) -> str:
        """The value as the wire wants it. Raises ValueRejected."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = _to_text(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if text in self.options:
            return text
        if (
            self.allows_custom
            and 0 < len(text) <= 64
            and text.isascii()
            and text.replace("_", "").replace("-", "").isalnum()
        ):
            return text
        raise ValueRejected(
            control=self.name, value=redact(_to_text(value))[:64], allowed=_format_options(self.options)
        )


@dataclass(frozen=True, slots=True)
class TemplateGallery(Choice):
    """A choice that is also shown as pictures."""


@dataclass(frozen=True, slots=True)
class ShapeMenu(Choice):
    """A choice of facial shape types, shown with number, name and effect."""


@dataclass(frozen=True, slots=True)
class Strength:
    """A number from `low` to `high`."""

    name: str
    wire_name: str
    default: float
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05

    def validate(self, value: object) -> float:
        """The value as a finite number in range. Raises ValueRejected."""
        try:
            number = float(_to_text(value)) if not isinstance(value, bool) else math.nan
        except ValueError:
            number = math.nan
        if not self.low <= number <= self.high:
            raise ValueRejected(
                control=self.name, value=redact(_to_text(value))[:64], allowed=f"{self.low:g}..{self.high:g}"
            )
        return number


Control = Choice | Strength


class FaceRequirement(Enum):
    """What an endpoint asks of the faces in a photo. `imaging.face_checks` holds a photo to it."""

    NONE = "free"  # works without any
    ANY = "some"  # at least one, whatever its size and pose
    SUITABLE = "fit"  # the largest is used, and must be fit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One cloud API: what it is called, what it takes, and what the offline engine does instead."""

    id: str
    provider: str
    path: str
    limits: ImageLimits
    controls: tuple[Control, ...]
    render_offline: Callable[[Image, Values], Image]
    face_requirement: FaceRequirement = FaceRequirement.NONE
    constant_fields: Mapping[str, str] = field(default_factory=dict)  # constant wire fields
    example_photo: str = "astronaut"
    changes_framing: bool = False  # the result shows the person in another frame than the photo
    changes_geometry: bool = False  # parts of the face have other sizes and places, in the photo's own frame

    @property
    def slug(self) -> str:
        """The id as file names and element ids want it."""
        return self.id.replace("_", "-")

    def validate(self, values: Values) -> dict[str, Any]:
        """Checked values for every control, defaults filled in. Raises ValueRejected, also for unknown names."""
        known = {control.name for control in self.controls}
        for name in values:
            if name not in known:
                raise ValueRejected(
                    control=redact(str(name))[:64], value="", allowed=_format_options(tuple(sorted(known)))
                )
        return {control.name: control.validate(values.get(control.name, control.default)) for control in self.controls}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of one provider, in no text for as long as they are held: whoever makes these need not think of it.

    host: only for the marketplace edition, which wants it as a header.
    """

    key: SecretStr
    secret: SecretStr | None = None
    host: str = ""

    def __post_init__(self) -> None:
        register_secret(self.key)
        if self.secret:
            register_secret(self.secret)

    def __deepcopy__(self, memo: object) -> "Credentials":
        return self  # a copy's secrets would be other objects, and not guarded


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call that is ready to be made: checked values, and the photo as it goes out."""

    endpoint: Endpoint
    values: Mapping[str, Any] = field(repr=False)  # a person may have typed anything
    photo: Photo
    changes: tuple[PhotoChange, ...]
    prepare_s: float = field(default=0.0, compare=False)  # to get there


@dataclass(frozen=True, slots=True)
class CallTarget:
    """Where a call goes and who pays: the vendor's host with keys, or the offline server. Nothing else asks which.

    lab: a rehearsal, for pretended money. payer: whose keys they are, the "owner"'s or the "visitor"'s. headers: sent
    with each call; the failure lab is told by one how to fail. patience: seconds for an answer, if not the client's.
    """

    provider: str
    base_url: str
    credentials: Credentials
    is_billable: bool
    path_override: str | None = None  # instead of the endpoint's own
    is_failure_lab: bool = False
    billed_to: str = "owner"
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    result_hosts: tuple[str, ...] = ()  # where a linked result may lie, beside the origin of `base_url`

    @property
    def mode(self) -> str:
        """The word for reports: "live", "offline" or "lab"."""
        return "lab" if self.is_failure_lab else "live" if self.is_billable else "offline"


def _format_options(options: tuple[str, ...]) -> str:
    return f"{options[0]} … {options[-1]}" if len(options) > 8 else ", ".join(options)


def _to_text(value: object) -> str:
    """`value` as text; nothing for a number so long that Python refuses to write it out."""
    try:
        return str(value)
    except ValueError:
        return ""
