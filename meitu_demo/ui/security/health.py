"""Health checks: /healthz reports that the server is alive, /readyz which of its parts work.

Both answer without a login and under any host name, because load balancers use the address and cannot log in. So they
reveal only one word for each part, and checks are cached.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import anyio
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...domain.errors import LedgerUnavailable
from ...engine import face_templates
from ...engine.imaging import faces
from ...ledger.lazy import LazyLedger

LIVENESS_PATH, READINESS_PATH = "/healthz", "/readyz"
CACHE_TTL_S = 5.0  # how long a check's result is reused
MAX_CHECK_WAIT_S = 3.0  # per request; a slower check continues, and a later request gets its result
OK, NOT_NEEDED, FAILED, UNREACHABLE, WAITING = "ok", "not needed", "failed", "unreachable", "waiting"
NO_STORE_HEADERS = {"cache-control": "no-store"}
ReadinessCheck = Callable[[], Awaitable[str]]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _CheckRun:
    """A check that is running or finished. finished_at: on the monotonic clock."""

    task: asyncio.Task[str]
    finished_at: float = 0.0


class Readiness:
    """Runs each check at most once in `CACHE_TTL_S` seconds. For one event loop."""

    def __init__(self, checks: Mapping[str, ReadinessCheck], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._checks = checks
        self._check_runs: dict[str, _CheckRun] = {}

    async def check_all(self) -> dict[str, str]:
        """The state of each part, after at most `MAX_CHECK_WAIT_S` seconds; WAITING while its check runs."""
        now = self._clock()
        for name, check in self._checks.items():
            check_run = self._check_runs.get(name)
            if check_run is None or (check_run.task.done() and now - check_run.finished_at > CACHE_TTL_S):
                self._check_runs[name] = self._start_check(name, check)
        await asyncio.wait([run.task for run in self._check_runs.values()], timeout=MAX_CHECK_WAIT_S)
        return {name: run.task.result() if run.task.done() else WAITING for name, run in self._check_runs.items()}

    def _start_check(self, name: str, check: ReadinessCheck) -> _CheckRun:
        async def run_check() -> str:
            try:
                return await check()
            except Exception as error:  # not its text, which may contain a path or a URL
                log.warning("not ready: %s (%s)", name, type(error).__name__)
                return FAILED
            finally:
                check_run.finished_at = self._clock()

        check_run = _CheckRun(asyncio.create_task(run_check()))
        return check_run


class HealthMiddleware:
    """ASGI middleware for /healthz and /readyz; placed before the origin check and the login."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        self.app = app
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in (LIVENESS_PATH, READINESS_PATH):
            await self.app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await PlainTextResponse("ask with GET", 405, NO_STORE_HEADERS)(scope, receive, send)
        elif scope["path"] == LIVENESS_PATH:
            await JSONResponse({"alive": True}, headers=NO_STORE_HEADERS)(scope, receive, send)
        else:
            states = await self._readiness.check_all()
            ready = all(state in (OK, NOT_NEEDED) for state in states.values())
            answer = JSONResponse({"ready": ready, "parts": states}, 200 if ready else 503, NO_STORE_HEADERS)
            await answer(scope, receive, send)


def build_readiness_checks(ledger: LazyLedger, *, is_billable: bool) -> dict[str, ReadinessCheck]:
    """Checks of what the demo needs. is_billable: calls may cost the owner money, so the ledger has to work."""
    is_loaded = False

    async def check_templates() -> str:
        first_template = face_templates.list_templates()[0]
        await anyio.to_thread.run_sync(face_templates.load_template, first_template.id)
        return OK

    async def check_database() -> str:
        if not is_billable:
            return NOT_NEEDED
        try:
            await (await ledger.get_recorder()).ledger.count_calls_today("")
        except LedgerUnavailable:
            return UNREACHABLE
        return OK

    async def check_models() -> str:
        nonlocal is_loaded
        if not is_loaded:  # models stay loaded
            await anyio.to_thread.run_sync(faces.load_models)
            is_loaded = True
        return OK

    return {"templates": check_templates, "database": check_database, "faces": check_models}
