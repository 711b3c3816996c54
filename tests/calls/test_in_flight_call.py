"""What a call is worth once it has ended: shown again, made anew, or put aside for the one before it."""

import asyncio

import pytest
from support.scripted_call import ScriptedCall, make_result, pending_reply, settle, submit, wait_for_failure

from meitu_demo.calls.pipeline import Phase
from meitu_demo.calls.single_flight import FORCE_ANY, SingleFlight
from meitu_demo.domain.errors import DemoError, LinkRejected, OutcomeUnknown, Unreachable, VendorError

FREE = [Unreachable(), VendorError("meitu", "20003"), VendorError("meitu", "90024")]
COSTLY = [OutcomeUnknown(cause="reset"), VendorError("meitu", "20001"), VendorError("meitu", "777")]


@pytest.fixture
def single_flight() -> SingleFlight:
    """Keeps what was paid for longer than a test takes."""
    return SingleFlight(3600.0)


# ── Clicked after its end ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("error", COSTLY, ids=str)
async def test_in_flight_call_repeats_a_failure_that_may_have_been_billed(
    single_flight: SingleFlight, error: DemoError
) -> None:
    """A failure that may have cost something is not repeated by a click."""
    call = ScriptedCall(error=error)
    assert await wait_for_failure(submit(single_flight, call)) is error
    second = submit(single_flight, call)
    assert await wait_for_failure(second) is error
    assert (second.is_duplicate, call.asked) == (True, 1)


@pytest.mark.parametrize("error", FREE, ids=str)
async def test_in_flight_call_is_made_again_after_a_free_failure(single_flight: SingleFlight, error: DemoError) -> None:
    """A click after a failure that provably cost nothing is a new call."""
    call = ScriptedCall(error=error)
    await wait_for_failure(submit(single_flight, call))
    second = submit(single_flight, call)
    await wait_for_failure(second)
    assert (second.is_duplicate, call.asked) == (False, 2)


async def test_in_flight_call_downloads_a_missing_picture_again(single_flight: SingleFlight) -> None:
    """The call was paid, so a click asks for the picture only; whoever clicks at once sees the steps of that."""
    call = ScriptedCall(pictures=[LinkRejected(cause="timeout"), make_result()])
    first = submit(single_flight, call)
    await wait_for_failure(first)
    second = submit(single_flight, call)
    assert [step async for step, _ in second.stream_progress()][-1] is Phase.DOWNLOAD
    assert await second.result()
    assert (second.is_duplicate, call.asked) == (True, 1)


async def test_in_flight_call_downloads_again_while_its_download_fails(single_flight: SingleFlight) -> None:
    """A click between the failure and its telling: a stop of the app still waits for the second fetch."""
    call = ScriptedCall(pictures=[LinkRejected(cause="timeout"), make_result()])
    errand = submit(single_flight, call).call
    for _ in range(100):
        if errand.is_done:
            break
        await asyncio.sleep(0)
    second = submit(single_flight, call)  # before the loop has told anybody
    await asyncio.sleep(0)
    await single_flight.drain(10)
    assert second.call.is_done
    assert await second.result()


# ── Run again ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("named", [True, False])
async def test_in_flight_call_run_again_is_one_new_call(single_flight: SingleFlight, named: bool) -> None:
    """By the number that is shown, or whichever there is; a double click on it is one, and a late one shows that."""
    call = ScriptedCall()
    first = submit(single_flight, call)
    await first.result()
    again = first.call.id if named else FORCE_ANY
    second, third = submit(single_flight, call, again), submit(single_flight, call, again)
    await second.result()
    assert (second.is_duplicate, third.is_duplicate, second.call.id == third.call.id, call.asked) == (
        False,
        True,
        True,
        2,
    )
    assert submit(single_flight, call, first.call.id).call.id == second.call.id
    assert submit(single_flight, call).call.id == second.call.id


@pytest.mark.parametrize("clicks", [1, 2])
@pytest.mark.parametrize("given_up", [True, False])
async def test_in_flight_call_that_was_not_sent_replaces_no_call(
    single_flight: SingleFlight, clicks: int, given_up: bool
) -> None:
    """Run again, once or with a double click: if that fails free of charge or is given up, the first is there again."""
    made = submit(single_flight, ScriptedCall())
    await made.result()
    call = ScriptedCall(turn=pending_reply() if given_up else None, error=Unreachable())
    handles = [submit(single_flight, call, made.call.id) for _ in range(clicks)]
    await settle()
    for handle in handles:
        handle.release()
    await settle()
    shown = submit(single_flight, call)
    assert (shown.call.id, shown.is_duplicate) == (made.call.id, True)
    assert await shown.result() is await made.result()
