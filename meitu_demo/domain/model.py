"""The types of a call: endpoint, photo, credentials, target, reply.

An endpoint is a declaration and a pure function; panel, API function, offline route and tests are derived from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from ..redaction.secrets import redact, register_secret
from .controls import Control, format_options
from .errors import ValueRejected

Values = Mapping[str, Any]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The pictures that a vendor accepts: sides in pixels (both ends included), file size in bytes.

    names_min_face: whether its document names the smallest face. recommended_angle_deg: its document recommends smaller
    face angles; 0 if it does not.
    """

    min_side_px: int
    max_side_px: int
    max_bytes: int
    media_types: tuple[str, ...] = ("image/jpeg", "image/png")
    names_min_face: bool = True
    recommended_angle_deg: int = 0


@dataclass(frozen=True, slots=True)
class Photo:
    """An encoded picture without its source's metadata. thumbnail: a small JPEG of it, b"" if none was asked for."""

    data: bytes = field(repr=False)
    media_type: str  # image/jpeg, image/png
    width: int
    height: int
    thumbnail: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ResultLink:
    """A link to a result. The URL may contain a key: never show, log or format it."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """A vendor's reply: picture bytes or a link to them, and the vendor's request id."""

    media: bytes | ResultLink = field(repr=False)
    request_id: str | None = None

    def __post_init__(self) -> None:
        if self.request_id:  # it is shown and stored, and some vendors quote their input
            object.__setattr__(self, "request_id", redact(self.request_id))


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """One change to a photo before it is sent; `locales` has a text for each slug."""

    slug: str
    facts: Mapping[str, object] = field(default_factory=dict)


class FaceRequirement(Enum):
    """The faces that an endpoint needs in a photo; checked by `imaging.face_checks`."""

    NONE = "free"  # works without a face
    ANY = "some"  # at least one, whatever its size and pose
    SUITABLE = "fit"  # the largest is used, and must be suitable


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One cloud API: its id, path, limits and controls, and the effect that the offline engine applies instead.

    marketplace_path: of the edition that a marketplace sells, "" without one. frontal_yaw_deg: a face that is turned
    further loses its likeness in the result; 0 if none does.
    """

    id: str
    vendor_id: str
    path: str
    limits: ImageLimits
    controls: tuple[Control, ...]
    render_offline: Callable[[Image, Values], Image]
    face_requirement: FaceRequirement = FaceRequirement.NONE
    constant_fields: Mapping[str, str] = field(default_factory=dict)
    marketplace_path: str = ""
    example_photo: str = "astronaut"
    frontal_yaw_deg: int = 0
    changes_framing: bool = False  # the person has another position or size in the result
    changes_geometry: bool = False  # the result has the photo's frame, but parts of the face have moved

    @property
    def slug(self) -> str:
        """The id in file names and element ids."""
        return self.id.replace("_", "-")

    def validate(self, values: Values) -> dict[str, Any]:
        """Checked values for every control, defaults filled in. Raises ValueRejected, also for unknown names."""
        known = {control.name for control in self.controls}
        for name in values:
            if name not in known:
                raise ValueRejected(
                    control=redact(str(name))[:64], value="", allowed=format_options(tuple(sorted(known)))
                )
        return {control.name: control.validate(values.get(control.name, control.default)) for control in self.controls}

    def build_wire_fields(self, values: Values) -> dict[str, Any]:
        """The request's fields except the photo, by wire name, for checked `values`."""
        return {**self.constant_fields, **{control.wire_name: values[control.name] for control in self.controls}}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of one vendor. They are registered as secrets on creation, so that they are redacted everywhere.

    host: only for the marketplace, which takes it as a header.
    """

    key: SecretStr
    secret: SecretStr | None = None
    host: str = ""

    def __post_init__(self) -> None:
        register_secret(self.key)
        if self.secret:
            register_secret(self.secret)

    def __deepcopy__(self, memo: object) -> "Credentials":
        return self  # a copy's secrets would not be registered


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call before it is sent: checked values, the photo to send, and what was changed in it."""

    endpoint: Endpoint
    values: Mapping[str, Any] = field(repr=False)  # a person may have typed anything
    photo: Photo
    changes: tuple[PhotoChange, ...]
    prepare_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """The live call that a recording shows again: when it was made (UTC), and the seconds that it took."""

    made_at: datetime
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class CallTarget:
    """Where a call goes and who pays: the vendor's host with keys, the offline server, or a recording.

    is_failure_lab: a simulated vendor, so billing is simulated too. billed_to: whose keys these are, the "owner"'s or
    the "visitor"'s. extra_headers: sent with each call, such as the failure lab's fault. timeout_s: read timeout; None
    for the client's. prefers_recording: a recording of the same call is shown instead, if there is one.
    """

    vendor_id: str
    base_url: str
    credentials: Credentials
    is_billable: bool
    path_override: str | None = None  # replaces the endpoint's path
    is_failure_lab: bool = False
    billed_to: str = "owner"
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    custom_host: str = ""  # names the service if `base_url` is not the vendor's own
    result_hosts: tuple[str, ...] = ()  # allowed hosts of linked results, besides that of `base_url`
    prefers_recording: bool = False
    recorded: RecordedCall | None = None  # only of a recording

    @property
    def mode(self) -> str:
        """ "live", "offline", "recorded" or "lab", as in reports."""
        if self.recorded:
            return "recorded"
        return "lab" if self.is_failure_lab else "live" if self.is_billable else "offline"

    @property
    def service(self) -> str:
        """Who answers, for `describe_service`: "offline", a host, or "" for the vendor, real, simulated or recorded."""
        return "offline" if self.mode == "offline" else self.custom_host
