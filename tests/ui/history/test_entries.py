"""What a session has run: bounded, in time forgotten, and nobody else's; no picture is in it."""

import pickle

import pytest
from support.clock import ManualClock
from ui.history.sample_runs import NOWHERE, outcome

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.explanations import explain
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.history import entries
from meitu_demo.ui.history.entries import History

MISSING = explain(ImageRejected("photo_missing"), "en")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    found = ManualClock()
    monkeypatch.setattr(entries, "time", found)
    return found


def fail(history: History, session: str, count: int = 1) -> None:
    for _ in range(count):
        history.record_failure(session, CATALOGUE["facial_aesthetics"], "offline", {}, MISSING)


def test_a_session_keeps_its_newest_runs(portrait: bytes) -> None:
    """Newest first; beyond its bound the oldest go, and beyond everybody's, the oldest of all."""
    history = History(60, max_per_session=3, max_total=5)
    found = [outcome(portrait, values={"shape_type": str(number), "strength": 1.0}) for number in range(5)]
    for one in found:
        history.record_success("one", one, NOWHERE)
    assert [run.values["shape_type"] for run in history.list_runs("one")] == ["4", "3", "2"]
    fail(history, "other", 3)
    assert (history.count("one"), history.count("other")) == (2, 3)


def test_runs_go_in_time(clock: ManualClock, portrait: bytes) -> None:
    """After their life, whoever asks, and the way to the archive with them."""
    history = History(60)
    fail(history, "one")
    clock.now += 30
    history.record_success("one", outcome(portrait), NOWHERE)
    token = history.ensure_archive_token("one")
    clock.now += 31
    assert history.count("one") == 1
    assert history.find_session(token) == "one"
    clock.now += 30
    assert history.count("one") == 0
    assert history.find_session(token) is None
    assert not history._entries
    assert not history._archive_tokens


def test_nobody_finds_anybody_elses(portrait: bytes) -> None:
    """A key is worth nothing in another session, a token opens one session, and nonsense opens none."""
    history = History(60)
    history.record_success("one", outcome(portrait), NOWHERE)
    fail(history, "other")
    key = history.list_runs("one")[0].key
    assert history.find("one", key)
    assert history.find("other", key) is None
    assert history.find_session(history.ensure_archive_token("one")) == "one"
    assert history.find_session(history.ensure_archive_token("other")) == "other"
    for nonsense in (None, "", "x", 5, ["x"], {"a": 1}, key):
        assert history.find("other", nonsense) is None
        assert history.find_session(nonsense) is None  # type: ignore[arg-type]
    token = history.ensure_archive_token("one")
    history.evict("one")
    assert (history.count("one"), history.count("other")) == (0, 1)
    assert history.find_session(token) is None
    assert history.ensure_archive_token("one") != token


def test_a_run_holds_no_picture(portrait: bytes) -> None:
    """Sizes and addresses, neither the photo's bytes nor the result's."""
    history = History(60)
    history.record_success("one", outcome(portrait), NOWHERE)
    [run] = history.list_runs("one")
    assert run.success
    assert run.success.sent_bytes == run.success.result_bytes == len(portrait)
    held = pickle.dumps((run.success.pictures, run.success.result.sent_photo, run.success.result.result_photo))
    assert len(held) < 2000
    assert run.success.result.trace is None


def test_what_is_shown_again_is_the_same_run(portrait: bytes) -> None:
    """The same outcome once more does not make two of it; it is the latest again, with its new pictures."""
    history = History(60)
    first = outcome(portrait)
    history.record_success("one", first, NOWHERE)
    history.record_success("one", outcome(portrait), NOWHERE)
    history.record_success("one", first, NOWHERE)
    runs = history.list_runs("one")
    assert [run.success and run.success.result.id == first.id for run in runs] == [True, False]


def test_refused_values_are_not_kept() -> None:
    """A failed run has the settings that make sense, or none; what else was sent is nowhere."""
    history = History(60)
    history.record_failure("one", CATALOGUE["facial_aesthetics"], "live", {"shape_type": "x" * 10**6}, MISSING)
    history.record_failure("one", CATALOGUE["facial_aesthetics"], "live", {"shape_type": 3}, MISSING, "y" * 10**6)
    sane, refused = history.list_runs("one")
    assert refused.values == {}
    assert sane.values == {"shape_type": "3", "strength": 0.5}
    assert len(sane.fault or "") <= 64
