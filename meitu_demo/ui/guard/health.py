"""For whoever looks after the server: /healthz says that it is alive, /readyz which of its parts work.

Open to everybody and under any name, because load balancers ask by address and cannot log in. So neither says more
than a word for each part, and what takes work is done once in a while however often somebody asks.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import anyio
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ... import templates
from ...errors import LedgerUnavailable
from ...imaging import faces
from ...till import LazyLedger

ALIVE, READY = "/healthz", "/readyz"
KEPT_S = 5.0  # for which an answer is given again
PATIENCE_S = 3.0  # that whoever asks waits; what takes longer goes on, and its answer is there the next time
OK, NOT_NEEDED, FAILED, UNREACHABLE, WAITING = "ok", "not needed", "failed", "unreachable", "waiting"
NEVER_STORED = {"cache-control": "no-store"}
Look = Callable[[], Awaitable[str]]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """A look at one part, under way or done; over: when it was, on the monotonic clock."""

    task: asyncio.Task[str]
    over: float = 0.0


class Readiness:
    """Looks at each part, at most once in `KEPT_S` seconds. For one event loop."""

    def __init__(self, parts: Mapping[str, Look], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._parts = parts
        self._seen: dict[str, _Seen] = {}

    async def states(self) -> dict[str, str]:
        """A word for each part, after `PATIENCE_S` seconds at most."""
        now = self._clock()
        for name, look in self._parts.items():
            seen = self._seen.get(name)
            if seen is None or (seen.task.done() and now - seen.over > KEPT_S):
                self._seen[name] = self._look(name, look)
        await asyncio.wait([seen.task for seen in self._seen.values()], timeout=PATIENCE_S)
        return {name: seen.task.result() if seen.task.done() else WAITING for name, seen in self._seen.items()}

    def _look(self, name: str, look: Look) -> _Seen:
        async def safely() -> str:
            try:
                return await look()
            except Exception as error:  # its text may hold a path or a URL
                log.warning("not ready: %s (%s)", name, type(error).__name__)
                return FAILED
            finally:
                seen.over = self._clock()

        seen = _Seen(asyncio.create_task(safely()))
        return seen


class Health:
    """ASGI middleware for the outermost place: nothing stands between the two answers and whoever asks."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        self.app = app
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http" or scope["path"] not in (ALIVE, READY):
            await self.app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await PlainTextResponse("ask with GET", 405, NEVER_STORED)(scope, receive, send)
        elif scope["path"] == ALIVE:
            await JSONResponse({"alive": True}, headers=NEVER_STORED)(scope, receive, send)
        else:
            states = await self._readiness.states()
            ready = all(state in (OK, NOT_NEEDED) for state in states.values())
            answer = JSONResponse({"ready": ready, "parts": states}, 200 if ready else 503, NEVER_STORED)
            await answer(scope, receive, send)


def parts(till: LazyLedger, *, paid: bool) -> dict[str, Look]:
    """What the demo needs. paid: calls may cost the owner money, so they have to be written down."""
    loaded = False

    async def pictures() -> str:
        first = templates.list_templates()[0]
        await anyio.to_thread.run_sync(templates.load_template, first.id)
        return OK

    async def database() -> str:
        if not paid:
            return NOT_NEEDED
        try:
            await (await till.get_recorder()).ledger.count_calls_today("")
        except LedgerUnavailable:
            return UNREACHABLE
        return OK

    async def models() -> str:
        nonlocal loaded
        if not loaded:  # once they are, nothing takes them away
            await anyio.to_thread.run_sync(faces.load_models)
            loaded = True
        return OK

    return {"templates": pictures, "database": database, "faces": models}
