"""A hundred thousand damaged files: each ends as a picture within the limits or as a typed refusal."""

import time
from collections import Counter
from collections.abc import Callable

import pytest
from hostile.file_parts import KINDS
from hostile.measure_decode import resident
from hostile.mutations import mutant, sources

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec

LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
CHUNKS, ROUNDS = 2, 10_000  # five kinds: a hundred thousand
MOST_MB = 64
MOST_SECONDS = 1  # of processor time, so that a busy machine changes nothing


@pytest.mark.parametrize("kind", KINDS)
def test_safe_open_accepts_the_unmutated_files(kind: str) -> None:
    """Each file that is mutated is a good one to begin with."""
    for source in sources(kind):
        assert codec.prepare(source, LIMITS).width in (64, 56)


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")  # Pillow grumbles about broken files, as it should
@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")  # as the gate has it, before pytest forgets
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("kind", KINDS)
def test_decode_of_a_mutated_file_returns_pixels_or_rejects(
    kind: str, chunk: int, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """Whatever happens to a file's bytes, the gate answers with pixels within the limits or with ImageRejected."""
    for source in sources(kind):
        codec.prepare(source, LIMITS)
    before = resident("VmHWM")
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    count = rounds(ROUNDS)
    for number in range(chunk * ROUNDS, chunk * ROUNDS + count):
        data = mutant(kind, number)
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
    grown = (resident("VmHWM") - before) / 1e6
    costs = f"slowest {slowest * 1000:.0f} ms, {grown:.0f} MB more"
    figure(f"mutations {kind} {chunk + 1}/{CHUNKS}: {pictures} pictures, {refusals}, {costs}")
    assert min(pictures, sum(outcomes.values())) > count / 50
    assert slowest < MOST_SECONDS
    assert grown < MOST_MB
