"""The ledger's database goes away, or its disk fills up, while people make paid calls; then it is mended."""

import hashlib
import itertools
import json
import resource
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from ledger.postgres import FreshUrl
from process.app_process import Demo, run_demo
from process.blocking_vendor import KEYS
from support.uvicorn_server import uvicorn_server

from meitu_demo.ledger.database import Database
from meitu_demo.ledger.report import tally_calls
from meitu_demo.ledger.store import Store
from meitu_demo.offline import create_app as create_offline
from meitu_demo.photos import codec

pytestmark = pytest.mark.chaos
PEOPLE, MAX_PHASE_S = 6, 120.0


@dataclass
class CountingVendor:
    """The offline server; bodies: how often each request has come, by its digest."""

    app: Any = field(default_factory=create_offline)
    bodies: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        digest = hashlib.sha256()

        async def receive_and_hash() -> Any:
            message = await receive()
            digest.update(message.get("body", b""))
            if message["type"] == "http.request" and not message.get("more_body"):
                self.bodies[digest.hexdigest()] += 1
            return message

        await self.app(scope, receive_and_hash if scope["type"] == "http" else receive, send)


@dataclass
class People:
    """Make one paid call after another, each with a photo of its own, until `stopped`. ends: of all calls so far."""

    demo: Demo
    ends: Counter[str] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    stopped: threading.Event = field(default_factory=threading.Event)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def work(self) -> None:
        while not self.stopped.is_set():
            pixels = np.random.default_rng(next(self.numbers)).integers(0, 256, (128, 128, 3), np.uint8)
            (path,) = self.demo.upload(codec.encode(pixels)).json()
            photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
            kind, answer = self.demo.call("quality_restoration", photo, True, False)
            is_paused = "Live calls are paused." in str(answer)
            with self._changed:
                self.ends["paused" if is_paused else kind if kind == "complete" else json.dumps(answer)] += 1
                self._changed.notify_all()

    def wait_for(self, end: str, count: int) -> None:
        """Wait until that many more calls have ended so."""
        with self._changed:
            goal = self.ends[end] + count
            assert self._changed.wait_for(lambda: self.ends[end] >= goal, MAX_PHASE_S), self.ends


@contextmanager
def full_disk(demo: Demo) -> Iterator[None]:
    """No file of the demo may grow beyond what the ledger's log has now; a photo is smaller."""
    limits = resource.prlimit(demo.process.pid, resource.RLIMIT_FSIZE)
    size = (demo.folder / "data" / "ledger.db-wal").stat().st_size
    resource.prlimit(demo.process.pid, resource.RLIMIT_FSIZE, (size, limits[1]))
    yield
    resource.prlimit(demo.process.pid, resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("failure", ["the disk fills up", "PostgreSQL goes away"])
def test_every_call_that_a_vendor_got_is_in_the_ledger(
    failure: str, rounds: Callable[[int], int], request: pytest.FixtureRequest, figure: Callable[[str], None]
) -> None:
    """None is sent unrecorded or twice, what was sent is shown, all else is explained; and then all works again."""
    vendor, url = CountingVendor(), ""
    if failure == "PostgreSQL goes away":
        fresh_url: FreshUrl = request.getfixturevalue("postgres_url")
        url = fresh_url()
    with (
        uvicorn_server(vendor) as vendor_url,
        run_demo(**KEYS, MEITU_BASE_URL=vendor_url, **({"DATABASE_URL": url} if url else {})) as demo,
        ThreadPoolExecutor(PEOPLE) as pool,
    ):
        people = People(demo)
        jobs = [pool.submit(people.work) for _ in range(PEOPLE)]
        try:
            for _ in range(rounds(10)):
                people.wait_for("complete", 5)
                with database_away(request) if url else full_disk(demo):
                    people.wait_for("paused", 5)
            people.wait_for("complete", 5)
        finally:
            people.stopped.set()
        for job in jobs:
            job.result()
        rows = count_rows(url or f"sqlite:///{demo.folder}/data/ledger.db")
    sent = rows["confirmed"] + rows["sent"] + rows["unknown"]
    figure(
        f"{failure} under load, {rounds(10)} times: {dict(people.ends)}, {len(vendor.bodies)} sent, ledger {dict(rows)}"
    )
    assert set(people.ends) == {"complete", "paused"}
    assert set(vendor.bodies.values()) == {1}
    assert people.ends["complete"] == len(vendor.bodies) <= sent
    assert sent - len(vendor.bodies) <= PEOPLE * rounds(10)  # recorded as sent, and then cut off before they were
    assert not any("Traceback" in line for line in demo.output)


@contextmanager
def database_away(request: pytest.FixtureRequest) -> Iterator[None]:
    """The server is killed and started again."""
    server = request.getfixturevalue("postgres")
    server.stop()
    try:
        yield
    finally:
        server.ensure_running()


def count_rows(url: str) -> Counter[str]:
    """The ledger's rows by state, without the settling of expired leases."""
    database = Database(url)
    (tally,) = tally_calls(Store(database), 0, 1e12)
    database.close()
    return Counter({str(state): count for state, count in tally.states.items()})
