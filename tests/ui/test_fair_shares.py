"""The offline engine shared out: a visitor with many runs is answered, and nobody else waits for all of them."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from ui.conftest import Page, serve

from meitu_demo.calls.single_flight import CallHandle
from meitu_demo.domain.errors import QueueFull
from meitu_demo.domain.model import Image
from meitu_demo.domain.translations import translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline import effect_runner
from meitu_demo.photos import codec
from meitu_demo.runtime.fair_queue import FairQueue
from meitu_demo.service import Caller, CallService
from meitu_demo.settings import Settings
from meitu_demo.ui.context import Context

RESTORATION, AVATAR = "/v1/aiquality", "/v1/EmojMaterialH5"
EACH = 4


class Gate:
    """Before the offline server: shut, whoever comes to it waits. `came` holds the calls' paths in their order."""

    def __init__(self, app: Any) -> None:
        self.came: list[str] = []
        self.open = threading.Event()
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.came.append(scope["path"])
        assert await asyncio.to_thread(self.open.wait, 30)
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def crowded_page() -> Iterator[Page]:
    """The app where a proxy tells addresses, with four runs for each visitor."""
    yield from serve(Settings.from_env({"TRUSTED_PROXIES": "127.0.0.0/8", "OFFLINE_EACH": str(EACH)}))


@pytest.fixture
def gate(crowded_page: Page, portrait: bytes) -> Iterator[Gate]:
    """Before that app's engine, which has worked already and knows about how long it takes."""
    assert crowded_page.call("quality_restoration", crowded_page.upload(portrait), False, False)[0] == "complete"
    app = crowded_page.offline.app
    crowded_page.offline.app = found = Gate(app)
    yield found
    found.open.set()
    crowded_page.offline.app = app


def by_address(page: Page, photo: Any) -> tuple[bool, str]:
    """A call by plain HTTP, as a session of its own, from one address."""
    event, data = page.call("quality_restoration", photo, False, False, address="9.9.9.9")
    return event == "complete", str(data)


def by_tab(page: Page, photo: Any) -> tuple[bool, str]:
    """A click in one tab on this machine, whose address says nothing."""
    shown = page.run("quality-restoration", [], photo, "a" * 32)
    return "kept/" in shown, shown


@pytest.mark.parametrize("way", [by_address, by_tab])
def test_fair_queue_in_the_app_bounds_one_visitor(
    way: Any, crowded_page: Page, gate: Gate, portrait: bytes, figure: Callable[[str], None]
) -> None:
    """Four are let in, the others told so at once; somebody else, told the wait, comes before the last of the four."""
    photo = crowded_page.upload(portrait)
    with ThreadPoolExecutor(13) as pool:
        pending: set[Future[tuple[bool, str]]] = {pool.submit(way, crowded_page, photo) for _ in range(12)}
        told: list[tuple[bool, str]] = []
        while len(pending) > EACH:
            done, pending = wait(pending, 60, FIRST_COMPLETED)
            assert done
            told += [job.result() for job in done]
        waits: list[str] = []

        def on_line(line: str) -> None:
            if found := re.search(r"about (\d+) s until your turn", line):
                waits.append(found[1])
                gate.open.set()

        shown = crowded_page.run("anime-avatar", ["1.0.0"], photo, on_line=on_line)
        served = [job.result(60) for job in pending]
    assert len(told) == 12 - EACH
    for pictured, text in told:
        assert not pictured
        assert translate("errors.crowded_visitor.title", "en") in text
        assert translate("errors.crowded_visitor.why_facts", "en", waiting=EACH) in text
        assert re.search(r"done in about \d+ s", text)
    assert [pictured for pictured, _ in served] == [True] * EACH
    assert waits
    assert "kept/" in shown
    runs = [path for path in gate.came if path in (RESTORATION, AVATAR)]
    assert len(runs) == EACH + 1
    assert runs.index(AVATAR) < EACH
    by = way.__name__.replace("_", " ")
    at = runs.index(AVATAR) + 1
    figure(f"fair: 12 calls at once {by}: {len(served)} served, {len(told)} told at once, somebody else is number {at}")


# ── On the engine itself ────────────────────────────────────────────────────────────────────────────────────────────
Start = Callable[[FairQueue, str], Awaitable[CallHandle]]


@pytest.fixture
def start(offline_client: httpx.AsyncClient, settings: Settings, portrait_pixels: Image, tmp_path: Path) -> Start:
    """Hands in a run on the offline engine, from an address, by way of the given turns."""
    photo = tmp_path / "upload" / "me.jpg"  # a small one: how long it takes does not matter here
    photo.parent.mkdir()
    photo.write_bytes(codec.encode(np.ascontiguousarray(portrait_pixels[::3, ::3])))
    upload = {"path": str(photo), "orig_name": "me.jpg", "meta": {"_type": "gradio.FileData"}}
    endpoint = CATALOGUE["quality_restoration"]

    async def start(queue: FairQueue, address: str) -> CallHandle:
        service = CallService(offline_client, settings, engine_queue=queue)
        context = Context.create(service, settings, tmp_path, 60.0)
        caller = Caller("tab", None, address)
        source = await context.read_upload(upload, caller)
        target = await service.choose_target(endpoint.vendor_id, mode="offline")
        return await service.start(endpoint, source, {}, target=target, caller=caller, consent=False)

    return start


async def test_fair_queue_in_the_app_frees_the_slot_of_a_closed_page(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In line at once; at work, as soon as the thread has ended, and not before."""
    gate, begun = threading.Event(), threading.Semaphore(0)
    process = effect_runner.apply_effect

    def held(*given: Any) -> bytes:
        begun.release()
        assert gate.wait(60)
        return process(*given)

    monkeypatch.setattr(effect_runner, "apply_effect", held)
    queue = FairQueue(1, 2, 60)
    works, waits = await start(queue, "9.9.9.9"), await start(queue, "9.9.9.9")
    assert await asyncio.to_thread(begun.acquire, timeout=60)
    with pytest.raises(QueueFull):
        await (await start(queue, "9.9.9.9")).result()
    waits.release()
    late = await start(queue, "9.9.9.9")  # there is a place again
    works.release()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not begun.acquire(blocking=False)  # its thread is still at work
    gate.set()
    assert (await late.result()).mode == "offline"
    assert not queue._pending
