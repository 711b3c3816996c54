"""Whether a colour profile may be given to a colour engine. Only `rgb` and tests import it.

lcms reserves what a count asks for and looks afterwards whether the values are there: a name in 33 million languages,
in a profile of 588 bytes, took 400 MB. So every count that it would believe must fit into the tag that it stands in.
"""

import math
import struct

_MOST_BYTES = 8_000_000  # a printing press's profile has two or three
_MOST_TAGS = 100  # as in lcms
_NOT_FOR_PHOTOS = (b"ncl2", b"mpet")  # named inks; elements in floating point
_PARAMETERS = (1, 3, 4, 5, 7)  # of a curve, by its function


def is_sound(profile: bytes) -> bool:
    """Whether the tags of `profile` lie within it and are as long as they say."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        if len(profile) > _MOST_BYTES or count > _MOST_TAGS:
            return False
        tags = {struct.unpack_from(">II", profile, at) for at in range(136, 136 + 12 * count, 12)}
        return all(start + size <= len(profile) and _needs(profile, start) <= size for start, size in tags)
    except (struct.error, ValueError, IndexError):
        return False


def _needs(profile: bytes, at: int) -> float:
    """Bytes that the tag at `at` must have for what it promises; none where nothing is promised."""
    kind = profile[at : at + 4]
    if kind in _NOT_FOR_PHOTOS:
        return math.inf
    if kind == b"mluc":
        return 16 + 12 * int.from_bytes(profile[at + 8 : at + 12], "big")
    if kind in (b"curv", b"para"):
        return _curve_length(profile, at)
    if kind not in (b"mft1", b"mft2", b"mAB ", b"mBA "):
        return 0
    channels, results, grid = struct.unpack_from(">BBB", profile, at + 8)
    if kind == b"mft1":
        return 48 + 256 * channels + grid**channels * results + 256 * results
    if kind == b"mft2":
        before, after = struct.unpack_from(">HH", profile, at + 48)
        return 52 + 2 * (before * channels + grid**channels * results + after * results)
    return _steps_need(profile, at, channels, results)


def _steps_need(profile: bytes, at: int, channels: int, results: int) -> int:
    """The same for the newer tables, whose curves and grid stand where offsets say."""
    outer, _, middle, grid, inner = struct.unpack_from(">5I", profile, at + 12)
    first, last = (channels, results) if profile[at : at + 4] == b"mAB " else (results, channels)
    needs = 32
    for offset, curves in ((outer, last), (middle, last), (inner, first)):
        end = offset
        for _ in range(curves if offset else 0):
            end += (_curve_length(profile, at + end) + 3) // 4 * 4
        needs = max(needs, end - 3)  # the last need not be padded
    if grid:
        sides = profile[at + grid : at + grid + channels]
        needs = max(needs, grid + 20 + math.prod(sides) * results * profile[at + grid + 16])
    return needs


def _curve_length(profile: bytes, at: int) -> int:
    kind, number = struct.unpack_from(">4s4xI", profile, at)
    if kind == b"curv":
        return int(12 + 2 * number)
    if kind != b"para":
        raise ValueError("not a curve")
    return 12 + 4 * _PARAMETERS[number >> 16]
