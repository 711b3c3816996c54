"""Name and password sent along with a request (HTTP Basic), for programs that keep no cookies. For one event loop.

Nobody's browser is asked for them, so none sends them by itself, and no page elsewhere can make it.
"""

import base64
import hashlib
import hmac
import math
import secrets
from collections.abc import Callable

from .tries import Tries

LONGEST = 2000  # characters of the header that are looked at


class Passwords:
    """fits: whether name and password are a pair. tries: where wrong ones are counted."""

    def __init__(self, fits: Callable[[str, str], bool], tries: Tries) -> None:
        self._fits = fits
        self._tries = tries
        self._salt = secrets.token_bytes(32)
        self._right: set[bytes] = set()  # as digests: who was in before does not wait for others' wrong tries

    def wait(self, header: str, address: str) -> int | None:
        """None if `header`, an Authorization, lets in; else the seconds until `address` may try again, 0 at once."""
        pair = _pair(header)
        if pair is None:
            return 0
        digest = hmac.digest(self._salt, header.encode("utf-8", "replace"), hashlib.sha256)
        if digest in self._right:
            return None
        seconds = math.ceil(self._tries.wait(address))
        if seconds:
            return seconds
        self._tries.begin(address)
        if not self._fits(*pair):
            return 0
        self._tries.was_right(address)
        if len(self._right) < 1000:  # the same pair may be spelled in more ways than one
            self._right.add(digest)
        return None


def _pair(header: str) -> tuple[str, str] | None:
    kind, _, coded = header[:LONGEST].partition(" ")
    try:
        name, colon, password = base64.b64decode(coded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    return (name, password) if colon and kind.lower() == "basic" else None
