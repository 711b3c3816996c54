"""The client's side of the vendors' dialects: one file a provider, nothing but pure functions.

``build(endpoint, route, photo, values)`` makes the request, ``parse(response)`` reads the answer. Neither does I/O.
"""

from . import ailab, meitu
from .base import VendorCodec

VENDOR_CODECS: dict[str, VendorCodec] = {"meitu": meitu, "ailab": ailab}

__all__ = ["VENDOR_CODECS", "VendorCodec"]
