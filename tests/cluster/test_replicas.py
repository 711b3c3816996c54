"""Two replicas that share nothing but PostgreSQL, behind nginx with the configuration that the project ships."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from cluster.proxy_visitor import Visitor
from cluster.replica_cluster import CAP, Cluster, of
from meitu_demo.photos import codec
from meitu_demo.runtime.http_server import KEEP_ALIVE_S

pytestmark = pytest.mark.xdist_group("cluster")


def test_sticky_sessions_keep_visitors_on_one_replica(cluster: Cluster) -> None:
    """All requests of a visitor go to one replica, both replicas have visitors, and results are whole."""
    for replica in cluster.replicas:  # one may have been away: until it is back, the other has its visitors
        of(replica, cluster)
    before, paid = cluster.charges(), cluster.rows()["confirmed"]
    visitors = [Visitor(cluster.url) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda visitor: visitor.call(visitor.photo()), visitors))
    assert [kind for kind, _ in ends] == ["complete"] * 8, (ends, cluster.trouble())
    for visitor, (_, result) in zip(visitors, ends, strict=True):
        assert codec.read_size(visitor.fetch(result)) == (96, 96)
    went = {
        who: replicas
        for who, replicas in cluster.went().items()
        if who in {v.http.cookies["replica"] for v in visitors}
    }
    assert all(len(replicas) == 1 for replicas in went.values()), went
    assert len(set().union(*went.values())) == 2
    assert cluster.rows()["confirmed"] - paid == cluster.charges() - before == 8


def test_replica_keeps_idle_connections_of_its_proxy(cluster: Cluster) -> None:
    """Replicas outlast the proxy's idle connections: one closed at the moment of reuse would move the visitor."""
    connection = HTTPConnection("127.0.0.1", cluster.replicas[0].port)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read()
    connection.sock.settimeout(KEEP_ALIVE_S + 1)
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)  # b"" would be its end
    connection.close()


def test_killed_replica_loses_no_count_and_visitors_go_on(cluster: Cluster) -> None:
    """The stream of whoever waited there ends; the next click is another replica's, and the lost call stays counted."""
    doomed, other = cluster.replicas
    visitor, neighbour = of(doomed, cluster), of(other, cluster)
    before, open_before = cluster.charges(), cluster.open()
    with ThreadPoolExecutor(2) as pool:
        cluster.slow(60.0)
        lost = pool.submit(visitor.call, visitor.photo())
        cluster.wait_for_charges(before + 1)
        cluster.slow()
        fine = pool.submit(neighbour.call, neighbour.photo())
        cluster.wait_for_charges(before + 2)
        doomed.kill()
        with pytest.raises(httpx.HTTPError):
            lost.result()
        assert fine.result()[0] == "complete"
    kind, _ = visitor.call(visitor.photo())
    assert kind == "complete"
    assert sum(cluster.rows().values()) == cluster.charges() == before + 3
    assert cluster.open() - open_before == 1
    doomed.start()


def test_rolling_restart_loses_nothing_that_was_paid(cluster: Cluster) -> None:
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


def test_cap_holds_for_all_replicas(cluster: Cluster, figure: Any) -> None:
    """Of many calls at once on both replicas exactly the daily cap goes out, and the rest are told why."""
    for replica in cluster.replicas:  # one may have been away: until it is back, its visitors are moved
        of(replica, cluster)
    visitors = [Visitor(cluster.url) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        ends = list(pool.map(lambda visitor: [visitor.call(visitor.photo())[0] for _ in range(4)], visitors))
    kinds = Counter(kind for each in ends for kind in each)
    counted = sum(cluster.rows()[state] for state in ("confirmed", "sent", "unknown"))
    assert counted == cluster.charges() == CAP
    assert kinds["error"] > 0
    figure(f"replicas: 2 behind nginx and PostgreSQL made {counted} calls for a cap of {CAP}; 48 asked for at the end")
