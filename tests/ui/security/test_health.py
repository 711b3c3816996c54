"""/healthz and /readyz: open to everybody, quick, true, and no way to load the machine."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ui.conftest import Page, serve

from meitu_demo.engine.imaging import faces
from meitu_demo.ledger.lazy import LazyLedger
from meitu_demo.settings import Settings
from meitu_demo.ui.security import health
from meitu_demo.ui.security.health import (
    FAILED,
    NOT_NEEDED,
    OK,
    UNREACHABLE,
    WAITING,
    Readiness,
    build_readiness_checks,
)


@pytest.fixture(scope="module")
def locked() -> Iterator[Page]:
    """The app with a login, on this machine alone."""
    yield from serve(Settings.from_env({"LOGIN": "ann:word"}))


def test_health_checks_answer_without_a_login_and_under_any_host_name(locked: Page) -> None:
    """GET and HEAD only, never cached, with the security headers; no other path is open."""
    for path, expected in (
        ("/healthz", {"alive": True}),
        ("/readyz", {"ready": True, "parts": {"templates": OK, "database": NOT_NEEDED, "faces": OK}}),
    ):
        by_address = {"host": "10.1.2.3:80", "origin": "https://x.example"}
        answer = httpx.get(f"{locked.url}{path}", headers=by_address, timeout=60)
        end = time.monotonic() + 60
        while WAITING in answer.text and time.monotonic() < end:  # templates and models come in
            answer = httpx.get(f"{locked.url}{path}", headers=by_address, timeout=60)
        assert answer.json() == expected
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert httpx.head(f"{locked.url}{path}").status_code == 200
        assert httpx.post(f"{locked.url}{path}").status_code == 405
    assert httpx.get(f"{locked.url}/healthz/x").status_code == 401


async def test_readiness_runs_one_check_for_many_requests() -> None:
    """Fifty requests at once run it once; it runs again when the result has expired."""
    runs, clock = [0], [100.0]

    async def check() -> str:
        runs[0] += 1
        await asyncio.sleep(0)
        return OK

    readiness = Readiness({"part": check}, lambda: clock[0])
    answers = await asyncio.gather(*(readiness.check_all() for _ in range(50)))
    assert (runs[0], answers) == (1, [{"part": OK}] * 50)
    clock[0] += health.CACHE_TTL_S + 1
    await readiness.check_all()
    assert runs[0] == 2


async def test_readiness_does_not_wait_for_a_slow_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check goes on, and no second one is started; a failure is reported as one word."""
    monkeypatch.setattr(health, "MAX_CHECK_WAIT_S", 0.02)
    release, runs = asyncio.Event(), [0]

    async def slow() -> str:
        runs[0] += 1
        await release.wait()
        return OK

    async def broken() -> str:
        raise RuntimeError("/secret/path")

    readiness = Readiness({"slow": slow, "broken": broken})
    for _ in range(3):
        assert await readiness.check_all() == {"slow": WAITING, "broken": FAILED}
    release.set()
    await asyncio.sleep(0)
    assert (await readiness.check_all(), runs[0]) == ({"slow": OK, "broken": FAILED}, 1)


async def test_readiness_follows_the_database(tmp_path: Path) -> None:
    """Unreachable while its folder cannot be made; ready as soon as it can, without a restart."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    ledger = LazyLedger(Settings(data_dir=str(blocked)))
    check = build_readiness_checks(ledger, is_billable=True)["database"]
    assert await check() == UNREACHABLE
    blocked.unlink()
    assert await check() == OK
    await ledger.close()


async def test_readiness_loads_the_models_once_in_a_worker_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """If they cannot be loaded, the next check tries again."""
    threads, broken = [], [True]

    def load() -> None:
        threads.append(threading.current_thread())
        if broken[0]:
            raise OSError("no model")

    monkeypatch.setattr(faces, "load_models", load)
    check = build_readiness_checks(LazyLedger(Settings()), is_billable=False)["faces"]
    with pytest.raises(OSError, match="no model"):
        await check()
    broken[0] = False
    assert [await check(), await check()] == [OK, OK]
    assert len(threads) == 2
    assert threading.main_thread() not in threads
