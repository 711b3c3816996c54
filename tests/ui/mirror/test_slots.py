"""Mirror slots: few, each with one frame in progress, freed when they are left."""

import pytest
from support.clock import ManualClock

from meitu_demo.ui.mirror import FrameRefused, MirrorSlots


def come(seats: MirrorSlots, name: str) -> None:
    """One frame of `name`'s."""
    with seats.claim_frame(name):
        pass


def test_mirror_slots_admit_up_to_the_maximum() -> None:
    """Admitted mirrors stay; others are refused until one leaves."""
    seats = MirrorSlots(2, clock=ManualClock())
    come(seats, "a"), come(seats, "b")
    with pytest.raises(FrameRefused, match="taken"):
        come(seats, "c")
    come(seats, "a")
    seats.release("b")
    come(seats, "c")
    with pytest.raises(FrameRefused, match="taken"):
        come(seats, "b")


def test_mirror_slots_evict_an_idle_mirror() -> None:
    """A mirror is evicted after a while without a frame, but not during a frame, however long it takes."""
    clock = ManualClock()
    seats = MirrorSlots(1, max_idle_s=4.0, clock=clock)
    with seats.claim_frame("a"):
        clock.now += 60
        with pytest.raises(FrameRefused, match="taken"):
            come(seats, "b")
    clock.now += 3.9
    with pytest.raises(FrameRefused, match="taken"):
        come(seats, "b")
    clock.now += 0.2
    come(seats, "b")
    assert len(seats) == 1


def test_mirror_slots_drop_a_frame_during_another() -> None:
    """A second frame is dropped during the first, and a frame that fails does not block the next one."""
    seats = MirrorSlots(clock=ManualClock())
    with seats.claim_frame("a"), pytest.raises(FrameRefused, match="one_at_a_time"), seats.claim_frame("a"):
        pass
    with pytest.raises(ZeroDivisionError), seats.claim_frame("a"):
        raise ZeroDivisionError
    come(seats, "a")


def test_mirror_slots_stay_free_after_release_during_a_frame() -> None:
    """The end of a frame does not bring the slot back."""
    seats = MirrorSlots(1, clock=ManualClock())
    with seats.claim_frame("a"):
        seats.release("a")
    assert len(seats) == 0
    come(seats, "b")
