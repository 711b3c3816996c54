"""The transitions, leases and counts of one call, on both databases."""

from collections.abc import Callable

import pytest

from ledger.samples import NOON, Clock, intent, row, states
from meitu_demo.domain.errors import OverBudget, OverVisitorBudget
from meitu_demo.ledger import Answer, Budgets, IllegalTransition, Intent, Store, SweepResult
from meitu_demo.ledger.limits import DAY_S, HOUR_S
from meitu_demo.ledger.tables import BILLABLE_STATES, PaidCallState

pytestmark = pytest.mark.xdist_group("ledger")

OpenStore = Callable[..., Store]
ENDINGS: dict[PaidCallState, Callable[[Store, str], None]] = {
    PaidCallState.CONFIRMED: lambda store, call: store.mark_confirmed(call),
    PaidCallState.REFUSED: lambda store, call: store.mark_refused(call, Answer("20003")),
    PaidCallState.UNKNOWN: lambda store, call: store.mark_unknown(call, "read_timeout"),
    PaidCallState.RELEASED: lambda store, call: store.mark_undelivered(call, "dns"),
}


def test_a_call_from_beginning_to_end(store: Store, clock: Clock) -> None:
    """A row tells who, what and when, how much was sent and came back, and nothing else."""
    call = store.reserve(intent())
    clock.now += 1
    store.mark_sent(call, 1234)
    clock.now += 2
    store.mark_confirmed(call, Answer("0", "req-1", 5678))
    assert row(store, call) == {
        "id": call,
        "state": "confirmed",
        "provider": "meitu",
        "endpoint": "face_fuse",
        "request_hash": "a" * 64,
        "visitor": "b" * 64,
        "instance": store.instance_id,
        "lease_until": NOON + 1 + store.lease_s,
        "reserved_at": NOON,
        "sent_at": NOON + 1,
        "settled_at": NOON + 3,
        "bytes_sent": 1234,
        "bytes_received": 5678,
        "vendor_code": "0",
        "request_id": "req-1",
        "cause": "",
        "payer": "owner",
    }


@pytest.mark.parametrize("end", ENDINGS)
def test_what_counts(store: Store, end: PaidCallState) -> None:
    """Reserved, sent, confirmed and unknown calls count; refused and released ones do not."""
    call = store.reserve(intent())
    assert store.count_calls_today("meitu") == 1
    store.mark_sent(call)
    assert store.count_calls_today("meitu") == 1
    ENDINGS[end](store, call)
    assert states(store) == {call: end}
    assert store.count_calls_today("meitu") == (end in BILLABLE_STATES)
    assert store.count_calls_today("ailab") == 0


@pytest.mark.parametrize("end", ENDINGS)
def test_an_end_is_an_end(store: Store, end: PaidCallState) -> None:
    """A call that has ended takes no other end, is not sent again, and stays as it is."""
    call = store.reserve(intent())
    store.mark_sent(call)
    ENDINGS[end](store, call)
    before = row(store, call)
    for verb in (*ENDINGS.values(), Store.release, Store.mark_sent):
        with pytest.raises(IllegalTransition, match=end):
            verb(store, call)
    assert row(store, call) == before


def test_nothing_ends_that_was_not_sent(store: Store) -> None:
    """A reservation can only be sent or released, and what was released is not sent."""
    call = store.reserve(intent())
    for verb in ENDINGS.values():
        with pytest.raises(IllegalTransition, match="reserved"):
            verb(store, call)
    store.release(call)
    with pytest.raises(IllegalTransition, match="released"):
        store.mark_sent(call)


def test_nobody_moves_anothers_call(open_store: OpenStore) -> None:
    """Another instance can neither settle, send, release nor renew a call, and unknown ids are refused."""
    mine, other = open_store(), open_store()
    call = mine.reserve(intent())
    for verb in (*ENDINGS.values(), Store.release, Store.mark_sent):
        with pytest.raises(IllegalTransition):
            verb(other, call)
    assert other.renew_leases([call]) == 0
    with pytest.raises(IllegalTransition, match="not a call"):
        mine.mark_sent("0" * 32)
    assert states(mine) == {call: "reserved"}


def test_only_leases_that_ran_out_are_swept(open_store: OpenStore, clock: Clock) -> None:
    """A starting replica leaves live calls alone; later, what is not renewed is released or unknown."""
    first = open_store()
    renewed, reserved, sent = (first.reserve(intent()) for _ in range(3))
    first.mark_sent(sent)
    clock.now += first.lease_s
    assert first.renew_leases([renewed]) == 1
    second = open_store()
    assert second.sweep() == SweepResult(0, 0)
    clock.now += 1
    assert second.sweep() == SweepResult(1, 1)
    assert states(second) == {renewed: "reserved", reserved: "released", sent: "unknown"}
    assert row(second, sent)["cause"] == "lease_ran_out"
    assert second.count_calls_today("meitu") == 2
    with pytest.raises(IllegalTransition, match="released"):
        first.mark_sent(reserved)  # an instance that had fallen asleep must not send now


@pytest.mark.parametrize("end", ENDINGS)
def test_a_late_answer_is_still_the_truth(open_store: OpenStore, clock: Clock, end: PaidCallState) -> None:
    """A call that was swept while its instance slept takes the end that the instance knows of, once."""
    first, second = open_store(), open_store()
    call = first.reserve(intent())
    first.mark_sent(call)
    clock.now += first.lease_s + 1
    assert second.sweep().unknown == 1
    ENDINGS[end](first, call)
    assert states(first) == {call: end}
    with pytest.raises(IllegalTransition):
        first.mark_refused(call, Answer("20003"))


