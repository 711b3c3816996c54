"""Counts wrong passwords: after a few an address has to wait, longer each time, and after many everybody has to.

Names play no part, so nothing can be learnt about which there are. Clocks that are set change nothing.
"""

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
