"""Circuit breaker: opens when a vendor stops answering, and is half-open for one probe."""

import pytest
from support.clock import ManualClock

from meitu_demo.calls.circuit_breaker import CircuitBreaker
from meitu_demo.domain.errors import (
    CircuitOpen,
    DemoError,
    InvalidResponse,
    LedgerUnavailable,
    OutcomeUnknown,
    RateLimited,
    Unreachable,
    VendorError,
)

SILENCE = OutcomeUnknown(vendor="meitu", cause="read_timeout")


@pytest.fixture
def clock() -> ManualClock:
    """Seconds, moved by hand."""
    return ManualClock()


@pytest.fixture
def breaker(clock: ManualClock) -> CircuitBreaker:
    """Five failures in 30 s open it for 30 s."""
    return CircuitBreaker("meitu", clock=clock)


def fail(breaker: CircuitBreaker, error: BaseException = SILENCE, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)), breaker.guard():
            raise error


def answer(breaker: CircuitBreaker) -> None:
    with breaker.guard():
        pass


def seconds_left(breaker: CircuitBreaker) -> object:
    with pytest.raises(CircuitOpen) as caught:
        breaker.check()
    assert caught.value.facts["vendor"] == "meitu"
    return caught.value.facts["seconds"]


@pytest.mark.parametrize("error", [SILENCE, Unreachable(cause="dns"), InvalidResponse(cause="not_json")], ids=str)
def test_circuit_breaker_opens_at_the_fifth_failure(
    breaker: CircuitBreaker, clock: ManualClock, error: DemoError
) -> None:
    """After five missing answers of any kind no call is let through, and the rest is told in whole seconds."""
    fail(breaker, error, times=4)
    breaker.check()
    fail(breaker, error)
    assert (breaker.is_open, seconds_left(breaker)) == (True, 30)
    with pytest.raises(CircuitOpen), breaker.guard():
        pytest.fail("was let through")
    clock.now += 29.5
    assert seconds_left(breaker) == 1


def test_circuit_breaker_ignores_failures_far_apart(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """Five failures within the window open it, five in a longer time do not."""
    for _ in range(20):
        fail(breaker)
        clock.now += 7.6
    assert not breaker.is_open
    clock.now += 30
    for _ in range(5):
        fail(breaker)
        clock.now += 7.4
    assert breaker.is_open


@pytest.mark.parametrize("refusal", [None, VendorError("meitu", "20003"), VendorError("meitu", "90024")], ids=str)
def test_circuit_breaker_resets_on_an_answer(breaker: CircuitBreaker, refusal: DemoError | None) -> None:
    """A result, a refusal and a rate limit are answers: they reset the count."""
    fail(breaker, times=4)
    if refusal:
        fail(breaker, refusal)
    else:
        answer(breaker)
    fail(breaker, times=4)
    assert not breaker.is_open


@pytest.mark.parametrize(
    "error",
    [Unreachable(cause="busy"), LedgerUnavailable(), RateLimited(), KeyboardInterrupt(), ZeroDivisionError()],
    ids=repr,
)
def test_circuit_breaker_ignores_our_own_failures(breaker: CircuitBreaker, error: BaseException) -> None:
    """A full pool, the ledger, a cancelled call and a bug are neither failures nor answers of the vendor."""
    fail(breaker, error, times=9)
    assert not breaker.is_open
    fail(breaker, times=4)
    fail(breaker, error)
    fail(breaker)
    assert breaker.is_open


def test_circuit_breaker_half_open_lets_one_probe_through(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """After the pause one call goes through and no other beside it; its answer closes the breaker."""
    fail(breaker, times=5)
    clock.now += 30
    breaker.check()
    with breaker.guard():
        assert seconds_left(breaker) == 1
        with pytest.raises(CircuitOpen), breaker.guard():
            pytest.fail("was let through")
    assert not breaker.is_open
    fail(breaker, times=4)
    assert not breaker.is_open


def test_circuit_breaker_reopens_when_the_probe_fails(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """One failure of the probe is enough for another full pause."""
    fail(breaker, times=5)
    clock.now += 31
    fail(breaker)
    assert seconds_left(breaker) == 30


def test_circuit_breaker_probes_again_after_a_cancelled_probe(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """A cancelled probe says nothing: the next call is the probe."""
    fail(breaker, times=5)
    clock.now += 31
    fail(breaker, KeyboardInterrupt())
    assert breaker.is_open
    breaker.check()
    answer(breaker)
    assert not breaker.is_open


def test_circuit_breaker_and_calls_under_way(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """The failure of a call that was under way does not prolong the pause; its answer ends it."""
    with breaker.guard():
        late = breaker.guard()
        late.__enter__()
        fail(breaker, times=5)
        clock.now += 20
        assert not late.__exit__(OutcomeUnknown, SILENCE, None)
        assert seconds_left(breaker) == 10
    assert not breaker.is_open


def test_circuit_breaker_without_a_limit_never_opens() -> None:
    """With max_failures=None it never opens."""
    breaker = CircuitBreaker(max_failures=None)
    fail(breaker, times=100)
    breaker.check()
