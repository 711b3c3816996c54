"""How a vendor is treated: left alone while it does not answer, and asked again only for what never reached it.

    exchange   one request and its whole answer, bounded       breaker   a vendor that does not answer is left alone
    repeats    what never arrived is sent again, in measure

A `Line` is what one process knows of one vendor's condition. The service uses all of it.
"""

from dataclasses import dataclass, field

from .breaker import FAILURES, Breaker
from .exchange import exchange, retry_after
from .repeats import Repeats, attempts

__all__ = ["FAILURES", "Breaker", "Line", "Repeats", "attempts", "exchange", "retry_after"]


@dataclass(frozen=True, slots=True)
class Line:
    """The breaker and the repeats of one vendor, shared by everybody who calls it."""

    breaker: Breaker = field(default_factory=lambda: Breaker(failures=None))
    repeats: Repeats = field(default_factory=Repeats)
