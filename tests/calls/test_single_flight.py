"""One intent, one call: who joins whom, what is kept for how long, and what outlives whoever waits."""

import asyncio
from dataclasses import replace

import pytest
from support.clock import ManualClock
from support.scripted_call import PHOTO_BYTES, VENDOR_REPLY, ScriptedCall, make_result, pending_reply, settle, submit

from meitu_demo.calls import single_flight as module
from meitu_demo.calls.pipeline import Phase, ProgressCallback, VendorReply
from meitu_demo.calls.single_flight import SingleFlight
from meitu_demo.domain.billing import Billing, classify_billing
from meitu_demo.domain.errors import DemoError, OutcomeUnknown, RateLimited, ShuttingDown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of single flight, moved by hand."""
    clock = ManualClock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def single_flight(clock: ManualClock) -> SingleFlight:
    """Keeps what was paid for a minute and a half."""
    return SingleFlight(90.0)


# ── Joining ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_single_flight_joins_a_double_click(single_flight: SingleFlight) -> None:
    """Both get the same result, and only the second is told that it was there already."""
    call = ScriptedCall()
    first, second = submit(single_flight, call), submit(single_flight, call)
    assert await first.result() is await second.result()
    assert (first.is_duplicate, second.is_duplicate, first.call.id == second.call.id, call.asked) == (
        False,
        True,
        True,
        1,
    )


async def test_single_flight_keeps_sessions_and_keys_apart(single_flight: SingleFlight) -> None:
    """Another session's same key, and the same session's other key, are calls of their own."""
    call = ScriptedCall()
    handles = [submit(single_flight, call, session=session, key=key) for session in "ab" for key in "xy"]
    assert len({id(await handle.result()) for handle in handles} | {handle.call.id for handle in handles}) >= 4
    assert (call.asked, any(handle.is_duplicate for handle in handles)) == (4, False)


async def test_single_flight_reports_the_current_phase_to_a_late_watcher(single_flight: SingleFlight) -> None:
    """The step under way first, then the rest, then the end of the steps."""
    call = ScriptedCall(answer=pending_reply())
    submit(single_flight, call)
    await settle()
    late = submit(single_flight, call)
    call.answer.set_result(VENDOR_REPLY)
    assert [step async for step, _ in late.stream_progress()] == [Phase.SEND, Phase.DOWNLOAD]
    assert [step async for step in submit(single_flight, call).stream_progress()] == []


# ── Keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_single_flight_repeats_a_paid_result_until_it_expires(
    single_flight: SingleFlight, clock: ManualClock
) -> None:
    """Until it has not been asked for longer than its life; then a click is a new call."""
    call = ScriptedCall()
    made = submit(single_flight, call)
    await made.result()
    for _ in range(3):
        clock.now += 60
        assert submit(single_flight, call).call.id == made.call.id
    clock.now += 91
    assert not submit(single_flight, call).is_duplicate


@pytest.mark.parametrize("error", [None, OutcomeUnknown(cause="reset"), RateLimited()], ids=str)
async def test_single_flight_evicts_the_oldest_pictures(clock: ManualClock, error: DemoError | None) -> None:
    """Pictures beyond the capacity go, oldest first, those of failed calls as well; what is under way stays."""
    single_flight, under_way = SingleFlight(90.0, max_bytes=6000), ScriptedCall(answer=pending_reply())
    submit(single_flight, under_way, key="under way")
    call = ScriptedCall(error=error, pictures=[make_result(1000)])
    size = PHOTO_BYTES + (0 if error else 1000)
    for number in range(9):
        await asyncio.wait([submit(single_flight, call, key=str(number)).call.task])
    single_flight.evict_expired()
    assert single_flight.count_calls("one") == 1 + (6000 - PHOTO_BYTES) // size
    assert submit(single_flight, under_way, key="under way").is_duplicate
    assert submit(single_flight, call, key="8").is_duplicate == (not isinstance(error, RateLimited))
    assert not submit(single_flight, call, key="0").is_duplicate
    under_way.answer.set_result(VENDOR_REPLY)


# ── Leaving ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_single_flight_cancels_an_unsent_call_without_watchers(single_flight: SingleFlight) -> None:
    """Not with the first who leaves; and a click in the very next moment is a new call."""
    call = ScriptedCall(turn=pending_reply())
    first, second = submit(single_flight, call), submit(single_flight, call)
    await settle()
    first.release()
    await settle()
    assert not second.call.is_done
    second.release()
    assert not submit(single_flight, ScriptedCall(), key="key").is_duplicate
    await settle()
    assert (call.sent, second.call.is_sent) == (0, False)


async def test_single_flight_finishes_a_sent_call_without_watchers(single_flight: SingleFlight) -> None:
    """Everybody has left, and whoever waited was cancelled: the end is recorded, and a click shows it."""
    call = ScriptedCall(answer=pending_reply())
    handle = submit(single_flight, call)
    waiting = asyncio.create_task(handle.result())
    await settle()
    waiting.cancel()
    handle.release()
    await settle()
    assert (handle.call.is_sent, call.recorded) == (True, 0)
    call.answer.set_result(VENDOR_REPLY)
    await settle()
    shown = submit(single_flight, call)
    assert (call.recorded, shown.is_duplicate, await shown.result()) == (1, True, call.pictures[0])


async def test_single_flight_stop_cancels_one_session(single_flight: SingleFlight) -> None:
    """Whoever has had enough is let go; another session's steps go on."""
    call = ScriptedCall(answer=pending_reply())
    mine, theirs = submit(single_flight, call), submit(single_flight, call, session="two")
    single_flight.stop_waiting("one")
    assert [step async for step, _ in mine.stream_progress()] == [Phase.PREPARE]
    assert (mine.abandoned, theirs.abandoned) == (True, False)
    call.answer.set_result(VENDOR_REPLY)


