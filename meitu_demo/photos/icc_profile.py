"""Checks ICC profiles: which are safe to pass to lcms, and which bytes are a profile at all.

lcms allocates memory for a declared count before it checks that the values exist: a profile of 588 bytes that declares
a name in 33 million languages took 400 MB. So the values of every count that lcms trusts must fit into their tag.
"""

import math
import struct

_MAX_PROFILE_BYTES = 8_000_000  # profiles of printing presses have two or three million
MAX_EMBEDDED_PROFILE_BYTES = 4_000_000  # of a profile that is kept in an exported file
_HEADER_BYTES = 128
_MAX_TAGS = 100  # as in lcms
_REJECTED_TAG_TYPES = (b"ncl2", b"mpet")  # named inks; elements in floating point
_CURVE_PARAMETER_COUNTS = (1, 3, 4, 5, 7)  # of a parametric curve, by its function type


def is_safe_profile(profile: bytes) -> bool:
    """Whether each tag lies within `profile` and is long enough for what it declares."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        if len(profile) > _MAX_PROFILE_BYTES or count > _MAX_TAGS:
            return False
        tags = {struct.unpack_from(">II", profile, offset) for offset in range(136, 136 + 12 * count, 12)}
        return all(start + size <= len(profile) and _compute_tag_bytes(profile, start) <= size for start, size in tags)
    except (struct.error, ValueError, IndexError):
        return False


def is_icc_profile(data: bytes) -> bool:
    """Whether `data` is exactly one complete profile (ICC.1, section 7.2: its length, and `acsp` at byte 36).

    Other bytes change no colour and could hide anything, so exported files do not keep them.
    """
    return (
        _HEADER_BYTES < len(data) <= MAX_EMBEDDED_PROFILE_BYTES
        and data[36:40] == b"acsp"
        and int.from_bytes(data[:4], "big") == len(data)
    )


def _compute_tag_bytes(profile: bytes, tag_offset: int) -> float:
    """The bytes that the tag at `tag_offset` needs for its declared counts; infinity for a rejected type."""
    kind = profile[tag_offset : tag_offset + 4]
    if kind in _REJECTED_TAG_TYPES:
        return math.inf
    if kind == b"mluc":
        return 16 + 12 * int.from_bytes(profile[tag_offset + 8 : tag_offset + 12], "big")
    if kind in (b"curv", b"para"):
        return _compute_curve_bytes(profile, tag_offset)
    if kind not in (b"mft1", b"mft2", b"mAB ", b"mBA "):
        return 0
    channels, results, grid = struct.unpack_from(">BBB", profile, tag_offset + 8)
    if kind == b"mft1":
        return 48 + 256 * channels + grid**channels * results + 256 * results
    if kind == b"mft2":
        before, after = struct.unpack_from(">HH", profile, tag_offset + 48)
        return 52 + 2 * (before * channels + grid**channels * results + after * results)
    return _compute_multi_stage_bytes(profile, tag_offset, channels, results)


def _compute_multi_stage_bytes(profile: bytes, tag_offset: int, channels: int, results: int) -> int:
    """The same for mAB and mBA tables, which give offsets to their curves and grid."""
    outer, _, middle, grid, inner = struct.unpack_from(">5I", profile, tag_offset + 12)
    first, last = (channels, results) if profile[tag_offset : tag_offset + 4] == b"mAB " else (results, channels)
    needs = 32
    for offset, curves in ((outer, last), (middle, last), (inner, first)):
        end = offset
        for _ in range(curves if offset else 0):
            end += (_compute_curve_bytes(profile, tag_offset + end) + 3) // 4 * 4
        needs = max(needs, end - 3)  # the last curve need not be padded
    if grid:
        sides = profile[tag_offset + grid : tag_offset + grid + channels]
        needs = max(needs, grid + 20 + math.prod(sides) * results * profile[tag_offset + grid + 16])
    return needs


def _compute_curve_bytes(profile: bytes, tag_offset: int) -> int:
    kind, number = struct.unpack_from(">4s4xI", profile, tag_offset)
    if kind == b"curv":
        return int(12 + 2 * number)
    if kind != b"para":
        raise ValueError("not a curve")
    return 12 + 4 * _CURVE_PARAMETER_COUNTS[number >> 16]
