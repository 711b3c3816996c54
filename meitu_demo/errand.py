"""A call that runs by itself: in a task of its own, so that whoever waits for it may come and go.

For `desk` alone, which decides who gets which. Imports `service` and `billing`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from .billing import may_have_cost
from .errors import DemoError
from .service import Asked, Outcome, Step, Watch

Ask = Callable[[Watch], Awaitable[Asked]]
Collect = Callable[[Asked, Watch], Awaitable[Outcome]]
Progress = tuple[Step, float]


class Errand:
    """One call, made by a task of its own: whoever waits for it may leave without ending it.

    free: it costs nothing. running: where it is noted while it runs, because a loop holds its tasks weakly.
    before: the call that this one was to make once more; it is there again if this one comes to nothing.
    run: the id under which the log has it.
    """

    def __init__(
        self,
        number: int,
        ask: Ask,
        collect: Collect,
        running: "set[Errand]",
        *,
        free: bool,
        before: "Errand | None" = None,
        run: str = "",
    ) -> None:
        self.number = number
        self.free = free
        self.run = run
        self.begun_at = datetime.now(UTC)
        self.sent = False  # whether a byte may have left
        self.given_up = False
        self.watchers: set[asyncio.Queue[Progress | None]] = set()
        self.last: Progress = (Step.PREPARE, 0.0)
        self._running = running
        self._before = before.latest_worth() if before else None
        self._ask = ask
        self._collect = collect
        self._asked: Asked | None = None
        self.task = self._start()

    @property
    def ended(self) -> bool:
        """Whether there is a result, or it failed."""
        return self.task.done()

    def latest_worth(self) -> "Errand | None":
        """What a repeated click gets: this call, or the one before it, if they came to anything."""
        if self._shows_again():
            if self.ended:  # one that is under way may still come to nothing
                self._before = None
            return self
        return self._before.latest_worth() if self._before else None

    def _shows_again(self) -> bool:
        """Whether it is under way, was paid for or may have been. A picture that is missing is fetched anew, free."""
        if self.given_up or (self.ended and self.task.cancelled()):
            return False
        if not self.ended:
            return True
        error = self.task.exception()
        if error is None:
            return True
        if self._asked is not None:  # paid for, and only the picture is missing: fetching it costs nothing
            self.task = self._start()
            return True
        return isinstance(error, DemoError) and may_have_cost(error)

    def size(self) -> int:
        """Bytes of pictures held."""
        if not self.ended or self.task.cancelled() or self.task.exception() is not None:
            return 0
        outcome = self.task.result()
        return len(outcome.sent.data) + len(outcome.result.data)

    def _start(self) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(self._work())
        self._running.add(self)
        task.add_done_callback(self._tell_all)
        return task

    async def _work(self) -> Outcome:
        if self._asked is None:
            self._asked = await self._ask(self._watch)
        return await self._collect(self._asked, self._watch)

    def _watch(self, step: Step, seconds: float) -> None:
        self.sent |= step is Step.SEND
        self.last = (step, seconds)
        for watcher in self.watchers:
            watcher.put_nowait(self.last)

    def give_up(self) -> None:
        """End it before anything is sent. Once: a second time would disturb it while it writes that down."""
        if not self.given_up:
            self.given_up = True
            self.task.cancel()

    def _tell_all(self, task: asyncio.Task[Outcome]) -> None:
        if task is not self.task:  # its end was seen, and the picture is fetched anew, before this was called
            return
        self._running.discard(self)
        if not task.cancelled():
            task.exception()  # looked at, or Python would complain if nobody waits any more
        for watcher in self.watchers:
            watcher.put_nowait(None)
