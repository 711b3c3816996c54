"""One intent, one call: who joins whom, what is kept for how long, and what outlives whoever waits."""

import asyncio

import pytest
from support.clock import ManualClock
from support.fake_calls import ASKED, Call, hand_in, hold, outcome, rest

from meitu_demo.calls import single_flight as desk_module
from meitu_demo.calls.pipeline import Phase, ProgressCallback, VendorReply
from meitu_demo.calls.single_flight import SingleFlight
from meitu_demo.domain.billing import Billing, classify_billing
from meitu_demo.domain.errors import ShuttingDown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The desk's clock, moved by hand."""
    clock = ManualClock()
    monkeypatch.setattr(desk_module, "time", clock)
    return clock


@pytest.fixture
def desk(clock: ManualClock) -> SingleFlight:
    """Keeps what was paid for a minute and a half."""
    return SingleFlight(90.0)


# ── Joining ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_double_click_is_one_call(desk: SingleFlight) -> None:
    """Both get the same outcome, and only the second is told that it was there already."""
    call = Call()
    first, second = hand_in(desk, call), hand_in(desk, call)
    assert await first.result() is await second.result()
    assert (first.is_duplicate, second.is_duplicate, first.call_id == second.call_id, call.asked) == (
        False,
        True,
        True,
        1,
    )


async def test_sessions_and_orders_share_nothing(desk: SingleFlight) -> None:
    """Another session's same order, and the same session's other order, are calls of their own."""
    call = Call()
    tickets = [hand_in(desk, call, session=session, order=order) for session in "ab" for order in "xy"]
    assert len({id(await ticket.result()) for ticket in tickets} | {ticket.call_id for ticket in tickets}) >= 4
    assert (call.asked, any(ticket.is_duplicate for ticket in tickets)) == (4, False)


async def test_whoever_joins_late_sees_where_it_is(desk: SingleFlight) -> None:
    """The step under way first, then the rest, then the end of the steps."""
    call = Call(answer=hold())
    hand_in(desk, call)
    await rest()
    late = hand_in(desk, call)
    call.answer.set_result(ASKED)
    assert [step async for step, _ in late.stream_progress()] == [Phase.SEND, Phase.DOWNLOAD]
    assert [step async for step in hand_in(desk, call).stream_progress()] == []


# ── Keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_was_paid_is_shown_again(desk: SingleFlight, clock: ManualClock) -> None:
    """Until it has not been asked for longer than its life; then a click is a new call."""
    call = Call()
    made = hand_in(desk, call)
    await made.result()
    for _ in range(3):
        clock.now += 60
        assert hand_in(desk, call).call_id == made.call_id
    clock.now += 91
    assert not hand_in(desk, call).is_duplicate


async def test_room_is_made_by_the_oldest(clock: ManualClock) -> None:
    """Pictures beyond the capacity go, oldest first; what is under way stays."""
    desk, under_way = SingleFlight(90.0, max_bytes=5000), Call(answer=hold())
    hand_in(desk, under_way, order="under way")
    call = Call(pictures=[outcome(1000)])
    for order in "abc":  # two pictures of 1000 bytes each
        await hand_in(desk, call, order=order).result()
    assert [hand_in(desk, call, order=order).is_duplicate for order in "cba"] == [True, True, False]
    assert hand_in(desk, under_way, order="under way").is_duplicate
    under_way.answer.set_result(ASKED)


# ── Leaving ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_was_not_sent_ends_with_its_last_watcher(desk: SingleFlight) -> None:
    """Not with the first who leaves; and a click in the very next moment is a new call."""
    call = Call(turn=hold())
    first, second = hand_in(desk, call), hand_in(desk, call)
    await rest()
    first.release()
    await rest()
    assert not second._call.is_done
    second.release()
    assert not hand_in(desk, Call(), order="order").is_duplicate
    await rest()
    assert (call.sent, second.is_sent) == (0, False)


async def test_what_was_sent_goes_on_to_its_end(desk: SingleFlight) -> None:
    """Everybody has left, and whoever waited was cancelled: the end is recorded, and a click shows it."""
    call = Call(answer=hold())
    ticket = hand_in(desk, call)
    waiting = asyncio.create_task(ticket.result())
    await rest()
    waiting.cancel()
    ticket.release()
    await rest()
    assert (ticket.is_sent, call.recorded) == (True, 0)
    call.answer.set_result(ASKED)
    await rest()
    shown = hand_in(desk, call)
    assert (call.recorded, shown.is_duplicate, await shown.result()) == (1, True, call.pictures[0])


async def test_stop_ends_the_steps_of_one_session(desk: SingleFlight) -> None:
    """Whoever has had enough is let go; another session's steps go on."""
    call = Call(answer=hold())
    mine, theirs = hand_in(desk, call), hand_in(desk, call, session="two")
    desk.stop_waiting("one")
    assert [step async for step, _ in mine.stream_progress()] == [Phase.PREPARE]
    assert (mine.abandoned, theirs.abandoned) == (True, False)
    call.answer.set_result(ASKED)


async def test_a_session_that_is_forgotten(desk: SingleFlight) -> None:
    """Nothing of it is shown again; another's stays."""
    call = Call()
    for session in ("one", "two"):
        await hand_in(desk, call, session=session).result()
    desk.evict("one")
    assert not hand_in(desk, call).is_duplicate
    assert hand_in(desk, call, session="two").is_duplicate


async def test_a_free_call_is_nobody_elses(desk: SingleFlight) -> None:
    """It is neither joined nor kept, and ends with its watcher, also when it is on its way."""
    calls = [Call(answer=hold()), Call(answer=hold())]
    one, other = (desk.submit_unshared("one", call.ask, call.collect) for call in calls)
    await rest()
    one.release()
    await rest()
    assert (one._call.is_done, other._call.is_done, [call.asked for call in calls]) == (True, False, [1, 1])
    other.release()


async def test_a_stop_of_the_app(desk: SingleFlight) -> None:
    """Waits for what was sent, for as long as it is told, then breaks it off; what was not sent is dropped at once.

    Whoever waits for the dropped ones hears why, and whether they may have cost something.
    """
    waiting, quick, slow = Call(turn=hold()), Call(answer=hold()), Call(answer=hold())
    tickets = [hand_in(desk, call, order=str(number)) for number, call in enumerate((waiting, quick, slow))]
    await rest()
    asyncio.get_running_loop().call_later(0.01, quick.answer.set_result, ASKED)
    await desk.drain(0.2)
    assert [ticket._call.is_done for ticket in tickets] == [True, True, True]
    assert (waiting.sent, quick.recorded, slow.recorded) == (0, 1, 1)
    for ticket, billing in ((tickets[0], Billing.NOT_SENT), (tickets[2], Billing.UNKNOWN)):
        with pytest.raises(ShuttingDown) as stopped:
            await ticket.result()
        assert classify_billing(stopped.value) is billing


async def test_a_stop_of_the_app_right_after_somebody_left(desk: SingleFlight) -> None:
    """A call that was given up and is being written down as such is waited for, and not disturbed."""
    written = False

    async def ask(watch: ProgressCallback) -> VendorReply:
        nonlocal written
        try:
            return await hold()
        finally:
            await rest()
            written = True

    ticket = desk.submit("one", "order", ask, Call().collect)
    await rest()
    ticket.release()
    await asyncio.sleep(0)
    await desk.drain(10)
    assert written
