"""Small files that ask for much: refused before they get it, or opened without what asked."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile.bombs import REFUSED, SIDE
from hostile.file_parts import saved
from hostile.oversized_metadata import LUGGAGE
from PIL import Image

ROOT = Path(__file__).parents[2]
MOST_MS, MOST_MB = 250, 64


def measured(data: bytes, tries: int = 3) -> tuple[str, float, float]:
    """(outcome, milliseconds, megabytes) of opening and preparing `data` in a process of its own; the best of a few.

    What a file costs does not come down by repeating it, what the rest of the machine costs does.
    """
    best: tuple[str, float, float] | None = None
    for _ in range(tries):
        run = subprocess.run(
            [sys.executable, "-m", "tests.hostile.measure_decode"],
            input=data,
            capture_output=True,
            cwd=ROOT,
            timeout=60,
        )
        assert run.returncode == 0, run.stderr.decode()
        found = json.loads(run.stdout)
        best = min(best or found, found, key=lambda one: one[1])
        if best[1] < MOST_MS:
            break
    assert best is not None
    return best[0], best[1], best[2]


def costs(makers: dict[str, Callable[[], bytes]], what: str) -> tuple[set[str], str]:
    """(outcomes, the line to print) of all of them; fails by the name of the one that costs too much."""
    found = {name: measured(make()) for name, make in makers.items()}
    for name, (_, ms, mb) in found.items():
        assert ms < MOST_MS, f"{name}: {ms:.0f} ms"
        assert mb < MOST_MB, f"{name}: {mb:.0f} MB"
    slowest = max(found, key=lambda name: found[name][1])
    largest = max(found, key=lambda name: found[name][2])
    line = f"{len(found)} bombs {what}: slowest {found[slowest][1]:.0f} ms ({slowest})"
    return {outcome for outcome, _, _ in found.values()}, f"{line}, largest {found[largest][2]:.0f} MB ({largest})"


@pytest.mark.fuzz
def test_safe_open_rejects_bombs(figure: Callable[[str], None]) -> None:
    """Each is answered with a refusal within 250 ms and 64 MB beyond the file, and there are at least twelve."""
    outcomes, line = costs(REFUSED, "refused")
    figure(line)
    assert len(REFUSED) >= 12
    assert outcomes <= {"image_too_many_pixels", "image_truncated", "image_unreadable"}


@pytest.mark.fuzz
def test_safe_open_never_inflates_oversized_metadata(figure: Callable[[str], None]) -> None:
    """A small picture inside a monstrous file comes in as quickly, and what surrounds it gets no memory."""
    outcomes, line = costs(LUGGAGE, "let in without what they carry")
    figure(line)
    assert outcomes == {"picture"}


@pytest.mark.fuzz
def test_prepare_handles_the_largest_accepted_photo(figure: Callable[[str], None]) -> None:
    """49 megapixels of transparency out of a few bytes are a picture, and take what their pixels take twice over."""
    data = saved(Image.new("RGBA", (SIDE, SIDE), (90, 20, 60, 128)), "WEBP", lossless=True, method=0)
    outcome, ms, mb = measured(data, 1)
    figure(f"the largest that comes in: {len(data)} bytes, {SIDE}×{SIDE}, transparent, {ms / 1000:.1f} s, {mb:.0f} MB")
    assert len(data) < 100
    assert outcome == "picture"
    assert mb < 450  # 196 MB with transparency, 147 MB without, and the smaller one that is sent