async def test_single_flight_forgets_a_session(single_flight: SingleFlight) -> None:
    """Nothing of it is shown again; another's stays."""
    call = ScriptedCall()
    for session in ("one", "two"):
        await submit(single_flight, call, session=session).result()
    single_flight.evict("one")
    assert not submit(single_flight, call).is_duplicate
    assert submit(single_flight, call, session="two").is_duplicate


async def test_single_flight_does_not_share_free_calls(single_flight: SingleFlight) -> None:
    """It is neither joined nor kept, and ends with its watcher, also when it is on its way."""
    calls = [ScriptedCall(answer=pending_reply()), ScriptedCall(answer=pending_reply())]
    one, other = (single_flight.submit_unshared("one", call.spec) for call in calls)
    await settle()
    one.release()
    await settle()
    assert (one.call.is_done, other.call.is_done, [call.asked for call in calls]) == (True, False, [1, 1])
    other.release()


async def test_single_flight_close_waits_for_sent_calls(single_flight: SingleFlight) -> None:
    """Waits for what was sent, for as long as it is told, then breaks it off; what was not sent is dropped at once.

    Whoever waits for the dropped ones hears why, and whether they may have cost something.
    """
    waiting, quick, slow = (
        ScriptedCall(turn=pending_reply()),
        ScriptedCall(answer=pending_reply()),
        ScriptedCall(answer=pending_reply()),
    )
    handles = [submit(single_flight, call, key=str(number)) for number, call in enumerate((waiting, quick, slow))]
    await settle()
    asyncio.get_running_loop().call_later(0.01, quick.answer.set_result, VENDOR_REPLY)
    await single_flight.drain(0.2)
    assert [handle.call.is_done for handle in handles] == [True, True, True]
    assert (waiting.sent, quick.recorded, slow.recorded) == (0, 1, 1)
    for handle, billing in ((handles[0], Billing.NOT_SENT), (handles[2], Billing.UNKNOWN)):
        with pytest.raises(ShuttingDown) as stopped:
            await handle.result()
        assert classify_billing(stopped.value) is billing


async def test_single_flight_begins_no_call_after_drain(single_flight: SingleFlight) -> None:
    """A click that comes while the app stops costs nothing: its answer could not be delivered any more."""
    paid = submit(single_flight, ScriptedCall(), key="paid")
    await paid.result()
    await single_flight.drain(0.1)
    assert submit(single_flight, ScriptedCall(), key="paid").is_duplicate
    for begin in (
        lambda: submit(single_flight, ScriptedCall(), key="new"),
        lambda: single_flight.submit_unshared("one", ScriptedCall().spec),
    ):
        with pytest.raises(ShuttingDown):
            begin()


async def test_single_flight_close_waits_for_a_call_just_abandoned(single_flight: SingleFlight) -> None:
    """A call that was given up and is being written down as such is waited for, and not disturbed."""
    written = False

    async def ask(watch: ProgressCallback) -> VendorReply:
        nonlocal written
        try:
            return await pending_reply()
        finally:
            await settle()
            written = True

    handle = single_flight.submit("one", "key", replace(ScriptedCall().spec, send=ask))
    await settle()
    handle.release()
    await asyncio.sleep(0)
    await single_flight.drain(10)
    assert written
