"""Store: transitions, leases and caps, on both databases."""

from collections.abc import Callable

import pytest

from ledger.samples import NOON, Clock, intent, row, states
from meitu_demo.domain.errors import OverBudget, OverVisitorBudget
from meitu_demo.ledger.limits import DAY_S, HOUR_S, Budgets
from meitu_demo.ledger.store import Answer, IllegalTransition, Intent, Store, SweepResult
from meitu_demo.ledger.tables import BILLABLE_STATES, PaidCallState

pytestmark = pytest.mark.xdist_group("ledger")

OpenStore = Callable[..., Store]
ENDINGS: dict[PaidCallState, Callable[[Store, str], None]] = {
    PaidCallState.CONFIRMED: lambda store, call: store.mark_confirmed(call),
    PaidCallState.REFUSED: lambda store, call: store.mark_refused(call, Answer("20003")),
    PaidCallState.UNKNOWN: lambda store, call: store.mark_unknown(call, "read_timeout"),
    PaidCallState.RELEASED: lambda store, call: store.mark_undelivered(call, "dns"),
}


def test_store_records_a_call(store: Store, clock: Clock) -> None:
    """A row holds who, what and when, and the bytes sent and received, and nothing else."""
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
def test_store_counts_open_confirmed_and_unknown_calls(store: Store, end: PaidCallState) -> None:
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
def test_store_keeps_the_first_outcome(store: Store, end: PaidCallState) -> None:
    """A settled call takes no other outcome, is not sent again, and its row does not change."""
    call = store.reserve(intent())
    store.mark_sent(call)
    ENDINGS[end](store, call)
    before = row(store, call)
    for verb in (*ENDINGS.values(), Store.release, Store.mark_sent):
        with pytest.raises(IllegalTransition, match=end):
            verb(store, call)
    assert row(store, call) == before


def test_store_settles_only_sent_calls(store: Store) -> None:
    """A reservation can only be sent or released, and a released one cannot be sent."""
    call = store.reserve(intent())
    for verb in ENDINGS.values():
        with pytest.raises(IllegalTransition, match="reserved"):
            verb(store, call)
    store.release(call)
    with pytest.raises(IllegalTransition, match="released"):
        store.mark_sent(call)


def test_store_rejects_other_instances_calls(open_store: OpenStore) -> None:
    """Another instance can neither settle, send, release nor renew a call; unknown ids are rejected."""
    mine, other = open_store(), open_store()
    call = mine.reserve(intent())
    for verb in (*ENDINGS.values(), Store.release, Store.mark_sent):
        with pytest.raises(IllegalTransition):
            verb(other, call)
    assert other.renew_leases([call]) == 0
    with pytest.raises(IllegalTransition, match="not a call"):
        mine.mark_sent("0" * 32)
    assert states(mine) == {call: "reserved"}


def test_sweep_settles_only_expired_leases(open_store: OpenStore, clock: Clock) -> None:
    """A starting replica leaves live calls alone; calls that are not renewed become released or unknown."""
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
def test_store_accepts_a_late_outcome_once(open_store: OpenStore, clock: Clock, end: PaidCallState) -> None:
    """A call that was swept while its instance slept takes the outcome that the instance knows, once."""
    first, second = open_store(), open_store()
    call = first.reserve(intent())
    first.mark_sent(call)
    clock.now += first.lease_s + 1
    assert second.sweep().unknown == 1
    ENDINGS[end](first, call)
    assert states(first) == {call: end}
    with pytest.raises(IllegalTransition):
        first.mark_refused(call, Answer("20003"))


def test_mark_sent_renews_the_lease(store: Store, clock: Clock) -> None:
    """The lease runs from the sending, and a call past its lease can still be sent if it was not swept."""
    call = store.reserve(intent())
    clock.now += store.lease_s + 5
    store.mark_sent(call)
    clock.now += store.lease_s
    assert store.sweep() == SweepResult(0, 0)


