"""Throttles logins, by Gradio's page and by HTTP Basic: after wrong passwords an address has to wait, ever longer.

After very many wrong passwords from all addresses, everybody has to wait. User names are not considered, so that nobody
can find out which exist. Times are monotonic. Bound to one event loop.
"""

import base64
import hashlib
import hmac
import math
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from ...runtime.client_address import is_public

MAX_FREE_ATTEMPTS = 5  # wrong passwords of one address before it has to wait
MAX_FREE_ATTEMPTS_SHARED = 20  # the same for addresses of many people: private networks, proxies that are not trusted
MIN_WAIT_S, MAX_WAIT_S = 60.0, 900.0  # each further wrong password doubles the wait
MAX_ATTEMPTS_PER_MINUTE = 100  # from all addresses; then everybody waits for the end of the minute
MINUTE_S = 60.0
MAX_ADDRESSES = 10_000  # tracked; the least recent are dropped first
MAX_HEADER_CHARS = 2000  # of an Authorization header
MAX_VERIFIED_HEADERS = 1000  # one pair of name and password can be spelled in several ways


class LoginThrottle:
    """Counts wrong passwords by address, as `resolve_client_address` gives it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()  # count and time of the last
        self._recent_attempts: deque[float] = deque(maxlen=MAX_ATTEMPTS_PER_MINUTE)

    def retry_after(self, address: str) -> float:
        """The seconds that `address` has to wait before its next attempt; 0 if it need not."""
        now = self._clock()
        count, last = self._failures.get(address, (0, now))
        max_free = MAX_FREE_ATTEMPTS if is_public(address) else MAX_FREE_ATTEMPTS_SHARED
        until = last + min(MAX_WAIT_S, MIN_WAIT_S * 2.0 ** min(count - max_free, 9)) if count >= max_free else now
        if len(self._recent_attempts) == MAX_ATTEMPTS_PER_MINUTE:
            until = max(until, self._recent_attempts[0] + MINUTE_S)
        return max(0.0, until - now)

    def record_attempt(self, address: str) -> None:
        """Count an attempt as wrong until `record_success`, so that parallel attempts all count."""
        now = self._clock()
        count, last = self._failures.pop(address, (0, now))
        self._failures[address] = (1 if now - last > MAX_WAIT_S else count + 1, now)
        self._recent_attempts.append(now)
        if len(self._failures) > MAX_ADDRESSES:
            self._failures.popitem(last=False)

    def record_success(self, address: str) -> None:
        """Take the last attempt back. Earlier ones stay: whoever knows one password may be guessing another."""
        count, last = self._failures.pop(address, (1, self._clock()))
        if count > 1:
            self._failures[address] = (count - 1, last)
        if self._recent_attempts:
            self._recent_attempts.pop()


class BasicAuth:
    """HTTP Basic authentication for programs that keep no cookies.

    No response asks a browser for it (WWW-Authenticate), so no browser sends it by itself (CSRF).
    """

    def __init__(self, verify: Callable[[str, str], bool], throttle: LoginThrottle) -> None:
        self._verify = verify
        self._throttle = throttle
        self._salt = secrets.token_bytes(32)
        # A client that logged in before need not wait because of others' wrong passwords from the same address.
        self._verified_digests: set[bytes] = set()

    def check_header(self, header: str, address: str) -> int | None:
        """Check an Authorization header. None if it is right; else the seconds until the next attempt, 0 for none."""
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
        if len(self._verified_digests) < MAX_VERIFIED_HEADERS:
            self._verified_digests.add(digest)
        return None


def _parse_header(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header[:MAX_HEADER_CHARS].partition(" ")
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    return (name, password) if colon and scheme.lower() == "basic" else None
