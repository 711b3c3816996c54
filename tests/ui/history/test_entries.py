"""The history's entries: bounded, expiring, private to their session, and without pictures."""

import pickle

import pytest
from support.clock import ManualClock
from ui.history.sample_runs import NO_PICTURES, build_result

from meitu_demo.calls.single_flight import FORCE_NONE
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


def fail(history: History, session: str, refetch_id: int = FORCE_NONE) -> None:
    history.record_failure(session, CATALOGUE["facial_aesthetics"], "offline", {}, MISSING, refetch_id=refetch_id)


def test_history_keeps_the_newest_runs_of_a_session(portrait: bytes) -> None:
    """Runs are listed newest first; beyond a session's bound its oldest are evicted."""
    history = History(60, max_per_session=3)
    found = [build_result(portrait, values={"shape_type": str(number), "strength": 1.0}) for number in range(5)]
    for one in found:
        history.record_success("one", one, NO_PICTURES)
    assert [run.values["shape_type"] for run in history.list_runs("one")] == ["4", "3", "2"]


def test_history_evicts_failures_first_when_it_is_full(portrait: bytes) -> None:
    """Anybody can have any number of sessions of failures that cost no time, such as photos that are not uploads."""
    history = History(60, max_total=3)
    history.record_success("one", build_result(portrait), NO_PICTURES)
    fail(history, "paid", refetch_id=7)
    for number in range(9):
        fail(history, f"other {number}")
    assert (history.count("one"), history.count("paid"), history.count("other 8")) == (1, 1, 1)
    for number in range(3):
        history.record_success("more", build_result(portrait, values={"number": number}), NO_PICTURES)
    assert (history.count("one"), history.count("paid"), history.count("more")) == (0, 0, 3)


def test_history_expires_runs_and_archive_tokens(clock: ManualClock, portrait: bytes) -> None:
    """Runs expire whoever asks, and the token of their archive with them."""
    history = History(60)
    fail(history, "one")
    clock.now += 30
    history.record_success("one", build_result(portrait), NO_PICTURES)
    token = history.ensure_archive_token("one")
    clock.now += 31
    assert history.count("one") == 1
    assert history.find_session(token) == "one"
    clock.now += 30
    assert history.count("one") == 0
    assert history.find_session(token) is None
    assert not history._entries
    assert not history._archive_tokens


def test_history_finds_nothing_for_another_session(portrait: bytes) -> None:
    """A key finds nothing in another session, an archive token opens one session, and invalid ones open none."""
    history = History(60)
    history.record_success("one", build_result(portrait), NO_PICTURES)
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


def test_history_entry_holds_no_picture(portrait: bytes) -> None:
    """An entry holds sizes and URLs, neither the photo's bytes nor the result's."""
    history = History(60)
    history.record_success("one", build_result(portrait), NO_PICTURES)
    [run] = history.list_runs("one")
    assert run.success
    assert run.success.sent_bytes == run.success.result_bytes == len(portrait)
    held = pickle.dumps((run.success.pictures, run.success.result.sent_photo, run.success.result.result_photo))
    assert len(held) < 2000
    assert run.success.result.trace is None


def test_history_updates_a_repeated_run(portrait: bytes) -> None:
    """A result that is shown again makes no second entry; its entry becomes the newest, with the new pictures."""
    history = History(60)
    first = build_result(portrait)
    history.record_success("one", first, NO_PICTURES)
    history.record_success("one", build_result(portrait), NO_PICTURES)
    history.record_success("one", first, NO_PICTURES)
    runs = history.list_runs("one")
    assert [run.success and run.success.result.id == first.id for run in runs] == [True, False]


def test_history_drops_rejected_values() -> None:
    """A failed run has its valid settings only, or none; nothing else that was sent is stored."""
    history = History(60)
    history.record_failure("one", CATALOGUE["facial_aesthetics"], "live", {"shape_type": "x" * 10**6}, MISSING)
    history.record_failure("one", CATALOGUE["facial_aesthetics"], "live", {"shape_type": 3}, MISSING)
    sane, refused = history.list_runs("one")
    assert refused.values == {}
    assert sane.values == {"shape_type": "3", "strength": 0.5}


def test_history_keeps_the_fault_of_calls_to_the_lab_alone(portrait: bytes) -> None:
    """Shortened; the lab's "run it on the offline engine" obeys no fault, so it has none."""
    history = History(60)
    for mode in ("offline", "lab"):
        history.record_success("one", build_result(portrait, mode=mode), NO_PICTURES, "y" * 10**6)
    assert [run.fault for run in history.list_runs("one")] == ["y" * 63 + "…", None]
