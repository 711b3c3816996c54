"""Places before the mirror: few, each with one frame under way, free again when they are left."""

import pytest
from support.clock import ManualClock

from meitu_demo.ui.mirror.frames import AllSlotsTaken, FrameInProgress, MirrorSlots


def come(seats: MirrorSlots, name: str) -> None:
    """One frame of `name`'s."""
    with seats.claim_frame(name):
        pass


def test_as_many_as_there_are_places_and_no_more() -> None:
    """Who is there stays; who comes later is told so until somebody leaves."""
    seats = MirrorSlots(2, clock=ManualClock())
    come(seats, "a"), come(seats, "b")
    with pytest.raises(AllSlotsTaken):
        come(seats, "c")
    come(seats, "a")
    seats.release("b")
    come(seats, "c")
    with pytest.raises(AllSlotsTaken):
        come(seats, "b")


def test_a_mirror_that_was_left_makes_room_by_itself() -> None:
    """After a while without a frame, but not while one is under way, however long it takes."""
    clock = ManualClock()
    seats = MirrorSlots(1, max_idle_s=4.0, clock=clock)
    with seats.claim_frame("a"):
        clock.now += 60
        with pytest.raises(AllSlotsTaken):
            come(seats, "b")
    clock.now += 3.9
    with pytest.raises(AllSlotsTaken):
        come(seats, "b")
    clock.now += 0.2
    come(seats, "b")
    assert len(seats) == 1


def test_a_second_frame_is_dropped_while_one_is_under_way() -> None:
    """And a frame that fails does not block the next one."""
    seats = MirrorSlots(clock=ManualClock())
    with seats.claim_frame("a"), pytest.raises(FrameInProgress), seats.claim_frame("a"):
        pass
    with pytest.raises(ZeroDivisionError), seats.claim_frame("a"):
        raise ZeroDivisionError
    come(seats, "a")


def test_whoever_leaves_while_a_frame_is_under_way_is_gone() -> None:
    """The frame's end does not bring the seat back."""
    seats = MirrorSlots(1, clock=ManualClock())
    with seats.claim_frame("a"):
        seats.release("a")
    assert len(seats) == 0
    come(seats, "b")
