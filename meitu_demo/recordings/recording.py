"""`Recording`: one answer of a vendor, and its file.

The file has three parts:

    portrait-apis-recording 1 <SHA-256 of all that follows>
    {"endpoint": …, "recorded_at": …, "headers": …, "body_bytes": …, "picture_bytes": …}
    the answer's body, then the linked picture

So one rename writes a recording as a whole, and a file that was cut off or changed is recognised.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

MAGIC = b"portrait-apis-recording"
FORMAT = 1
OUTCOMES_WITH_PICTURE = ("picture", "link")


class DamagedRecording(ValueError):
    """The file is not a whole recording in a format that this version reads; the message says why."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One answer. It holds no key and no URL of the vendor, and of the photo only what is hashed into `key`.

    key: 64 hexadecimal digits, see `RecordingStore.compute_key`. service: `CallTarget.service` of the call.
    recorded_at: UTC. elapsed_s: from the click to the result. headers: lower case. picture: what a link led to; empty
    if the body holds the picture. reading: what the client's codec read in the answer, see `answer.read_answer`.
    """

    key: str
    endpoint_id: str
    vendor_id: str
    service: str
    values: Mapping[str, Any] = field(repr=False)
    recorded_at: datetime
    elapsed_s: float
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    picture: bytes = field(repr=False)
    reading: Mapping[str, str]

    @property
    def has_picture(self) -> bool:
        """Whether the vendor made a picture, as opposed to a refusal."""
        return self.reading.get("outcome") in OUTCOMES_WITH_PICTURE

    def dump(self) -> bytes:
        """The file's content."""
        head = {
            "key": self.key,
            "endpoint": self.endpoint_id,
            "vendor": self.vendor_id,
            "service": self.service,
            "values": dict(self.values),
            "recorded_at": self.recorded_at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "elapsed_s": round(self.elapsed_s, 3),
            "status": self.status,
            "headers": dict(self.headers),
            "reading": dict(self.reading),
            "body_bytes": len(self.body),
            "picture_bytes": len(self.picture),
        }
        content = json.dumps(head, ensure_ascii=True).encode("ascii") + b"\n" + self.body + self.picture
        return b"%s %d %s\n" % (MAGIC, FORMAT, sha256(content).hexdigest().encode("ascii")) + content

    @classmethod
    def load(cls, data: bytes) -> "Recording":
        """The recording in a file's content. Raises DamagedRecording."""
        first_line, _, content = data.partition(b"\n")
        magic, version, digest = (*first_line.split(b" "), b"", b"", b"")[:3]
        if magic != MAGIC:
            raise DamagedRecording("it is not a recording")
        if version != b"%d" % FORMAT:
            raise DamagedRecording("its format is not one that this version reads")
        if sha256(content).hexdigest().encode("ascii") != digest:
            raise DamagedRecording("it was cut off or changed")
        head_line, _, payload = content.partition(b"\n")
        try:
            head = json.loads(head_line)
            body_end = head["body_bytes"]
            if body_end + head["picture_bytes"] != len(payload):
                raise DamagedRecording("its parts have other sizes than it says")
            return cls(
                key=head["key"],
                endpoint_id=head["endpoint"],
                vendor_id=head["vendor"],
                service=head["service"],
                values=head["values"],
                recorded_at=datetime.fromisoformat(head["recorded_at"]),
                elapsed_s=float(head["elapsed_s"]),
                status=head["status"],
                headers=head["headers"],
                body=payload[:body_end],
                picture=payload[body_end:],
                reading=head["reading"],
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedRecording(f"its description lacks something ({type(error).__name__})") from None
        except DamagedRecording:
            raise
        except ValueError:
            raise DamagedRecording("its description cannot be read") from None
