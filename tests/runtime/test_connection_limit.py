"""Connection limit: whose connection has to go when places run short."""

from dataclasses import dataclass

import pytest

from meitu_demo.runtime.connection_limit import Activity, ConnectionLimit

MAX_CONNECTIONS = 6


@dataclass(eq=False)
class FakeConnection:
    """Remembers that it was aborted."""

    activity: Activity = Activity.IDLE
    is_aborted: bool = False

    def abort(self) -> None:
        self.is_aborted = True


@pytest.fixture
def limit() -> ConnectionLimit:
    return ConnectionLimit(MAX_CONNECTIONS)


def fill(limit: ConnectionLimit, address: str, *activities: Activity) -> list[FakeConnection]:
    """Connections of `address`, the oldest first."""
    connections = [FakeConnection(activity) for activity in activities]
    assert all(limit.add(connection, address) for connection in connections)
    return connections


def list_aborted(*connections: FakeConnection) -> list[bool]:
    return [connection.is_aborted for connection in connections]


def test_connection_limit_takes_from_the_fullest_address(limit: ConnectionLimit) -> None:
    """The oldest of those that do least: idle before watching before sending."""
    crowd = fill(limit, "crowd", Activity.SENDING, Activity.WATCHING, Activity.IDLE, Activity.WATCHING)
    others = fill(limit, "other", Activity.IDLE, Activity.IDLE)
    order = []
    for number in range(3):
        fill(limit, f"new {number}", Activity.WORKING)
        order.append("".join("x" if is_aborted else "-" for is_aborted in list_aborted(*crowd)))
    assert order == ["--x-", "-xx-", "-xxx"]
    assert list_aborted(*others) == [False, False]


def test_connection_limit_never_takes_work(limit: ConnectionLimit) -> None:
    """Then the newcomer has no place, and the next one has, once somebody has gone."""
    workers = fill(limit, "crowd", *[Activity.WORKING] * MAX_CONNECTIONS)
    newcomer = FakeConnection(Activity.WATCHING)
    assert not limit.add(newcomer, "new")
    assert limit.is_exceeded
    limit.remove(workers[0])
    assert not limit.is_exceeded
    assert list_aborted(*workers) == [False] * MAX_CONNECTIONS


def test_connection_limit_takes_a_stream_only_from_an_address_with_more_than_the_newcomers(
    limit: ConnectionLimit,
) -> None:
    """Six visitors with a page each keep them when a seventh comes; when one of them opens many, that one loses one."""
    pages = [fill(limit, f"visitor {number}", Activity.WATCHING)[0] for number in range(MAX_CONNECTIONS)]
    assert not limit.add(FakeConnection(), "visitor 7")
    assert list_aborted(*pages) == [False] * MAX_CONNECTIONS
    limit.move(pages[1], "visitor 0")
    assert limit.add(FakeConnection(), "visitor 8")
    assert list_aborted(*pages) == [True, *[False] * (MAX_CONNECTIONS - 1)]


def test_connection_limit_counts_a_crowd_against_itself(limit: ConnectionLimit) -> None:
    """However many an address opens, others keep theirs."""
    other = fill(limit, "other", Activity.WATCHING, Activity.IDLE)
    for _ in range(10 * MAX_CONNECTIONS):
        limit.add(FakeConnection(), "crowd")
    assert list_aborted(*other) == [False, False]
