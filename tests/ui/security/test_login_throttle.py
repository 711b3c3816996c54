"""The login throttle: counts wrong passwords by address and in all, for a time, whatever the name."""

from collections.abc import Iterator

import httpx
import pytest
from support.clock import ManualClock
from ui.conftest import Page, serve

from meitu_demo.settings import Settings
from meitu_demo.ui.security import login_throttle
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
    """A monotonic clock that a test sets."""
    return ManualClock()


def fail(throttle: LoginThrottle, address: str, times: int = 1) -> float:
    """The wait after `times` more wrong passwords."""
    for _ in range(times):
        throttle.record_attempt(address)
    return throttle.retry_after(address)


def test_login_throttle_doubles_the_wait_up_to_its_maximum(clock: ManualClock) -> None:
    """Five are free; then one minute, two, four, at most fifteen. Another address does not wait."""
    throttle = LoginThrottle(clock)
    assert fail(throttle, ONE, MAX_FREE_ATTEMPTS - 1) == 0
    assert [fail(throttle, ONE) for _ in range(6)] == [60, 120, 240, 480, 900, 900]
    assert throttle.retry_after(OTHER) == 0
    clock.now += MAX_WAIT_S
    assert throttle.retry_after(ONE) == 0
    clock.now += 1
    assert fail(throttle, ONE) == 0  # after that long, the count starts again


def test_login_throttle_takes_back_only_the_attempt_that_succeeded(clock: ManualClock) -> None:
    """Whoever has a password gets no free attempts at another's; attempts in parallel all count."""
    throttle = LoginThrottle(clock)
    for _ in range(20):
        throttle.record_attempt(ONE)
        throttle.record_success(ONE)
    assert fail(throttle, ONE, MAX_FREE_ATTEMPTS - 1) == 0
    throttle.record_attempt(ONE)
    throttle.record_success(ONE)
    assert throttle.retry_after(ONE) == 0
    assert fail(throttle, ONE) > 0


def test_login_throttle_gives_shared_addresses_more_attempts(clock: ManualClock) -> None:
    """Private and loopback addresses, and unknown ones."""
    for address in (SHARED, "unknown", "127.0.0.1"):
        throttle = LoginThrottle(clock)
        assert fail(throttle, address, MAX_FREE_ATTEMPTS_SHARED - 1) == 0
        assert fail(throttle, address) > 0


def test_login_throttle_makes_everybody_wait_after_many_wrong_passwords(clock: ManualClock) -> None:
    """For the rest of the minute; and the number of remembered addresses is limited."""
    throttle = LoginThrottle(clock)
    for number in range(MAX_ATTEMPTS_PER_MINUTE):
        throttle.record_attempt(f"9.9.{number}.1")
        clock.now += 0.1
    assert 49 < throttle.retry_after(OTHER) < 51
    clock.now += 51
    assert throttle.retry_after(OTHER) == 0
    assert fail(throttle, ONE, 20) == MAX_WAIT_S
    for number in range(MAX_ADDRESSES):
        throttle.record_attempt(str(number))
    clock.now += 61
    assert throttle.retry_after(ONE) == 0  # evicted: nobody has tried so long ago


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The app with a login behind a trusted proxy; two free attempts, to be quick."""
    monkeypatch.setattr(login_throttle, "MAX_FREE_ATTEMPTS", 2)
    yield from serve(Settings.from_env({"LOGIN": "ann:right", "TRUSTED_PROXIES": "127.0.0.1"}))


def test_login_answers_429_with_the_seconds_to_wait(locked: Page) -> None:
    """In the visitor's language, equally for known and unknown names; another address logs in as ever."""

    def log_in(name: str, password: str, address: str, language: str = "en") -> httpx.Response:
        headers = {"x-forwarded-for": address, "accept-language": language}
        return httpx.post(f"{locked.url}/login", data={"username": name, "password": password}, headers=headers)

    assert [log_in(name, "x", ONE).status_code for name in ("ann", "nobody")] == [400, 400]
    for name, password in (("ann", "right"), ("ann", "x"), ("nobody", "x")):
        answer = log_in(name, password, ONE)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        assert answer.json() == {"detail": "Too many wrong passwords. Wait 60 s, then try again."}
    assert "60" in log_in("ann", "x", ONE, "zh").json()["detail"]
    assert log_in("ann", "right", OTHER).status_code == 200


def test_login_throttle_reads_all_lines_of_the_forwarded_addresses(locked: Page) -> None:
    """A proxy that adds a line of its own leaves the visitor's above it, which may name another address each time."""
    data = {"username": "ann", "password": "x"}
    answers = [
        httpx.post(f"{locked.url}/login", data=data, headers=[("x-forwarded-for", forged), ("x-forwarded-for", ONE)])
        for forged in ("7.7.7.1", "7.7.7.2", "7.7.7.3")
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 429]


def test_login_throttle_counts_posts_only(locked: Page) -> None:
    """Another site's page could make its visitor's browser get /login, as an image, and so lock the visitor out."""
    headers = {"x-forwarded-for": ONE}
    assert {httpx.get(f"{locked.url}/login", headers=headers).status_code for _ in range(5)} == {404}
    right = {"username": "ann", "password": "right"}
    assert httpx.post(f"{locked.url}/login", data=right, headers=headers).status_code == 200
