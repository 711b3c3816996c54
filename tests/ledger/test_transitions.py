"""Model-based test of the ledger: two instances, a clock, a vendor that bills, and any order of operations."""

import math
from dataclasses import dataclass, replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from ledger.samples import Clock, intent, states
from meitu_demo.domain.errors import OverBudget, OverVisitorBudget
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.limits import DAY_S, HOUR_S, Budgets
from meitu_demo.ledger.store import Answer, IllegalTransition, Store
from meitu_demo.ledger.tables import calls as table

from .postgres import FreshUrl

pytestmark = pytest.mark.xdist_group("ledger")

BUDGETS = Budgets(calls_per_day=6, calls_per_hour=3)
COUNTED = {"reserved", "sent", "confirmed", "unknown"}
# method → the states that it starts from (swept: unknown by the sweep), and the state that it leads to
VERBS = {
    "mark_sent": ({"reserved"}, "sent"),
    "release": ({"reserved"}, "released"),
    "mark_undelivered": ({"sent", "swept"}, "released"),
    "mark_confirmed": ({"sent", "swept"}, "confirmed"),
    "mark_refused": ({"sent", "swept"}, "refused"),
    "mark_unknown": ({"sent", "swept"}, "unknown"),
}
ARGUMENTS = {"mark_undelivered": ("dns",), "mark_unknown": ("reset",), "mark_refused": (Answer("20003"),)}


@dataclass(frozen=True)
class ModelCall:
    """What the model knows of a call."""

    owner: str
    vendor_id: str
    visitor: str
    reserved_at: float
    lease_until: float
    state: str = "reserved"
    billed: bool = False


class Machine(RuleBasedStateMachine):
    """The ledger beside a model of it in a dictionary."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.clock = Clock()
        self.database = database
        self.stores = [self.open(), self.open()]
        self.calls: dict[str, ModelCall] = {}
        with database.transaction() as connection:
            connection.execute(delete(table))

    def open(self) -> Store:
        return Store(self.database, clock=self.clock, lease_s=100)

    def after_sweep(self) -> dict[str, ModelCall]:
        """What a sweep would make of the calls now."""
        ends = {"reserved": "released", "sent": "swept"}
        return {
            call: replace(known, state=ends.get(known.state, known.state))
            if known.lease_until < self.clock.now
            else known
            for call, known in self.calls.items()
        }

    def counted(self, calls: dict[str, ModelCall], **wanted: str) -> list[float]:
        """When the calls that count were reserved."""
        return sorted(
            known.reserved_at
            for known in calls.values()
            if (known.state in COUNTED or known.state == "swept")
            and all(getattr(known, name) == value for name, value in wanted.items())
        )

    @initialize(hour=st.floats(0, 23.99))
    def begin(self, hour: float) -> None:
        self.clock.now += hour * HOUR_S

    @rule(index=st.integers(0, 1), vendor_id=st.sampled_from(["meitu", "ailab"]), visitor=st.sampled_from("bc"))
    def reserve(self, index: int, vendor_id: str, visitor: str) -> None:
        now, store = self.clock.now, self.stores[index]
        swept = self.after_sweep()
        midnight = now - now % DAY_S
        today = [reserved_at for reserved_at in self.counted(swept, vendor_id=vendor_id) if reserved_at >= midnight]
        hour = [reserved_at for reserved_at in self.counted(swept, visitor=visitor * 64) if reserved_at > now - HOUR_S]
        if len(today) >= 6:
            with pytest.raises(OverBudget) as raised:
                store.reserve(intent(vendor_id, visitor * 64), BUDGETS)
            assert raised.value.facts["hours"] == math.ceil((midnight + DAY_S - now) / HOUR_S)
        elif len(hour) >= 3:
            with pytest.raises(OverVisitorBudget) as raised:
                store.reserve(intent(vendor_id, visitor * 64), BUDGETS)
            assert raised.value.facts["minutes"] == max(1, math.ceil((hour[-3] + HOUR_S - now) / 60))
        else:
            call = store.reserve(intent(vendor_id, visitor * 64), BUDGETS)
            self.calls = {**swept, call: ModelCall(store.instance_id, vendor_id, visitor * 64, now, now + 100)}

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), verb=st.sampled_from([*VERBS, "mark_sent", "mark_sent"]), billed=st.booleans())
    def change_state(self, data: st.DataObject, verb: str, billed: bool) -> None:
        call = data.draw(st.sampled_from(list(self.calls)[-4:]), label="one of the latest calls")
        known = self.calls[call]
        owners = [store for store in self.stores if store.instance_id == known.owner] * 4
        store = data.draw(st.sampled_from(owners + self.stores), label="mostly its owner")
        starts, end = VERBS[verb]
        legal = known.owner == store.instance_id and known.state in starts
        if legal and verb in ("mark_undelivered", "mark_refused") and known.billed:
            return  # the vendor billed it, so it answers neither
        try:
            getattr(store, verb)(call, *ARGUMENTS.get(verb, ()))
        except IllegalTransition:
            assert not legal
            return
        assert legal
        self.calls[call] = replace(known, state=end)
        if verb == "mark_sent":
            self.calls[call] = replace(known, state=end, billed=billed, lease_until=self.clock.now + 100)

    @rule(index=st.integers(0, 1))
    def renew(self, index: int) -> None:
        store = self.stores[index]
        renewed = {
            call: replace(known, lease_until=self.clock.now + 100)
            for call, known in self.calls.items()
            if known.owner == store.instance_id and known.state in ("reserved", "sent")
        }
        assert store.renew_leases(list(self.calls)) == len(renewed)
        self.calls |= renewed

    @rule(index=st.integers(0, 1))
    def sweep(self, index: int) -> None:
        after = self.after_sweep()
        changed = [known.state for call, known in after.items() if known != self.calls[call]]
        swept = self.stores[index].sweep()
        assert (swept.released, swept.unknown) == (changed.count("released"), changed.count("swept"))
        self.calls = after

    @rule(index=st.integers(0, 1))
    def die_and_start_again(self, index: int) -> None:
        self.stores[index] = self.open()

    @rule(seconds=st.sampled_from([1.0, 60.0, 101.0, 1800.0, HOUR_S, 40_000.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        expected = {call: "unknown" if known.state == "swept" else known.state for call, known in self.calls.items()}
        assert states(self.stores[0]) == expected

    @invariant()
    def nothing_billed_goes_uncounted(self) -> None:
        midnight = self.clock.now - self.clock.now % DAY_S
        for vendor_id in ("meitu", "ailab"):
            today = [k for k in self.calls.values() if k.vendor_id == vendor_id and k.reserved_at >= midnight]
            assert sum(known.billed for known in today) <= self.stores[0].count_calls_today(vendor_id) <= 6


def test_ledger_follows_its_model(fresh_url: FreshUrl) -> None:
    """After any sequence of operations, the rows are what the model says, and what was billed is counted."""
    database = Database(fresh_url(), threads=1)
    try:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            lambda: Machine(database),
            settings=settings(
                max_examples=20, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        database.close()
