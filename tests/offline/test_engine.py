"""The engine: limits before effects, a bounded number of workers, and no more of a picture decoded than is allowed."""

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest
from caller import sized

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.errors import ImageRejected, ValueRejected
from meitu_demo.imaging import codec
from meitu_demo.offline import engine
from meitu_demo.spec import Endpoint, ImageLimits

LIMITS = ImageLimits(min_side=20, max_side=200, max_bytes=20_000)


def endpoint(effect: Any = lambda image, values: image) -> Endpoint:
    return replace(CATALOGUE["facial_aesthetics"], limits=LIMITS, offline=effect)


def never(image: Any, values: Any) -> Any:
    raise AssertionError("the effect must not run")


def test_the_effect_gets_pixels_and_checked_values() -> None:
    """RGB of the photo's size, values as the controls read them; its pixels come back as a JPEG."""
    seen: dict[str, Any] = {}

    def effect(image: Any, values: Any) -> Any:
        seen.update(values, shape=image.shape)
        return image[:30]

    data = engine.process(endpoint(effect), sized(100, 60), {"shape_type": 3, "strength": "0.25"})
    assert seen == {"shape_type": "3", "strength": 0.25, "shape": (60, 100, 3)}
    assert (codec.sniff(data), codec.size_of(data)) == ("image/jpeg", (100, 30))


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
        engine.process(endpoint(never), photo, {})
    assert caught.value.slug == slug


def test_sides_are_held_before_pixels_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that swells to a huge picture is refused by its header."""

    def decode(data: bytes, **options: Any) -> Any:
        raise AssertionError("nothing may be decoded")

    monkeypatch.setattr(codec, "decode", decode)
    with pytest.raises(ImageRejected) as caught:
        engine.process(endpoint(never), sized(900, 900), {})
    assert caught.value.slug == "image_too_many_pixels"


def test_a_wrong_value_never_meets_the_photo() -> None:
    """Values are checked first."""
    with pytest.raises(ValueRejected):
        engine.process(endpoint(never), b"", {"shape_type": "99"})


async def test_only_so_many_effects_run_at_a_time() -> None:
    """The rest wait their turn, and all are done."""
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    def effect(image: Any, values: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == engine.WORKERS:
                gate.set()
        assert gate.wait(10)
        with lock:
            running -= 1
        return image

    runner = engine.Engine()
    results = await asyncio.gather(*(runner.run(endpoint(effect), sized(30, 30), {}) for _ in range(10)))
    assert len(results) == 10
    assert most == engine.WORKERS
