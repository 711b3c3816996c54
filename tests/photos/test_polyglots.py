"""Polyglot files leave as a picture without their payload, or are rejected."""

from collections.abc import Callable

import pytest
from hostile.polyglots import MARK, polyglots

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec

LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
PIECE = 6  # bytes; a JPEG of a few KB holds this many of the payload's by chance once in a hundred million


def count_payload_bytes(data: bytes, payload: bytes = MARK) -> int:
    """How many bytes of the payload are in `data`, in pieces too long for chance."""
    starts = (start for start in range(len(payload) - PIECE + 1) if payload[start : start + PIECE] in data)
    return len({start + offset for start in starts for offset in range(PIECE)})


@pytest.mark.fuzz
def test_prepare_removes_polyglot_payloads(figure: Callable[[str], None]) -> None:
    """Of at least thirty polyglots only re-encoded pixels remain, or the file is rejected."""
    outcomes = {}
    for name, data in polyglots().items():
        try:
            photo = codec.prepare(data, LIMITS).photo
        except ImageRejected as error:
            outcomes[name] = error.slug
            continue
        outcomes[name] = "picture"
        assert photo.data.startswith(b"\xff\xd8"), name
        assert photo.data.endswith(b"\xff\xd9"), name
        assert count_payload_bytes(photo.data) == 0, name
        assert count_payload_bytes(codec.encode(codec.decode(data))) == 0, name
    pictures = sum(outcome == "picture" for outcome in outcomes.values())
    refused = len(outcomes) - pictures
    figure(
        f"{len(outcomes)} polyglots: {pictures} pictures encoded anew with 0 bytes of the payload, {refused} refused"
    )
    assert pictures >= 30
    assert {name for name, outcome in outcomes.items() if outcome != "picture"} == {
        "gif as script", "html behind a jpeg's first bytes", "html behind a bmp's first bytes", "zip before a jpeg",
        "svg with script", "film", "tiff",
    }  # fmt: skip


def test_polyglot_samples_contain_their_payload() -> None:
    """Each sample contains its payload, compressed where its name says so, and the search finds it."""
    for name, data in polyglots().items():
        packed = name in ("png packed text", "png profile", "bmp padding of rows", "bmp fourth byte")
        assert (MARK in data) is not packed, name
    assert count_payload_bytes(b"picture" + MARK[3:20] + b"picture") == 17
