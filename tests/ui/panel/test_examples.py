"""The example photo: a copy of its own for each who takes it, whole, however many come first at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from meitu_demo.photos import codec
from meitu_demo.ui.panel import examples


def test_many_at_once_get_whole_copies_of_their_own() -> None:
    """Also when it has to be made first."""
    examples._encode_example.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: Path(examples.write_example_file("astronaut")), range(8)))
    assert len({path.parent for path in paths}) == 8
    assert {codec.read_size(path.read_bytes()) for path in paths} == {(512, 512)}
