"""Mirror slots: few, each with one frame in progress, freed when they are left."""

import pytest
from support.clock import ManualClock

from meitu_demo.ui.mirror import FrameRefused, MirrorSlots


def send_frame(slots: MirrorSlots, name: str) -> None:
    """One frame of `name`'s."""
    with slots.claim_frame(name):
        pass


def test_mirror_slots_admit_up_to_the_maximum() -> None:
    """Admitted mirrors stay; others are refused until one leaves."""
    slots = MirrorSlots(2, clock=ManualClock())
    send_frame(slots, "a"), send_frame(slots, "b")
    with pytest.raises(FrameRefused, match="taken"):
        send_frame(slots, "c")
    send_frame(slots, "a")
    slots.release("b")
    send_frame(slots, "c")
    with pytest.raises(FrameRefused, match="taken"):
        send_frame(slots, "b")


def test_mirror_slots_evict_an_idle_mirror() -> None:
    """A mirror is evicted after a while without a frame, but not during a frame, however long it takes."""
    clock = ManualClock()
    slots = MirrorSlots(1, max_idle_s=4.0, clock=clock)
    with slots.claim_frame("a"):
        clock.now += 60
        with pytest.raises(FrameRefused, match="taken"):
            send_frame(slots, "b")
    clock.now += 3.9
    with pytest.raises(FrameRefused, match="taken"):
        send_frame(slots, "b")
    clock.now += 0.2
    send_frame(slots, "b")
    assert len(slots) == 1


def test_mirror_slots_drop_a_frame_during_another() -> None:
    """A second frame is dropped during the first, and a frame that fails does not block the next one."""
    slots = MirrorSlots(clock=ManualClock())
    with slots.claim_frame("a"), pytest.raises(FrameRefused, match="one_at_a_time"), slots.claim_frame("a"):
        pass
    with pytest.raises(ZeroDivisionError), slots.claim_frame("a"):
        raise ZeroDivisionError
    send_frame(slots, "a")


def test_mirror_slots_stay_free_after_release_during_a_frame() -> None:
    """The end of a frame does not bring the slot back."""
    slots = MirrorSlots(1, clock=ManualClock())
    with slots.claim_frame("a"):
        slots.release("a")
    assert len(slots) == 0
    send_frame(slots, "b")
