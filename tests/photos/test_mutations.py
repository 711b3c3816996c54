"""A hundred thousand mutated files: each ends as a picture within the limits or as a typed rejection."""

import time
from collections import Counter
from collections.abc import Callable

import pytest
from hostile.file_parts import KINDS
from hostile.measure_decode import read_resident_bytes
from hostile.mutations import mutate, source_files

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec

LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
CHUNKS, ROUNDS = 2, 10_000  # five kinds: a hundred thousand
MAX_MB = 64
MOST_SECONDS = 1  # of processor time, so that a busy machine changes nothing


@pytest.mark.parametrize("kind", KINDS)
def test_safe_open_accepts_the_unmutated_files(kind: str) -> None:
    """Each source file is valid before it is mutated."""
    for source in source_files(kind):
        assert codec.prepare(source, LIMITS).photo.width in (64, 56)


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")  # Pillow warns about broken files
@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")  # as safe_open sets it; pytest resets it
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("kind", KINDS)
def test_decode_of_a_mutated_file_returns_pixels_or_rejects(
    kind: str, chunk: int, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """Any mutation ends in pixels within the limits or in ImageRejected."""
    for source in source_files(kind):
        codec.prepare(source, LIMITS)
    before = read_resident_bytes("VmHWM")
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    count = rounds(ROUNDS)
    for number in range(chunk * ROUNDS, chunk * ROUNDS + count):
        data = mutate(kind, number)
        start = time.process_time()
        try:
            photo = codec.prepare(data, LIMITS).photo
        except ImageRejected as error:
            outcomes[error.slug] += 1
        else:
            outcomes["picture"] += 1
            assert codec.read_size(photo.data) == (photo.width, photo.height), number
            assert 48 <= min(photo.width, photo.height) <= max(photo.width, photo.height) <= 4096, number
        slowest = max(slowest, time.process_time() - start)
    pictures = outcomes.pop("picture")
    refusals = f"{sum(outcomes.values())} refusals by {len(outcomes)} slugs"
    growth_mb = (read_resident_bytes("VmHWM") - before) / 1e6
    costs = f"slowest {slowest * 1000:.0f} ms, {growth_mb:.0f} MB more"
    figure(f"mutations {kind} {chunk + 1}/{CHUNKS}: {pictures} pictures, {refusals}, {costs}")
    assert min(pictures, sum(outcomes.values())) > count / 50
    assert slowest < MOST_SECONDS
    assert growth_mb < MAX_MB