def test_daily_cap_ends_at_midnight_utc(store: Store, clock: Clock) -> None:
    """The daily cap is per vendor, tells when it ends, and starts again with the UTC day."""
    budgets = Budgets(calls_per_day=2)
    for _ in range(2):
        store.reserve(intent(), budgets)
    with pytest.raises(OverBudget) as raised:
        store.reserve(intent(visitor="c" * 64), budgets)
    assert raised.value.slug == "over_budget_day"
    assert raised.value.facts == {"limit": 2, "vendor": "meitu", "hours": 12}
    store.reserve(intent("ailab"), budgets)
    clock.now = NOON + DAY_S / 2 - 0.5
    store.sweep()  # the two are gone by now: keep the day full with sent ones
    for call in (store.reserve(intent(), budgets), store.reserve(intent(), budgets)):
        store.mark_sent(call)
    with pytest.raises(OverBudget) as raised:
        store.reserve(intent(), budgets)
    assert raised.value.facts["hours"] == 1
    clock.now += 0.5
    store.reserve(intent(), budgets)


def test_hourly_cap_is_a_sliding_window(store: Store, clock: Clock) -> None:
    """A visitor's cap covers all vendors and any sixty minutes, and tells when the next call is free."""
    budgets = Budgets(calls_per_hour=2)
    for vendor_id, wait in (("meitu", 1200), ("ailab", 600)):
        call = store.reserve(intent(vendor_id), budgets)
        store.mark_sent(call)
        store.mark_confirmed(call)
        clock.now += wait
    with pytest.raises(OverVisitorBudget) as raised:
        store.reserve(intent(), budgets)
    assert raised.value.slug == "over_budget_hour"
    assert raised.value.facts == {"limit": 2, "vendor": "meitu", "minutes": 30}
    store.reserve(intent(visitor="c" * 64), budgets)
    clock.now = NOON + HOUR_S
    store.reserve(intent(), budgets)
    with pytest.raises(OverVisitorBudget):
        store.reserve(intent(), budgets)


def test_caps_count_calls_dated_in_the_future(open_store: OpenStore, clock: Clock) -> None:
    """Calls of a replica whose clock runs ahead count as well."""
    ahead, behind = open_store(), open_store()
    ahead.clock = lambda: clock() + 30
    ahead.reserve(intent())
    for budgets in (Budgets(calls_per_day=1), Budgets(calls_per_hour=1)):
        with pytest.raises(OverBudget):
            behind.reserve(intent(), budgets)


@pytest.mark.parametrize("odd", ["", "=cmd()", "a\x00b", "\ud800", "x" * 10_000, "20003\n", "错误", "../../etc"])
def test_store_sanitises_codes_and_ids(store: Store, odd: str) -> None:
    """Whatever a vendor sends as code or id, the outcome is recorded, as one short safe word."""
    call = store.reserve(intent())
    store.mark_sent(call)
    store.mark_confirmed(call, Answer(odd, odd))
    found = row(store, call)
    assert found["state"] == "confirmed"
    for name in ("vendor_code", "request_id"):
        word = str(found[name])
        assert len(word) <= 64
        assert not word or word[0].isalnum()


@pytest.mark.parametrize("field", ["vendor_id", "endpoint", "request_hash", "visitor", "payer"])
def test_intent_rejects_anything_but_names_and_hashes(field: str) -> None:
    """An address, a path or a key in place of a name or hash is a ValueError."""
    fine = {"vendor_id": "meitu", "endpoint": "face_fuse", "request_hash": "a" * 64, "visitor": "b" * 64}
    fine["payer"] = "owner"
    Intent(**fine)
    for bad in ("", "192.0.2.1", "a key/with=signs", "é" * 64):
        with pytest.raises(ValueError, match="intent"):
            Intent(**{**fine, field: bad})


@pytest.mark.parametrize("cap", [0, -1])
def test_budgets_reject_caps_below_one(cap: int) -> None:
    """A cap below 1 is a ValueError."""
    with pytest.raises(ValueError, match="at least 1"):
        Budgets(calls_per_day=cap)
    with pytest.raises(ValueError, match="at least 1"):
        Budgets(calls_per_hour=cap)


def test_caps_ignore_calls_with_visitors_keys(store: Store) -> None:
    """Calls with a visitor's key are recorded, and neither stopped by a cap nor counted against it."""
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
