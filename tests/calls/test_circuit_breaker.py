"""A vendor that does not answer is left alone, and asked by one call whether it is back."""

import pytest
from support.clock import ManualClock

from meitu_demo.calls.vendor_health import CircuitBreaker
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

SILENCE = OutcomeUnknown(provider="meitu", cause="read_timeout")


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
    assert caught.value.facts["provider"] == "meitu"
    return caught.value.facts["seconds"]


@pytest.mark.parametrize("error", [SILENCE, Unreachable(cause="dns"), InvalidResponse(cause="not_json")], ids=str)
def test_the_fifth_failure_opens_it(breaker: CircuitBreaker, clock: ManualClock, error: DemoError) -> None:
    """Whatever kind of no answer; from then on nothing is let through, and the rest is told in whole seconds."""
    fail(breaker, error, times=4)
    breaker.check()
    fail(breaker, error)
    assert (breaker.is_open, seconds_left(breaker)) == (True, 30)
    with pytest.raises(CircuitOpen), breaker.guard():
        pytest.fail("was let through")
    clock.now += 29.5
    assert seconds_left(breaker) == 1


def test_failures_far_apart_do_not_open_it(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """Five within the window do, five in a longer time do not."""
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
def test_an_answer_clears_the_count(breaker: CircuitBreaker, refusal: DemoError | None) -> None:
    """A result, a refusal, or a word that it is busy: the vendor is there."""
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
def test_what_says_nothing_of_the_vendor(breaker: CircuitBreaker, error: BaseException) -> None:
    """Our own full pool, our ledger, a cancelled call or a bug: neither counted, nor taken for an answer."""
    fail(breaker, error, times=9)
    assert not breaker.is_open
    fail(breaker, times=4)
    fail(breaker, error)
    fail(breaker)
    assert breaker.is_open


def test_one_call_asks_whether_it_is_back(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """After the rest one is let through and nobody beside it; its answer lets all through."""
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


def test_a_probe_that_fails_opens_it_anew(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """One failure is enough then, for another whole rest."""
    fail(breaker, times=5)
    clock.now += 31
    fail(breaker)
    assert seconds_left(breaker) == 30


def test_a_probe_that_is_given_up_tells_nothing(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """The next call is the probe."""
    fail(breaker, times=5)
    clock.now += 31
    fail(breaker, KeyboardInterrupt())
    assert breaker.is_open
    breaker.check()
    answer(breaker)
    assert not breaker.is_open


def test_what_was_under_way_when_it_opened(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """Its failure does not prolong the rest; its answer ends it."""
    with breaker.guard():
        late = breaker.guard()
        late.__enter__()
        fail(breaker, times=5)
        clock.now += 20
        assert not late.__exit__(OutcomeUnknown, SILENCE, None)
        assert seconds_left(breaker) == 10
    assert not breaker.is_open


def test_none_never_opens() -> None:
    """A line without a breaker."""
    breaker = CircuitBreaker(max_failures=None)
    fail(breaker, times=100)
    breaker.check()
