"""What stays beside the pixels because the picture would look different without it: ICC profile and orientation.

Bytes that are no ICC profile (ICC.1, section 7.2: its length, and `acsp` at byte 36) could hide anything and change no
colour, so they go.
"""

import struct

MAX_PROFILE_BYTES = 4_000_000  # bytes; printers' profiles have one or two million
_HEADER_BYTES = 128
_ORIENTATION_TAG, _SHORT_TYPE = 0x0112, 3


def is_icc_profile(data: bytes) -> bool:
    """Whether `data` is one whole ICC profile and nothing else."""
    return (
        _HEADER_BYTES < len(data) <= MAX_PROFILE_BYTES
        and data[36:40] == b"acsp"
        and int.from_bytes(data[:4], "big") == len(data)
    )


def build_orientation_exif(orientation: int) -> bytes:
    """An Exif block that says how the pixels are turned and nothing else; empty when they are upright."""
    if orientation == 1:
        return b""
    entry = struct.pack(">HHIHH", _ORIENTATION_TAG, _SHORT_TYPE, 1, orientation, 0)
    return struct.pack(">2sHIH", b"MM", 42, 8, 1) + entry + bytes(4)
