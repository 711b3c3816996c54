"""Files of visitors: each lies alone, under a name that nobody can guess, and is gone in the end."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio import processing_utils
from PIL import Image
from ui.conftest import Page, serve

from meitu_demo.settings import Settings
from meitu_demo.ui.gradio_patches import uploads
from meitu_demo.ui.gradio_patches.static_images import PATH as STILLS

HOME = Path(os.environ["GRADIO_TEMP_DIR"])
GUESSABLE = (b"", processing_utils.hash_seed)  # what a folder's name was made from beside the content


def files() -> set[Path]:
    return {path for path in HOME.rglob("*") if path.is_file()}


def event_of(page: Page, element: str, target: str) -> int:
    """The number of the event that fires on `element` and has an answer of the server's."""
    config = httpx.get(f"{page.url}/config").json()
    (part,) = [part["id"] for part in config["components"] if part["props"].get("elem_id") == element]
    found = [
        event["id"] for event in config["dependencies"] if [part, target] in event["targets"] and event["backend_fn"]
    ]
    return int(found[0])


@pytest.fixture
def own_page() -> Iterator[Iterator[Page]]:
    """The app for this test alone, to be stopped by it."""
    running = serve(Settings.from_env({}))
    yield running
    next(running, None)


def test_equal_uploads_lie_apart(page: Page, portrait: bytes) -> None:
    """Two clients, three times the same photo, once in the same form: three folders, none named by the content."""
    form = [("files", ("me.jpg", portrait)), ("files", ("me.jpg", portrait))]
    paths = httpx.post(f"{page.url}/gradio_api/upload", files=form).json()
    paths.append(page.upload(portrait)["path"])
    folders = {Path(path).parent for path in paths}
    assert len(folders) == 3
    assert all(Path(path).read_bytes() == portrait for path in paths)
    assert all(folder.parent == HOME and len(folder.name) >= 43 for folder in folders)
    named = {hashlib.sha256(seed + portrait).hexdigest() for seed in GUESSABLE}
    assert not named & {folder.name for folder in folders}


def test_nothing_makes_a_second_copy(page: Page, portrait: bytes) -> None:
    """An upload, an API call and a run in the page leave the upload and the API's result on the disk, nothing else."""
    before = files()
    photo = page.upload(portrait)
    event, (result, _) = page.call("quality_restoration", photo, False, False)
    assert event == "complete"
    assert "kept/" in page.join(event_of(page, "quality-restoration-run", "click"), [photo, False, "", None, None])
    page.join(event_of(page, "quality-restoration-photo", "upload"), [photo, ""])
    assert files() - before == {Path(photo["path"]), Path(result["path"])}


def test_each_click_gives_an_example_of_its_own(page: Page) -> None:
    """Two visitors who take the example share no file of it; what one of them deletes the other still has."""
    event = event_of(page, "face-fuse-example", "click")
    paths = [Path(re.search(r'"path": "([^"]+)"', page.join(event, [""]))[1]) for _ in range(2)]  # type: ignore[index]
    assert paths[0].parent != paths[1].parent
    assert all(path.parent.parent == HOME for path in paths)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    named = {hashlib.sha256(seed + paths[0].read_bytes()).hexdigest() for seed in GUESSABLE}
    assert not any((HOME / name).exists() for name in named)


def test_names_are_drawn_from_enough() -> None:
    """Folders of our own have 256 bits of chance, too."""
    names = {Path(uploads.write_upload("x.jpg", b"x")).parent.name for _ in range(50)}
    assert len(names) == 50
    assert min(map(len, names)) >= 43


def test_all_files_of_a_visit_are_gone_after_a_stop(own_page: Iterator[Page], portrait: bytes, tmp_path: Path) -> None:
    """Uploads, a HEIC with its stand-in and an example taken after it, in one session."""
    import pillow_heif

    before = files()
    page = next(own_page)
    heic = tmp_path / "photo.heic"
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(heic)
    photo = page.upload(heic.read_bytes(), "photo.heic")
    session = "0123456789a"
    answers = [
        page.join(event_of(page, "face-fuse-photo", "upload"), [given, ""], session=session)
        for given in (page.upload(portrait), photo)
    ]
    page.join(event_of(page, "face-fuse-example", "click"), [""], session=session)
    assert "photo.jpg" in answers[1]
    left = {path.name for path in files() - before}
    assert left == {"me.jpg", "photo.heic", "photo.jpg", "original.heic", "astronaut.jpg"}
    assert next(own_page, None) is None
    assert files() == before


def test_pictures_of_the_page_have_names_and_no_paths(page: Page) -> None:
    """Previews and thumbnail come from a route of ours; nothing beside them does."""
    config: Any = httpx.get(f"{page.url}/config").json()
    found = set(re.findall(rf'"({STILLS}/[^"]+)"', json.dumps(config)))
    assert len(found) >= 8
    for address in found:
        answer = httpx.get(f"{page.url}/{address}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/")
    for name in ("../app.py", "..%2fapp.py", "space_helmet/preview.webp", "app.py", "", "x.webp"):
        assert httpx.get(f"{page.url}/{STILLS}/{name}").status_code in (403, 404)
