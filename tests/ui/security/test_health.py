"""/healthz and /readyz: open to everybody, quick, honest, and of no use to whoever wants to load the machine."""

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
    running = serve(Settings.from_env({"LOGIN": "ann:word"}))
    yield next(running)
    next(running, None)


def test_open_without_a_login_and_by_any_name(locked: Page) -> None:
    """Only to be read, never stored, and with the headers of every answer."""
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


async def test_a_crowd_of_questions_is_one_look() -> None:
    """However many ask; and again only when the answer has grown old."""
    looks, clock = [0], [100.0]

    async def look() -> str:
        looks[0] += 1
        await asyncio.sleep(0)
        return OK

    readiness = Readiness({"part": look}, lambda: clock[0])
    answers = await asyncio.gather(*(readiness.check_all() for _ in range(50)))
    assert (looks[0], answers) == (1, [{"part": OK}] * 50)
    clock[0] += health.CACHE_TTL_S + 1
    await readiness.check_all()
    assert looks[0] == 2


async def test_what_takes_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look goes on, and nobody starts a second one beside it; a failure is one word."""
    monkeypatch.setattr(health, "MAX_CHECK_WAIT_S", 0.02)
    release, looks = asyncio.Event(), [0]

    async def slow() -> str:
        looks[0] += 1
        await release.wait()
        return OK

    async def broken() -> str:
        raise RuntimeError("/secret/path")

    readiness = Readiness({"slow": slow, "broken": broken})
    for _ in range(3):
        assert await readiness.check_all() == {"slow": WAITING, "broken": FAILED}
    release.set()
    await asyncio.sleep(0)
    assert (await readiness.check_all(), looks[0]) == ({"slow": OK, "broken": FAILED}, 1)


async def test_a_database_that_is_needed(tmp_path: Path) -> None:
    """Out of reach, it says so; once it is there, it is ready, without a restart."""
    place = tmp_path / "place"
    place.write_text("a file, not a folder")
    till = LazyLedger(Settings(data_dir=str(place)))
    look = build_readiness_checks(till, is_billable=True)["database"]
    assert await look() == UNREACHABLE
    place.unlink()
    assert await look() == OK
    await till.close()


async def test_the_models_are_loaded_beside_the_loop_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a worker thread; models that cannot be loaded are tried again."""
    threads, broken = [], [True]

    def load() -> None:
        threads.append(threading.current_thread())
        if broken[0]:
            raise OSError("no model")

    monkeypatch.setattr(faces, "load_models", load)
    look = build_readiness_checks(LazyLedger(Settings()), is_billable=False)["faces"]
    with pytest.raises(OSError, match="no model"):
        await look()
    broken[0] = False
    assert [await look(), await look()] == [OK, OK]
    assert len(threads) == 2
    assert threading.main_thread() not in threads
