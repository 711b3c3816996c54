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
    """The same picture as a file of just `size` bytes: decoders stop at its end."""
    return jpeg + bytes(size - len(jpeg))
