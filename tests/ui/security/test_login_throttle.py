"""Wrong passwords are counted: by address, in all, for a while, and without a word about names."""

from collections.abc import Iterator

import httpx
import pytest
from support.clock import ManualClock
from ui.conftest import Page, serve

from meitu_demo.settings import Settings
from meitu_demo.ui.security import login_throttle as module
from meitu_demo.ui.security.login_throttle import (
    MAX_ADDRESSES,
    MAX_ATTEMPTS_PER_MINUTE,
    MAX_FREE_ATTEMPTS,
    MAX_FREE_ATTEMPTS_SHARED,
    MAX_WAIT_S,
    LoginThrottle,
)

ONE, OTHER, SHARED = "9.9.9.9", "8.8.8.8", "10.0.0.7"


@pytest.fixture
def clock() -> ManualClock:
    """A monotonic one."""
    return ManualClock()


def wrong(tries: LoginThrottle, address: str, times: int = 1) -> float:
    """The wait after so many more wrong tries."""
    for _ in range(times):
        tries.record_attempt(address)
    return tries.retry_after(address)


def test_the_wait_doubles_up_to_its_longest(clock: ManualClock) -> None:
    """A few are free; then a minute, two, four, at most a quarter of an hour. Another address does not wait."""
    tries = LoginThrottle(clock)
    assert wrong(tries, ONE, MAX_FREE_ATTEMPTS - 1) == 0
    assert [wrong(tries, ONE) for _ in range(6)] == [60, 120, 240, 480, 900, 900]
    assert tries.retry_after(OTHER) == 0
    clock.now += MAX_WAIT_S
    assert tries.retry_after(ONE) == 0
    clock.now += 1
    assert wrong(tries, ONE) == 0  # after that long, it begins anew


def test_a_right_one_takes_back_itself_alone(clock: ManualClock) -> None:
    """So whoever has a password of their own gets no free tries at another's; and many at once are many."""
    tries = LoginThrottle(clock)
    for _ in range(20):
        tries.record_attempt(ONE)
        tries.record_success(ONE)
    assert wrong(tries, ONE, MAX_FREE_ATTEMPTS - 1) == 0
    tries.record_attempt(ONE)
    tries.record_success(ONE)
    assert tries.retry_after(ONE) == 0
    assert wrong(tries, ONE) > 0


def test_an_address_that_many_may_share_has_more(clock: ManualClock) -> None:
    """A private network's, or nobody knows whose."""
    for address in (SHARED, "unknown", "127.0.0.1"):
        tries = LoginThrottle(clock)
        assert wrong(tries, address, MAX_FREE_ATTEMPTS_SHARED - 1) == 0
        assert wrong(tries, address) > 0


def test_after_many_from_everywhere_everybody_waits(clock: ManualClock) -> None:
    """For what is left of the minute; and what is remembered does not grow."""
    tries = LoginThrottle(clock)
    for number in range(MAX_ATTEMPTS_PER_MINUTE):
        tries.record_attempt(f"9.9.{number}.1")
        clock.now += 0.1
    assert 49 < tries.retry_after(OTHER) < 51
    clock.now += 51
    assert tries.retry_after(OTHER) == 0
    for number in range(MAX_ADDRESSES + 10):
        tries.record_attempt(str(number))
    assert len(tries._failures) == MAX_ADDRESSES


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The app with a login, behind a proxy that says where people come from; few tries, to be quick."""
    monkeypatch.setattr(module, "MAX_FREE_ATTEMPTS", 2)
    running = serve(Settings.from_env({"LOGIN": "ann:right", "TRUSTED_PROXIES": "127.0.0.1"}))
    yield next(running)
    next(running, None)


def test_who_guesses_has_to_wait_and_is_told(locked: Page) -> None:
    """In words, with the seconds, and alike for a name that is there and one that is not; others come in as always."""

    def enter(name: str, password: str, address: str, language: str = "en") -> httpx.Response:
        headers = {"x-forwarded-for": address, "accept-language": language}
        return httpx.post(f"{locked.url}/login", data={"username": name, "password": password}, headers=headers)

    assert [enter(name, "x", ONE).status_code for name in ("ann", "nobody")] == [400, 400]
    for name, password in (("ann", "right"), ("ann", "x"), ("nobody", "x")):
        told = enter(name, password, ONE)
        assert (told.status_code, told.headers["retry-after"]) == (429, "60")
        assert told.json() == {"detail": "Too many wrong passwords. Wait 60 s, then try again."}
    assert "60" in enter("ann", "x", ONE, "zh").json()["detail"]
    assert enter("ann", "right", OTHER).status_code == 200
