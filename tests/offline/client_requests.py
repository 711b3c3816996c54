"""What a caller of the offline server has at hand: keys, paths, and pictures of an exact size."""

from collections.abc import Awaitable, Callable
from typing import Any

import cv2
import httpx
import numpy as np

Ask = Callable[..., Awaitable[httpx.Response]]
KEYS = {"api_key": "xxx", "api_secret": "xxx"}
PATHS = {"face_fuse": "/v3/facefuse", "anime_avatar": "/v1/EmojMaterialH5", "quality_restoration": "/v1/aiquality"}
TIDYUP = "/api/portrait/effects/face-tidyup"


def sized(width: int, height: int, kind: str = ".jpg") -> bytes:
    """A grey picture of just this size in pixels."""
    encoded: Any = cv2.imencode(kind, np.full((height, width, 3), 120, np.uint8))[1]
    return bytes(encoded)


def weighing(jpeg: bytes, size: int) -> bytes:
    """The same picture as a file of just `size` bytes: filled up with comments, which decoders skip."""
    missing = size - len(jpeg)
    segments = []
    while missing:
        length = min(missing, 65_537)
        if 0 < missing - length < 4:  # what remains must hold a segment's head
            length -= 4
        segments.append(b"\xff\xfe" + (length - 2).to_bytes(2, "big") + bytes(length - 4))
        missing -= length
    return jpeg[:2] + b"".join(segments) + jpeg[2:]
