"""Counts wrong passwords: after a few an address has to wait, longer each time, and after many everybody has to.

Names play no part, so nothing can be learnt about which there are. Clocks that are set change nothing.
"""

import base64
import hashlib
import hmac
import math
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import ip_network

MAX_FREE_ATTEMPTS = 5  # wrong tries that an address has
MAX_FREE_ATTEMPTS_SHARED = (
    20  # … one that many may share: a private network's, or a proxy's that the owner has not named
)
MIN_WAIT_S, MAX_WAIT_S = 60.0, 900.0  # the wait after those; each further one doubles it
MAX_ATTEMPTS_PER_MINUTE = (
    100  # wrong tries from anywhere within a minute, after which everybody waits for the minute's end
)
MINUTE_S = 60.0
MAX_ADDRESSES = 10_000  # that are remembered; those that tried last


class LoginThrottle:
    """Wrong tries by address (of `address.resolve_client_address`). For one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the last one was
        self._recent_attempts: deque[float] = deque(maxlen=MAX_ATTEMPTS_PER_MINUTE)

    def retry_after(self, address: str) -> float:
        """The seconds that `address` has to wait before it may try; 0 if it may now."""
        now = self._clock()
        count, last = self._failures.get(address, (0, now))
        max_free = MAX_FREE_ATTEMPTS if _is_single_client(address) else MAX_FREE_ATTEMPTS_SHARED
        until = last + min(MAX_WAIT_S, MIN_WAIT_S * 2.0 ** min(count - max_free, 9)) if count >= max_free else now
        if len(self._recent_attempts) == MAX_ATTEMPTS_PER_MINUTE:
            until = max(until, self._recent_attempts[0] + MINUTE_S)
        return max(0.0, until - now)

    def record_attempt(self, address: str) -> None:
        """A try, which counts as a wrong one until it is known: many at once are many."""
        now = self._clock()
        count, last = self._failures.pop(address, (0, now))
        self._failures[address] = (1 if now - last > MAX_WAIT_S else count + 1, now)
        self._recent_attempts.append(now)
        if len(self._failures) > MAX_ADDRESSES:
            self._failures.popitem(last=False)

    def record_success(self, address: str) -> None:
        """The last one was no wrong one. Those before it stay: whoever has one password may be after another."""
        count, last = self._failures.pop(address, (1, self._clock()))
        if count > 1:
            self._failures[address] = (count - 1, last)
        if self._recent_attempts:
            self._recent_attempts.pop()


def _is_single_client(address: str) -> bool:
    try:
        return ip_network(address).network_address.is_global
    except ValueError:
        return False


# MERGED ui/guard/basic.py: Name and password sent along with a request (HTTP Basic), for programs that keep no cookies.
# For one event loop. Nobody's browser is asked for them, so none sends them by itself, and no page elsewhere can make
# it.


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
