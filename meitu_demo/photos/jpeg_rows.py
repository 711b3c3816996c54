"""Recognises the JPEGs of our own encoder, and changes the last rows of pixels in one.

Such a file need not be encoded a second time, which would only lose quality. Its rows of blocks are independent of each
other, because `fit.encode` writes a restart marker after each (ITU-T T.81, E.1.4): those that do not change are neither
decoded nor encoded. Every function blocks.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..domain.model import Image
from . import fit, jpeg_decoder
from .headers import Size
from .jpeg_structure import read_header
from .safe_open import decoder_errors

BLOCK_PX = 8  # without chroma subsampling
HEAD_CACHE_SIZE = 64  # widths; a head has 0.6 KB
_BASELINE_FRAME, _RESTART_INTERVAL = 0xC0, 0xDD
_END = b"\xff\xd9"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


class _BlockRows(NamedTuple):
    """head: all before the scan's data; its height, two bytes at `height_offset`. rows: the data of each block row.

    end: where the end marker is, -1 without one.
    """

    head: bytes
    height_offset: int
    size: Size
    rows: list[bytes]
    end: int

    def build_head(self, height: int) -> bytes:
        """The head of a picture of that height, in pixels."""
        return self.head[: self.height_offset] + height.to_bytes(2, "big") + self.head[self.height_offset + 2 :]


def is_own_encoding(jpeg: bytes) -> bool:
    """Whether `jpeg` is as `fit.encode` makes it at 4:4:4 and its default quality, and nothing follows it."""
    found = _split_block_rows(jpeg)
    return found is not None and _has_own_tables(found) and found.end == len(jpeg) - len(_END)


def change_last_rows(jpeg: bytes, first_row: int, change: Callable[[Image], Image]) -> bytes | None:
    """Return `jpeg` with its last rows of pixels replaced by `change` of them: from the block with `first_row` on.

    change: takes and returns RGB (h, w, 3). None if `fit.encode` did not encode `jpeg` at 4:4:4 and its default
    quality. Raises ImageRejected if those rows are damaged, and what `change` raises.
    """
    whole = _split_block_rows(jpeg)
    if whole is None or not _has_own_tables(whole):
        return None
    kept_rows = first_row // BLOCK_PX
    width, height = whole.size[0], whole.size[1] - kept_rows * BLOCK_PX
    with decoder_errors():
        last = _join_block_rows(whole.build_head(height), whole.rows[kept_rows:])
        pixels = jpeg_decoder.decode(last, (width, height))
    changed = _split_block_rows(fit.encode(change(pixels))) if pixels is not None else None
    return _join_block_rows(whole.head, whole.rows[:kept_rows] + changed.rows) if changed else None


def _has_own_tables(found: _BlockRows) -> bool:
    return found.build_head(BLOCK_PX) == _build_own_head(found.size[0])


@lru_cache(HEAD_CACHE_SIZE)
def _build_own_head(width: int) -> bytes | None:
    """The head of a picture of that width and BLOCK_PX rows, as `fit.encode` makes it."""
    sample = _split_block_rows(fit.encode(np.zeros((BLOCK_PX, width, 3), np.uint8)))
    return sample and sample.head


def _split_block_rows(jpeg: bytes) -> _BlockRows | None:
    """Split a baseline JPEG; None unless a restart marker follows each block row but the last."""
    size, segments, scan_start = read_header(jpeg)
    starts = {kind: start for kind, start, _ in segments}
    if not {_BASELINE_FRAME, _RESTART_INTERVAL} <= starts.keys():
        return None
    data_start = scan_start + 2 + int.from_bytes(jpeg[scan_start + 2 : scan_start + 4], "big")
    end = jpeg.find(_END, data_start)
    rows = _RESTART.split(jpeg[data_start:end])
    if len(rows) != -(-size[1] // BLOCK_PX):
        return None
    return _BlockRows(jpeg[:data_start], starts[_BASELINE_FRAME] + 5, size, rows, end)


def _join_block_rows(head: bytes, rows: list[bytes]) -> bytes:
    markers = (bytes([0xFF, 0xD0 + number % 8]) for number in range(len(rows) - 1))
    return b"".join(
        [head, *(part for pair in zip(rows, markers, strict=False) for part in pair), rows[-1], b"\xff\xd9"]
    )
