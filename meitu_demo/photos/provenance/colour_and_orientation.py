"""The metadata that changes how a picture looks and is therefore preserved: ICC profile and orientation.

Bytes that are not an ICC profile (ICC.1, section 7.2: its length, and `acsp` at byte 36) change no colour and could
hide anything, so they are removed.
"""

import struct

MAX_PROFILE_BYTES = 4_000_000  # printers' profiles have one or two million
_HEADER_BYTES = 128
_ORIENTATION_TAG, _SHORT_TYPE = 0x0112, 3


def is_icc_profile(data: bytes) -> bool:
    """Whether `data` is exactly one complete ICC profile."""
    return (
        _HEADER_BYTES < len(data) <= MAX_PROFILE_BYTES
        and data[36:40] == b"acsp"
        and int.from_bytes(data[:4], "big") == len(data)
    )


def build_orientation_exif(orientation: int) -> bytes:
    """Build an EXIF block with the orientation only; empty for upright pixels."""
    if orientation == 1:
        return b""
    entry = struct.pack(">HHIHH", _ORIENTATION_TAG, _SHORT_TYPE, 1, orientation, 0)
    return struct.pack(">2sHIH", b"MM", 42, 8, 1) + entry + bytes(4)
