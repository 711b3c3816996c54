"""Name and password sent along with a request (HTTP Basic), for programs that keep no cookies. For one event loop.

Nobody's browser is asked for them, so none sends them by itself, and no page elsewhere can make it.
"""

import base64
import hashlib
import hmac
import math
import secrets
from collections.abc import Callable

from .tries import LoginThrottle

MAX_HEADER_CHARS = 2000  # characters of the header that are looked at


class BasicAuth:
    """fits: whether name and password are a pair. tries: where wrong ones are counted."""

    def __init__(self, verify: Callable[[str, str], bool], throttle: LoginThrottle) -> None:
        self._verify = verify
        self._throttle = throttle
        self._salt = secrets.token_bytes(32)
        self._verified_digests: set[bytes] = (
            set()
        )  # as digests: who was in before does not wait for others' wrong tries

    def check_header(self, header: str, address: str) -> int | None:
        """None if `header`, an Authorization, lets in; else the seconds until `address` may try again, 0 at once."""
        credentials = _parse_header(header)
        if credentials is None:
            return 0
        digest = hmac.digest(self._salt, header.encode("utf-8", "replace"), hashlib.sha256)
        if digest in self._verified_digests:
            return None
        retry_after_s = math.ceil(self._throttle.retry_after(address))
        if retry_after_s:
            return retry_after_s
        self._throttle.record_attempt(address)
        if not self._verify(*credentials):
            return 0
        self._throttle.record_success(address)
        if len(self._verified_digests) < 1000:  # the same pair may be spelled in more ways than one
            self._verified_digests.add(digest)
        return None


def _parse_header(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header[:MAX_HEADER_CHARS].partition(" ")
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    return (name, password) if colon and scheme.lower() == "basic" else None
