"""Example photos: each visitor gets a complete copy."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from meitu_demo.photos import codec
from meitu_demo.ui.gradio_patches import uploads
from meitu_demo.ui.panel import examples


def test_example_file_is_a_complete_copy_for_each_caller() -> None:
    """Many simultaneous callers get complete, separate copies, also when the photo has to be created first."""
    examples.encode_example.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        paths = list(
            pool.map(lambda _: Path(uploads.write_upload("x.jpg", examples.encode_example("astronaut"))), range(8))
        )
    assert len({path.parent for path in paths}) == 8
    assert {codec.read_size(path.read_bytes()) for path in paths} == {(512, 512)}
