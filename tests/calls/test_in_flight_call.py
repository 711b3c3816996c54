"""What a call is worth once it has ended: shown again, made anew, or put aside for the one before it."""

import asyncio

import pytest
from support.fake_calls import Call, failure, hand_in, hold, outcome, rest

from meitu_demo.calls.pipeline import Phase
from meitu_demo.calls.single_flight import FORCE_ANY, SingleFlight
from meitu_demo.domain.errors import DemoError, LinkRejected, OutcomeUnknown, Unreachable, VendorError

FREE = [Unreachable(), VendorError("meitu", "20003"), VendorError("meitu", "90024")]
COSTLY = [OutcomeUnknown(cause="reset"), VendorError("meitu", "20001"), VendorError("meitu", "777")]


@pytest.fixture
def desk() -> SingleFlight:
    """Keeps what was paid for longer than a test takes."""
    return SingleFlight(3600.0)


# ── Clicked after its end ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("error", COSTLY, ids=str)
async def test_what_may_have_been_billed_is_told_again(desk: SingleFlight, error: DemoError) -> None:
    """A failure that may have cost something is not repeated by a click."""
    call = Call(error=error)
    assert await failure(hand_in(desk, call)) is error
    second = hand_in(desk, call)
    assert await failure(second) is error
    assert (second.is_duplicate, call.asked) == (True, 1)


@pytest.mark.parametrize("error", FREE, ids=str)
async def test_what_cost_nothing_is_made_anew(desk: SingleFlight, error: DemoError) -> None:
    """A click after a failure that provably cost nothing is a new call."""
    call = Call(error=error)
    await failure(hand_in(desk, call))
    second = hand_in(desk, call)
    await failure(second)
    assert (second.is_duplicate, call.asked) == (False, 2)


async def test_a_missing_picture_is_fetched_anew(desk: SingleFlight) -> None:
    """The call was paid, so a click asks for the picture only; whoever clicks at once sees the steps of that."""
    call = Call(pictures=[LinkRejected(cause="timeout"), outcome()])
    first = hand_in(desk, call)
    await failure(first)
    second = hand_in(desk, call)
    assert [step async for step, _ in second.stream_progress()][-1] is Phase.DOWNLOAD
    assert await second.result()
    assert (second.is_duplicate, call.asked) == (True, 1)


async def test_a_picture_fetched_anew_in_the_moment_of_its_failure(desk: SingleFlight) -> None:
    """A click between the failure and its telling: a stop of the app still waits for the second fetch."""
    call = Call(pictures=[LinkRejected(cause="timeout"), outcome()])
    errand = hand_in(desk, call)._call
    for _ in range(100):
        if errand.is_done:
            break
        await asyncio.sleep(0)
    second = hand_in(desk, call)  # before the loop has told anybody
    await asyncio.sleep(0)
    await desk.drain(10)
    assert second._call.is_done
    assert await second.result()


# ── Run again ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("named", [True, False])
async def test_run_again_is_one_more_call(desk: SingleFlight, named: bool) -> None:
    """By the number that is shown, or whichever there is; a double click on it is one, and a late one shows that."""
    call = Call()
    first = hand_in(desk, call)
    await first.result()
    again = first.call_id if named else FORCE_ANY
    second, third = hand_in(desk, call, again), hand_in(desk, call, again)
    await second.result()
    assert (second.is_duplicate, third.is_duplicate, second.call_id == third.call_id, call.asked) == (
        False,
        True,
        True,
        2,
    )
    assert hand_in(desk, call, first.call_id).call_id == second.call_id
    assert hand_in(desk, call).call_id == second.call_id


@pytest.mark.parametrize("clicks", [1, 2])
@pytest.mark.parametrize("given_up", [True, False])
async def test_a_call_that_came_to_nothing_replaces_none(desk: SingleFlight, clicks: int, given_up: bool) -> None:
    """Run again, once or with a double click: if that fails free of charge or is given up, the first is there again."""
    made = hand_in(desk, Call())
    await made.result()
    call = Call(turn=hold() if given_up else None, error=Unreachable())
    tickets = [hand_in(desk, call, made.call_id) for _ in range(clicks)]
    await rest()
    for ticket in tickets:
        ticket.release()
    await rest()
    shown = hand_in(desk, call)
    assert (shown.call_id, shown.is_duplicate) == (made.call_id, True)
    assert await shown.result() is await made.result()