def test_sending_renews_the_lease(store: Store, clock: Clock) -> None:
    """The lease of a call runs from when it was sent, and an unswept one can be sent late."""
    call = store.reserve(intent())
    clock.now += store.lease_s + 5
    store.mark_sent(call)
    clock.now += store.lease_s
    assert store.sweep() == SweepResult(0, 0)


def test_the_day_ends_at_midnight_utc(store: Store, clock: Clock) -> None:
    """The cap is each provider's own, says when it ends, and begins again with the UTC day."""
    budgets = Budgets(calls_per_day=2)
    for _ in range(2):
        store.reserve(intent(), budgets)
    with pytest.raises(OverBudget) as raised:
        store.reserve(intent(visitor="c" * 64), budgets)
    assert raised.value.slug == "over_budget_day"
    assert raised.value.facts == {"limit": 2, "provider": "meitu", "minutes": 720}
    store.reserve(intent("ailab"), budgets)
    clock.now = NOON + DAY_S / 2 - 0.5
    store.sweep()  # the two are gone by now: keep the day full with sent ones
    for call in (store.reserve(intent(), budgets), store.reserve(intent(), budgets)):
        store.mark_sent(call)
    with pytest.raises(OverBudget) as raised:
        store.reserve(intent(), budgets)
    assert raised.value.facts["minutes"] == 1
    clock.now += 0.5
    store.reserve(intent(), budgets)


def test_the_hour_slides(store: Store, clock: Clock) -> None:
    """A visitor's cap holds over all providers and any sixty minutes, and says when the next call is free."""
    budgets = Budgets(calls_per_hour=2)
    for provider, wait in (("meitu", 1200), ("ailab", 600)):
        call = store.reserve(intent(provider), budgets)
        store.mark_sent(call)
        store.mark_confirmed(call)
        clock.now += wait
    with pytest.raises(OverVisitorBudget) as raised:
        store.reserve(intent(), budgets)
    assert raised.value.slug == "over_budget_hour"
    assert raised.value.facts == {"limit": 2, "provider": "meitu", "minutes": 30}
    store.reserve(intent(visitor="c" * 64), budgets)
    clock.now = NOON + HOUR_S
    store.reserve(intent(), budgets)
    with pytest.raises(OverVisitorBudget):
        store.reserve(intent(), budgets)


def test_abandoned_reservations_free_their_place(open_store: OpenStore, clock: Clock) -> None:
    """A dead instance's reservation stops counting when its lease has run out; what it had sent never does."""
    dead, alive = open_store(), open_store()
    dead.reserve(intent())
    dead.mark_sent(dead.reserve(intent()))
    budgets = Budgets(calls_per_day=2)
    with pytest.raises(OverBudget):
        alive.reserve(intent(), budgets)
    clock.now += dead.lease_s + 1
    alive.mark_sent(alive.reserve(intent(), budgets))
    with pytest.raises(OverBudget):
        alive.reserve(intent(), budgets)


def test_a_clock_that_runs_ahead_never_undercounts(open_store: OpenStore, clock: Clock) -> None:
    """Calls that another replica dates into the future count here and now."""
    ahead, behind = open_store(), open_store()
    ahead.clock = lambda: clock() + 30
    ahead.reserve(intent())
    for budgets in (Budgets(calls_per_day=1), Budgets(calls_per_hour=1)):
        with pytest.raises(OverBudget):
            behind.reserve(intent(), budgets)


@pytest.mark.parametrize("odd", ["", "=cmd()", "a\x00b", "\ud800", "x" * 10_000, "20003\n", "错误", "../../etc"])
def test_odd_answers_are_recorded(store: Store, odd: str) -> None:
    """Whatever a vendor writes into code and id, the call's end is recorded, in one short harmless word."""
    call = store.reserve(intent())
    store.mark_sent(call)
    store.mark_confirmed(call, Answer(odd, odd))
    found = row(store, call)
    assert found["state"] == "confirmed"
    for name in ("vendor_code", "request_id"):
        word = str(found[name])
        assert len(word) <= 64
        assert not word or word[0].isalnum()


@pytest.mark.parametrize("field", ["provider", "endpoint", "request_hash", "visitor"])
def test_only_names_and_hashes_come_in(field: str) -> None:
    """An address, a path or a key in place of a name or a hash is refused."""
    fine = {"provider": "meitu", "endpoint": "face_fuse", "request_hash": "a" * 64, "visitor": "b" * 64}
    Intent(**fine)
    for bad in ("", "192.0.2.1", "a key/with=signs", "é" * 64):
        with pytest.raises(ValueError, match="intent"):
            Intent(**{**fine, field: bad})


@pytest.mark.parametrize("cap", [0, -1])
def test_a_cap_is_at_least_one(cap: int) -> None:
    """A cap of nothing is a mistake in the settings, and said so."""
    with pytest.raises(ValueError, match="at least 1"):
        Budgets(calls_per_day=cap)
    with pytest.raises(ValueError, match="at least 1"):
        Budgets(calls_per_hour=cap)


def test_a_visitors_own_key_is_nobody_elses_budget(store: Store) -> None:
    """Calls with a key of the visitor's are written down, and neither stopped by a cap nor counted against it."""
    budgets = Budgets(calls_per_day=1, calls_per_hour=1)
    own = Intent("meitu", "face_fuse", "a" * 64, "b" * 64, payer="visitor")
    for _ in range(3):
        store.mark_sent(store.reserve(own, budgets))
    assert store.count_calls_today("meitu") == 0
    store.reserve(intent(), budgets)
    with pytest.raises(OverBudget):
        store.reserve(intent(), budgets)
    store.reserve(own, budgets)
    assert len(states(store)) == 5


def test_a_payer_is_one_of_two() -> None:
    """Nobody else pays."""
    with pytest.raises(ValueError):
        Intent("meitu", "face_fuse", "a" * 64, "b" * 64, payer="nobody")
