"""Bombs are rejected before they get the memory that they demand; oversized metadata is never inflated."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile.bombs import REJECTED_BOMBS, SIDE
from hostile.file_parts import saved
from hostile.oversized_metadata import OVERSIZED_METADATA
from PIL import Image

ROOT = Path(__file__).parents[2]
MAX_MS, MAX_MB = 250, 64


def measure_cost(data: bytes) -> tuple[str, float, float]:
    """(outcome, milliseconds of processor time, megabytes) of opening and preparing `data` in a separate process."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.hostile.measure_decode"], input=data, capture_output=True, cwd=ROOT, timeout=60
    )
    assert run.returncode == 0, run.stderr.decode()
    outcome, ms, mb = json.loads(run.stdout)
    return outcome, ms, mb


def measure_all(makers: dict[str, Callable[[], bytes]], what: str) -> tuple[set[str], str]:
    """(outcomes, the figure line) of all files; an assertion names a file above the limits."""
    found = {name: measure_cost(make()) for name, make in makers.items()}
    for name, (_, ms, mb) in found.items():
        assert ms < MAX_MS, f"{name}: {ms:.0f} ms"
        assert mb < MAX_MB, f"{name}: {mb:.0f} MB"
    slowest = max(found, key=lambda name: found[name][1])
    largest = max(found, key=lambda name: found[name][2])
    line = f"{len(found)} bombs {what}: slowest {found[slowest][1]:.0f} ms ({slowest})"
    return {outcome for outcome, _, _ in found.values()}, f"{line}, largest {found[largest][2]:.0f} MB ({largest})"


@pytest.mark.fuzz
def test_safe_open_rejects_bombs(figure: Callable[[str], None]) -> None:
    """Each of at least twelve bombs is rejected within 250 ms of processor time and 64 MB beyond the file."""
    outcomes, line = measure_all(REJECTED_BOMBS, "refused")
    figure(line)
    assert len(REJECTED_BOMBS) >= 12
    assert outcomes <= {"image_too_many_pixels", "image_truncated", "image_unreadable"}


@pytest.mark.fuzz
def test_safe_open_never_inflates_oversized_metadata(figure: Callable[[str], None]) -> None:
    """A small picture in a file with oversized metadata is accepted within the same limits."""
    outcomes, line = measure_all(OVERSIZED_METADATA, "let in without what they carry")
    figure(line)
    assert outcomes == {"picture"}


@pytest.mark.fuzz
def test_prepare_handles_the_largest_accepted_photo(figure: Callable[[str], None]) -> None:
    """49 transparent megapixels in less than 100 bytes are accepted within 450 MB."""
    data = saved(Image.new("RGBA", (SIDE, SIDE), (90, 20, 60, 128)), "WEBP", lossless=True, method=0)
    outcome, ms, mb = measure_cost(data)
    figure(f"the largest that comes in: {len(data)} bytes, {SIDE}×{SIDE}, transparent, {ms / 1000:.1f} s, {mb:.0f} MB")
    assert len(data) < 100
    assert outcome == "picture"
    assert mb < 450  # 196 MB with transparency, 147 MB without, and the smaller one that is sent
