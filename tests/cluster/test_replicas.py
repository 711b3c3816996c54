"""Two replicas that share nothing but PostgreSQL, behind nginx with the configuration that the project ships."""

import shutil
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from browser.serving import free_port

from meitu_demo.imaging import codec
from tools.load.vendor import create_app

from .replicas import Replica, proxied
from .visitor import Visitor

pytestmark = pytest.mark.xdist_group("cluster")
KEYS = {"MEITU_API_KEY": "key-of-the-cluster-0001", "MEITU_API_SECRET": "secret-of-the-cluster-0001"}


@dataclass
class Cluster:
    """The proxy's address and log, the replicas behind it, the vendor and the database."""

    url: str
    log: Path
    replicas: list[Replica]
    vendor: str
    database: str

    def charges(self) -> int:
        """How many calls the vendor has counted."""
        return int(httpx.get(f"{self.vendor}/charges").json()["calls"])

    def rows(self) -> Counter[str]:
        """How many calls the ledger has in each state."""
        with psycopg.connect(self.database) as connection:
            return Counter(dict(connection.execute("SELECT state, count(*) FROM paid_calls GROUP BY state").fetchall()))

    def went(self) -> dict[str, set[str]]:
        """Which replicas answered each who (the proxy's cookie)."""
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.log.read_text().splitlines():
            replica, _, _, _, who = line.rsplit(" ", 4)
            found[who].add(replica)
        return found


@contextmanager
def vendor(seconds: float) -> Iterator[str]:
    """A vendor that takes `seconds` for a call and counts."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_app(seconds), port=port, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def cluster(postgres: Any) -> Iterator[Cluster]:
    """Keys, a vendor that takes a second, and a cap of 40 calls a day."""
    folder = Path(tempfile.mkdtemp(prefix="cluster_", dir="/tmp"))
    database = postgres.url()
    with vendor(1.0) as address:
        environ = {
            **KEYS, "MEITU_BASE_URL": address, "DATABASE_URL": database, "CALLS_PER_SECOND": "off",
            "CALLS_PER_DAY": "40", "CALLS_PER_HOUR": "off", "TRUSTED_PROXIES": "127.0.0.1", "LOG_FORMAT": "json",
        }  # fmt: skip
        replicas = [Replica(folder / f"replica{number}", environ) for number in (1, 2)]
        try:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(Replica.start, replicas))
            with proxied(folder, [replica.port for replica in replicas]) as (url, log):
                yield Cluster(url, log, replicas, address, database)
        finally:
            for replica in replicas:
                replica.kill()
            shutil.rmtree(folder, ignore_errors=True)


def of(replica: Replica, cluster: Cluster) -> Visitor:
    """A visitor whom the proxy has given to `replica`."""
    for _ in range(60):
        visitor = Visitor(cluster.url)
        if cluster.went()[visitor.http.cookies["replica"]] == {f"127.0.0.1:{replica.port}"}:
            return visitor
    raise AssertionError("the proxy gives nobody to it")


def test_visitors_stay_where_they_are(cluster: Cluster) -> None:
    """Everybody's requests, from the first page on, go to one replica, and both have visitors; results are whole."""
    visitors = [Visitor(cluster.url) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda visitor: visitor.call(visitor.photo()), visitors))
    assert [kind for kind, _ in ends] == ["complete"] * 8
    for visitor, (_, result) in zip(visitors, ends, strict=True):
        assert codec.size_of(visitor.fetch(result)) == (96, 96)
    went = {
        who: replicas
        for who, replicas in cluster.went().items()
        if who in {v.http.cookies["replica"] for v in visitors}
    }
    assert all(len(replicas) == 1 for replicas in went.values()), went
    assert len(set().union(*went.values())) == 2
    assert cluster.rows() == {"confirmed": 8}
    assert cluster.charges() == 8


def test_one_is_killed_and_its_visitors_go_on(cluster: Cluster) -> None:
    """The stream of whoever waited there ends; the next click is another replica's, and the lost call stays counted."""
    doomed, other = cluster.replicas
    visitor, neighbour = of(doomed, cluster), of(other, cluster)
    before = cluster.charges()
    with ThreadPoolExecutor(2) as pool:
        lost = pool.submit(visitor.call, visitor.photo())
        fine = pool.submit(neighbour.call, neighbour.photo())
        while cluster.charges() < before + 2:
            time.sleep(0.01)
        doomed.kill()
        with pytest.raises(httpx.HTTPError):
            lost.result()
        assert fine.result()[0] == "complete"
    kind, _ = visitor.call(visitor.photo())
    assert kind == "complete"
    assert sum(cluster.rows().values()) == cluster.charges() == before + 3
    assert cluster.rows()["sent"] + cluster.rows()["unknown"] == 1  # unknown, once its lease has run out
    doomed.start()


def test_a_rolling_restart_loses_nothing_that_was_paid(cluster: Cluster) -> None:
    """Replicas are stopped and started in turn while visitors go on: each call has its end or is told as not made."""
    before, paid = cluster.charges(), cluster.rows()
    ends: list[str] = []
    stopping = threading.Event()

    def use() -> None:
        visitor = Visitor(cluster.url)
        while not stopping.is_set() and len(ends) < 20:
            try:
                ends.append(visitor.call(visitor.photo())[0])
            except httpx.HTTPError:
                ends.append("broken off")

    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(use) for _ in range(3)]
        for replica in cluster.replicas:
            time.sleep(0.3)  # in the midst of calls
            replica.stop()
            replica.start()
        stopping.set()
        for run in runs:
            run.result()
    made = cluster.charges() - before
    rows = cluster.rows()
    assert rows["confirmed"] - paid["confirmed"] == ends.count("complete") == made, (ends, rows)


def test_the_cap_holds_for_all_of_them(cluster: Cluster, figure: Any) -> None:
    """Many at once on both: exactly as many calls go out as the day allows, and the rest are told why."""
    visitors = [Visitor(cluster.url) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        ends = list(pool.map(lambda visitor: [visitor.call(visitor.photo())[0] for _ in range(4)], visitors))
    kinds = Counter(kind for each in ends for kind in each)
    counted = sum(cluster.rows()[state] for state in ("confirmed", "sent", "unknown"))
    assert counted == cluster.charges() == 40
    assert kinds["error"] > 0
    figure(
        f"replicas: 2 behind nginx and PostgreSQL, {cluster.charges()} calls for a cap of 40, 48 asked for at the end"
    )
