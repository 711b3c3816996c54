"""One line in the log for each run, under an id that the person sees too: in the receipt, or with the explanation.

It says what was asked for, which way it took, how it ended and what that means for money; nothing of who asked, and
nothing that they gave. Imports `billing`, `errors`, `logs` and `spec`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from .billing import Billing, billing_of
from .errors import DemoError, Unreachable
from .logs import RUN
from .spec import Route

log = logging.getLogger(__name__)
LINE = "run %s: %s %s, %s, billing %s, %d ms, %s bytes in, %s sent, %s back"


@dataclass(slots=True)
class Run:
    """One run. way: live, offline or lab; "" where it ended before that was known. Sizes in bytes, None if unknown.

    given: the photo as it came. sent: the photo as it went. back: the result.
    """

    endpoint: str
    way: str = ""
    paid: bool = False
    given: int | None = None
    sent: int | None = None
    back: int | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    _begun: float = field(default_factory=time.monotonic)

    @classmethod
    def on(cls, endpoint: str, route: Route, given: int) -> "Run":
        """A run that begins now."""
        return cls(endpoint, "lab" if route.lab else route.mode, route.paid, given)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A part of the run: what is logged within carries its id, and so does an error that leaves, which ends it."""
        token = RUN.set(self.id)
        try:
            yield
        except BaseException as error:
            self.ends(error)
            raise
        finally:
            with suppress(ValueError):  # a generator that is closed from elsewhere
                RUN.reset(token)

    def ends(self, error: BaseException | None = None) -> None:
        """Write the line. The error gets the run's id, for whoever explains it."""
        if error is not None and _is_named(error):
            return
        if isinstance(error, Exception):
            error.run = self.id  # type: ignore[attr-defined]
        if isinstance(error, Unreachable):
            self.sent = 0  # it was to go, and did not
        self.tell("ok" if error is None else _outcome(error), self._billing(error))

    def tell(self, outcome: str, billing: str) -> None:
        """The line, with that outcome; as fields, too, where the log is JSON."""
        milliseconds = round((time.monotonic() - self._begun) * 1000)
        sizes = self.given, self.sent, self.back
        log.info(
            LINE, self.id, self.endpoint or "?", self.way or "nowhere", outcome, billing, milliseconds,
            *("?" if size is None else size for size in sizes),
            extra={
                "run": self.id, "endpoint": self.endpoint, "route": self.way, "outcome": outcome, "billing": billing,
                "milliseconds": milliseconds, "bytes_in": sizes[0], "bytes_sent": sizes[1], "bytes_back": sizes[2],
            },
        )  # fmt: skip

    def _billing(self, error: BaseException | None) -> str:
        if not self.paid:
            return "free"
        if error is None:
            return Billing.DONE
        if isinstance(error, asyncio.CancelledError):
            return Billing.NOT_SENT if self.sent is None else Billing.UNKNOWN
        return billing_of(error) or Billing.NOT_SENT


def name(error: Exception, endpoint: str) -> None:
    """For an error that is about to be explained: if no run has named it yet, it was one of its own, and ends here."""
    Run(endpoint).ends(error)


def _is_named(error: BaseException) -> bool:
    return bool(getattr(error, "run", ""))


def _outcome(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "stopped"
    return error.slug if isinstance(error, DemoError) else DemoError.slug
