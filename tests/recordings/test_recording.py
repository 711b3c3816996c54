"""Recording: a file holds a whole recording, or is recognised as damaged."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.recordings.recording import MAGIC, DamagedRecording, Recording

TEXTS = st.text(max_size=20)


def record(body: bytes = b"{}", picture: bytes = b"", **changes: Any) -> Recording:
    """A recording of a restoration."""
    facts: dict[str, Any] = {
        "key": "0" * 64,
        "endpoint_id": "quality_restoration",
        "vendor_id": "meitu",
        "service": "",
        "values": {},
        "recorded_at": datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
        "elapsed_s": 1.8,
        "status": 200,
        "headers": {"content-type": "application/json"},
        "reading": {"outcome": "picture"},
    }
    return Recording(body=body, picture=picture, **{**facts, **changes})


@given(st.binary(max_size=200), st.binary(max_size=200), st.dictionaries(TEXTS, TEXTS | st.integers()), TEXTS)
def test_load_gives_what_was_dumped(body: bytes, picture: bytes, values: dict[str, Any], message: str) -> None:
    """Any body, picture, values and texts come back as they were."""
    recording = record(body, picture, values=values, reading={"outcome": "VendorError", "vendor_message": message})
    assert Recording.load(recording.dump()) == recording


@given(st.data())
def test_load_recognises_every_cut_and_every_changed_byte(data: st.DataObject) -> None:
    """No file that was cut off or changed anywhere is read as a recording."""
    whole = record(b'{"a": 1}', b"\xff\xd8 a picture").dump()
    position = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[position] ^= data.draw(st.integers(1, 255))
    for damaged in (whole[:position], bytes(changed), whole + b"\n"):
        with pytest.raises(DamagedRecording):
            Recording.load(damaged)


def test_load_names_a_format_that_it_does_not_read() -> None:
    """A later version's file is told from a damaged one, and from a file that is none."""
    later = record().dump().replace(MAGIC + b" 1 ", MAGIC + b" 2 ")
    with pytest.raises(DamagedRecording, match="format"):
        Recording.load(later)
    with pytest.raises(DamagedRecording, match="not a recording"):
        Recording.load(b"\xff\xd8\xff\xe0 a JPEG\n")


def test_load_recognises_a_description_that_lacks_something() -> None:
    """A file whose digest is right, but whose description is not of this format, is damaged all the same."""
    from hashlib import sha256

    for head in (
        b"[]",
        b"{}",
        b"no JSON",
        b'{"body_bytes": "x", "picture_bytes": 0}',
        b'{"body_bytes": 9, "picture_bytes": 0}',
    ):
        content = head + b"\n"
        with pytest.raises(DamagedRecording):
            Recording.load(b"%s 1 %s\n" % (MAGIC, sha256(content).hexdigest().encode()) + content)
