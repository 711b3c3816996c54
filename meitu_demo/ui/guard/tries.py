"""Counts wrong passwords: after a few an address has to wait, longer each time, and after many everybody has to.

Names play no part, so nothing can be learnt about which there are. Clocks that are set change nothing.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import ip_network

FREE = 5  # wrong tries that an address has
FREE_SHARED = 20  # … one that many may share: a private network's, or a proxy's that the owner has not named
FIRST_S, LONGEST_S = 60.0, 900.0  # the wait after those; each further one doubles it
IN_ALL = 100  # wrong tries from anywhere within a minute, after which everybody waits for the minute's end
MINUTE_S = 60.0
ADDRESSES = 10_000  # that are remembered; those that tried last


class Tries:
    """Wrong tries by address (of `address.resolve_client_address`). For one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the last one was
        self._lately: deque[float] = deque(maxlen=IN_ALL)

    def wait(self, address: str) -> float:
        """The seconds that `address` has to wait before it may try; 0 if it may now."""
        now = self._clock()
        count, last = self._wrong.get(address, (0, now))
        free = FREE if _is_one(address) else FREE_SHARED
        until = last + min(LONGEST_S, FIRST_S * 2.0 ** min(count - free, 9)) if count >= free else now
        if len(self._lately) == IN_ALL:
            until = max(until, self._lately[0] + MINUTE_S)
        return max(0.0, until - now)

    def begin(self, address: str) -> None:
        """A try, which counts as a wrong one until it is known: many at once are many."""
        now = self._clock()
        count, last = self._wrong.pop(address, (0, now))
        self._wrong[address] = (1 if now - last > LONGEST_S else count + 1, now)
        self._lately.append(now)
        if len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)

    def was_right(self, address: str) -> None:
        """The last one was no wrong one. Those before it stay: whoever has one password may be after another."""
        count, last = self._wrong.pop(address, (1, self._clock()))
        if count > 1:
            self._wrong[address] = (count - 1, last)
        if self._lately:
            self._lately.pop()


def _is_one(address: str) -> bool:
    try:
        return ip_network(address).network_address.is_global
    except ValueError:
        return False
