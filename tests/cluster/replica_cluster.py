"""Two replicas behind nginx, with the database and the vendor that they share, as one thing that tests can ask."""

import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from starlette.applications import Starlette
from support.uvicorn_server import uvicorn_server

from cluster.proxy_visitor import Visitor
from tools.load.replicas import Replica, run_nginx
from tools.load.vendor import create_app

KEYS = {"MEITU_API_KEY": "key-of-the-cluster-0001", "MEITU_API_SECRET": "secret-of-the-cluster-0001"}
CAP = 40  # calls a day
VENDOR_S = 1.0
MAX_WAIT_S = 60.0  # on a machine that may be busy


@dataclass
class Cluster:
    """The proxy's address and log, the replicas behind it, the vendor and the database."""

    url: str
    log: Path
    replicas: list[Replica]
    vendor: str
    database: str
    _slow: Starlette

    def slow(self, seconds: float = VENDOR_S) -> None:
        """From now on the vendor takes so long."""
        self._slow.state.seconds = seconds

    def charges(self) -> int:
        """How many calls the vendor has counted."""
        return int(httpx.get(f"{self.vendor}/charges").json()["calls"])

    def wait_for_charges(self, count: int) -> None:
        """Wait until the vendor has counted so many."""
        end = time.monotonic() + MAX_WAIT_S
        while self.charges() < count:
            assert time.monotonic() < end, self.trouble()
            time.sleep(0.01)

    def rows(self) -> Counter[str]:
        """How many calls the ledger has in each state."""
        with psycopg.connect(self.database) as connection:
            return Counter(dict(connection.execute("SELECT state, count(*) FROM paid_calls GROUP BY state").fetchall()))

    def open(self) -> int:
        """How many calls were sent and have no end: "unknown", once their lease has run out."""
        rows = self.rows()
        return rows["sent"] + rows["unknown"]

    def went(self) -> dict[str, set[str]]:
        """Which replicas answered each who (the proxy's cookie)."""
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.log.read_text().splitlines():
            replica, _, _, _, who = line.rsplit(" ", 4)
            found[who].add(replica)
        return found

    def trouble(self) -> str:
        """What the proxy complained of, and who of its visitors was moved: for the message of a test that fails."""
        moved = {who: sorted(replicas) for who, replicas in self.went().items() if len(replicas) > 1}
        return f"moved: {moved}\n{self.log.with_name('error.log').read_text()[-3000:]}"


@contextmanager
def assembled(nginx: str, database: str) -> Iterator[Cluster]:
    """With keys, a vendor that takes a second, and a cap of `CAP` calls a day."""
    folder = Path(tempfile.mkdtemp(prefix="cluster_", dir="/tmp"))
    slow = create_app(VENDOR_S)
    with uvicorn_server(slow, log_level="critical") as address:
        environ = {
            **KEYS, "MEITU_BASE_URL": address, "DATABASE_URL": database, "CALLS_PER_SECOND": "off",
            "CALLS_PER_DAY": str(CAP), "CALLS_PER_HOUR": "off", "TRUSTED_PROXIES": "127.0.0.1", "LOG_FORMAT": "json",
        }  # fmt: skip
        replicas = [Replica(folder / f"replica{number}", environ) for number in (1, 2)]
        try:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(Replica.start, replicas))
            with run_nginx(nginx, folder, [replica.port for replica in replicas]) as (url, log):
                yield Cluster(url, log, replicas, address, database, slow)
        finally:
            for replica in replicas:
                replica.kill()
            shutil.rmtree(folder, ignore_errors=True)


def of(replica: Replica, cluster: Cluster) -> Visitor:
    """A visitor whom the proxy has given to `replica`; it gives it nobody for five seconds after it was away."""
    end = time.monotonic() + MAX_WAIT_S
    while time.monotonic() < end:
        visitor = Visitor(cluster.url)
        if cluster.went()[visitor.http.cookies["replica"]] == {f"127.0.0.1:{replica.port}"}:
            return visitor
    raise AssertionError("the proxy gives nobody to it")
