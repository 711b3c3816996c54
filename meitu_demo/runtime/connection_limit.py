"""Connection limit: beyond it, connections of the address with most go first, and never one that holds work.

So one address with a thousand idle connections neither shuts others out nor ends their runs. An address is a visitor's,
as `client_address` resolves it: visitors behind a trusted proxy count one by one while their requests are under way.
"""

from enum import IntEnum
from typing import Protocol


class Activity(IntEnum):
    """What a connection does; the lower, the sooner it has to go."""

    IDLE = 0  # no request, or one whose head is not complete
    WATCHING = 1  # a stream or a page that waits for nothing
    SENDING = 2  # a request whose body is not complete
    WORKING = 3  # a run, a paid call among them, or an answer to a post: never has to go


class Connection(Protocol):
    """What `ConnectionLimit` needs to know of a connection."""

    @property
    def activity(self) -> Activity:
        """What it does now."""

    def abort(self) -> None:
        """Close it at once."""


class ConnectionLimit:
    """Counts connections by address. Bound to one event loop."""

    def __init__(self, max_connections: int) -> None:
        self._max_connections = max_connections
        self._addresses: dict[Connection, str] = {}
        self._groups: dict[str, dict[Connection, None]] = {}  # by address, the oldest first

    @property
    def is_exceeded(self) -> bool:
        """Whether there are more connections than allowed."""
        return len(self._addresses) > self._max_connections

    def add(self, connection: Connection, address: str) -> bool:
        """Add a new connection, for which another may have to go. False if none can."""
        self.move(connection, address)
        if not self.is_exceeded:
            return True
        other = self._find_dispensable(connection)
        if other is None:
            return False
        self.remove(other)
        other.abort()
        return True

    def move(self, connection: Connection, address: str) -> None:
        """Count the connection with another address."""
        self.remove(connection)
        self._addresses[connection] = address
        self._groups.setdefault(address, {})[connection] = None

    def remove(self, connection: Connection) -> None:
        """Count the connection no longer; it may have been removed before."""
        address = self._addresses.pop(connection, None)
        if address is not None:
            del self._groups[address][connection]
            if not self._groups[address]:
                del self._groups[address]

    def _find_dispensable(self, newcomer: Connection) -> Connection | None:
        """The connection that has to go. Only an idle one has to if its address has no more than the newcomer's has."""
        newcomer_count = len(self._groups[self._addresses[newcomer]])
        for group in sorted(self._groups.values(), key=len, reverse=True):
            limit = Activity.WORKING if len(group) > newcomer_count else Activity.WATCHING
            candidates = [(each.activity, number) for number, each in enumerate(group) if each is not newcomer]
            activity, number = min(candidates, default=(Activity.WORKING, 0))
            if activity < limit:
                return list(group)[number]
        return None
