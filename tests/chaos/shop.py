"""Desk, service and ledger composed as the app composes them, on one client; for the tests with real sockets."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from meitu_demo import service
from meitu_demo.accounts import Accounts
from meitu_demo.calling import Line
from meitu_demo.desk import Desk, Ticket
from meitu_demo.errors import DemoError
from meitu_demo.ledger.report import tally_calls
from meitu_demo.settings import Settings
from meitu_demo.spec import Order, Route

CONNECT_S, WRITE_S = 5.0, 5.0


@dataclass
class Shop:
    """What stands between a click and the vendor."""

    client: httpx.AsyncClient
    accounts: Accounts
    line: Line = field(default_factory=Line)
    desk: Desk = field(default_factory=lambda: Desk(1800.0))

    def click(self, session: str, route: Route, order: Order, fingerprint: str) -> Ticket:
        """One click, as `Context.start` hands it in."""

        async def ask(watch: service.Watch) -> service.Asked:
            pay = partial(self.accounts.pay, route, order, fingerprint=fingerprint, visitor=session)
            return await service.ask(self.client, route, order, watch=watch, pay=pay, line=self.line)

        async def collect(asked: service.Asked, watch: service.Watch) -> service.Outcome:
            return await service.collect(self.client, route, order, asked, watch=watch)

        return self.desk.hand_in(session, f"{route.mode} {fingerprint}", ask, collect)

    def rows(self) -> Counter[str]:
        """The ledger's rows by state."""
        rows: Counter[str] = Counter()
        for found in tally_calls(self.accounts.ledger.store, 0, 1e12):
            rows.update({str(state): count for state, count in found.states.items()})
        return rows


@asynccontextmanager
async def open_shop(
    folder: Path, line: Line | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Shop]:
    """A shop without caps and rates, with a ledger in `folder`."""
    accounts = Accounts.open(Settings(data_dir=str(folder), calls_per_second=None))
    timeout = httpx.Timeout(20, connect=CONNECT_S, write=WRITE_S)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False, transport=transport) as client:
        yield Shop(client, accounts, line or Line())
    await accounts.ledger.close()


async def end_of(ticket: Ticket) -> service.Outcome | DemoError:
    """What came of it."""
    try:
        return await ticket.result()
    except DemoError as error:
        return error
    finally:
        ticket.leave()
