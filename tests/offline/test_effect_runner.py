"""The engine: limits before effects, a bounded number of workers, and no more of a picture decoded than is allowed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from client_requests import sized
from support.blocking_work import Held

from meitu_demo.domain.errors import EngineRejection, ImageRejected, ValueRejected
from meitu_demo.domain.model import Endpoint, ImageLimits
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline import effect_runner
from meitu_demo.photos import codec

LIMITS = ImageLimits(min_side_px=20, max_side_px=200, max_bytes=20_000)


def endpoint(effect: Any = lambda image, values: image) -> Endpoint:
    return replace(CATALOGUE["facial_aesthetics"], limits=LIMITS, render_offline=effect)


def never(image: Any, values: Any) -> Any:
    raise AssertionError("the effect must not run")


def test_the_effect_gets_pixels_and_checked_values() -> None:
    """RGB of the photo's size, values as the controls read them; its pixels come back as a JPEG."""
    seen: dict[str, Any] = {}

    def effect(image: Any, values: Any) -> Any:
        seen.update(values, shape=image.shape)
        return image[:30]

    data = effect_runner.apply_effect(endpoint(effect), sized(100, 60), {"shape_type": 3, "strength": "0.25"})
    assert seen == {"shape_type": "3", "strength": 0.25, "shape": (60, 100, 3)}
    assert (codec.sniff(data), codec.read_size(data)) == ("image/jpeg", (100, 30))


@pytest.mark.parametrize(
    ("photo", "slug"),
    [
        (b"", "image_empty"), (b"text", "image_wrong_kind"), (sized(30, 30, ".webp"), "image_wrong_kind"),
        (sized(19, 30), "image_too_small"), (sized(30, 201), "image_too_many_pixels"),
        (sized(30, 30) + b"\0" * 20_000, "image_too_large_file"), (sized(30, 30)[:200], "image_truncated"),
    ],
)  # fmt: skip
def test_a_photo_over_the_limits_never_meets_the_effect(photo: bytes, slug: str) -> None:
    """Each limit is held before the effect runs, with its own slug."""
    with pytest.raises(ImageRejected) as caught:
        effect_runner.apply_effect(endpoint(never), photo, {})
    assert caught.value.slug == slug


def test_sides_are_held_before_pixels_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that swells to a huge picture is refused by its header."""

    def decode(opened: object) -> Any:
        raise AssertionError("nothing may be decoded")

    monkeypatch.setattr(codec, "decode_opened", decode)
    with pytest.raises(ImageRejected) as caught:
        effect_runner.apply_effect(endpoint(never), sized(900, 900), {})
    assert caught.value.slug == "image_too_many_pixels"


def test_a_wrong_value_never_meets_the_photo() -> None:
    """Values are checked first."""
    with pytest.raises(ValueRejected):
        effect_runner.apply_effect(endpoint(never), b"", {"shape_type": "99"})


async def test_whoever_leaves_takes_the_slot_along_until_the_thread_has_ended() -> None:
    """Clicking and leaving again and again never puts more effects to work than there are slots."""
    held, runner = Held(), effect_runner.OfflineEngine()
    calls = [asyncio.create_task(runner.run_effect(endpoint(held), sized(30, 30), {})) for _ in range(8)]
    await held.begins(effect_runner.MAX_CONCURRENT)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls[effect_runner.MAX_CONCURRENT :])  # who waited has left
    for call in calls[: effect_runner.MAX_CONCURRENT]:
        call.cancel()  # once more makes no difference
    late = asyncio.create_task(runner.run_effect(endpoint(held), sized(30, 30), {}))
    for _ in range(8):
        await asyncio.sleep(0)  # as far as it gets
    assert held.begun == effect_runner.MAX_CONCURRENT
    assert not any(call.done() for call in calls[: effect_runner.MAX_CONCURRENT])
    held.gate.set()
    assert await late
    await asyncio.wait(calls)
    assert all(call.cancelled() for call in calls)
    assert (held.begun, held.most) == (effect_runner.MAX_CONCURRENT + 1, effect_runner.MAX_CONCURRENT)


async def test_an_error_nobody_waits_for_any_more_is_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever left hears nothing of how it ended, and neither does the log."""
    held, runner = Held(), effect_runner.OfflineEngine()

    def fails(image: Any, values: Any) -> Any:
        held(image, values)
        raise EngineRejection("no_face")

    call = asyncio.create_task(runner.run_effect(endpoint(fails), sized(30, 30), {}))
    await held.begins(1)
    call.cancel()
    held.gate.set()
    await asyncio.wait([call])
    assert call.cancelled()
    assert not caplog.records


async def test_a_full_line_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many photos wait in memory; the next is refused at once, and whoever waits is served."""
    monkeypatch.setattr(effect_runner, "MAX_PENDING", 3)
    held, runner = Held(), effect_runner.OfflineEngine()
    calls = [
        asyncio.create_task(runner.run_effect(endpoint(held), sized(30, 30), {}))
        for _ in range(effect_runner.MAX_CONCURRENT + 3)
    ]
    await held.begins(effect_runner.MAX_CONCURRENT)
    with pytest.raises(EngineRejection) as caught:
        await runner.run_effect(endpoint(held), sized(30, 30), {})
    assert caught.value.slug == "vendor_busy"
    calls[-1].cancel()  # a place becomes free
    await asyncio.wait([calls[-1]])
    late = asyncio.create_task(runner.run_effect(endpoint(held), sized(30, 30), {}))
    held.gate.set()
    assert all(await asyncio.gather(*calls[:-1], late))
