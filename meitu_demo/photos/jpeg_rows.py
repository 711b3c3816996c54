"""Changes the last rows of pixels in a JPEG; the rows above are neither decoded nor encoded a second time.

So most of the time is saved, and all of the quality above. It needs a restart marker after each row of blocks, which
makes the rows independent of each other (ITU-T T.81, E.1.4), and the tables of our own encoder: `fit.encode` writes
both. Blocks.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from ..domain.model import Image
from . import fit, jpeg_decoder
from .headers import Size
from .jpeg_structure import read_header
from .safe_open import decoder_errors

BLOCK_PX = 8  # without chroma subsampling
_BASELINE_FRAME, _RESTART_INTERVAL = 0xC0, 0xDD
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


class _BlockRows(NamedTuple):
    """head: all before the scan's data; its height, two bytes at `height_offset`. rows: the data of each block row."""

    head: bytes
    height_offset: int
    size: Size
    rows: list[bytes]


def change_last_rows(jpeg: bytes, first_row: int, change: Callable[[Image], Image]) -> bytes | None:
    """Return `jpeg` with its last rows of pixels replaced by `change` of them: from the block with `first_row` on.

    change: takes and returns RGB (h, w, 3). None if `fit.encode` did not encode `jpeg` at 4:4:4 and its default
    quality. Raises ImageRejected if those rows are damaged, and what `change` raises.
    """
    whole = _split_block_rows(jpeg)
    if whole is None:
        return None
    kept_rows = first_row // BLOCK_PX
    width, height = whole.size[0], whole.size[1] - kept_rows * BLOCK_PX
    offset = whole.height_offset
    head = whole.head[:offset] + height.to_bytes(2, "big") + whole.head[offset + 2 :]
    with decoder_errors():
        pixels = jpeg_decoder.decode(_join_block_rows(head, whole.rows[kept_rows:]), (width, height))
    changed = _split_block_rows(fit.encode(change(pixels))) if pixels is not None else None
    if changed is None or changed.head != head:
        return None
    return _join_block_rows(whole.head, whole.rows[:kept_rows] + changed.rows)


def _split_block_rows(jpeg: bytes) -> _BlockRows | None:
    """Split a baseline JPEG; None unless a restart marker follows each block row but the last."""
    size, segments, scan_start = read_header(jpeg)
    starts = {kind: start for kind, start, _ in segments}
    if not {_BASELINE_FRAME, _RESTART_INTERVAL} <= starts.keys():
        return None
    data_start = scan_start + 2 + int.from_bytes(jpeg[scan_start + 2 : scan_start + 4], "big")
    rows = _RESTART.split(jpeg[data_start : jpeg.find(b"\xff\xd9", data_start)])
    if len(rows) != -(-size[1] // BLOCK_PX):
        return None
    return _BlockRows(jpeg[:data_start], starts[_BASELINE_FRAME] + 5, size, rows)


def _join_block_rows(head: bytes, rows: list[bytes]) -> bytes:
    markers = (bytes([0xFF, 0xD0 + number % 8]) for number in range(len(rows) - 1))
    return b"".join(
        [head, *(part for pair in zip(rows, markers, strict=False) for part in pair), rows[-1], b"\xff\xd9"]
    )
