"""Visitors' files: each in a folder of its own with a random name, shared with nobody, deleted in the end."""

import hashlib
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

pytestmark = pytest.mark.gradio_internals
UPLOADS_DIR = Path(os.environ["GRADIO_TEMP_DIR"])
GUESSABLE_SEEDS = (b"", processing_utils.hash_seed)  # with the content, what Gradio makes a folder's name of
ONE_TAB, OTHER_TAB = "1" * 32, "2" * 32


def list_files() -> set[Path]:
    return {path for path in UPLOADS_DIR.rglob("*") if path.is_file()}


def find_event(page: Page, element: str, trigger: str) -> int:
    """The index of the event of `element` that the server answers."""
    config = httpx.get(f"{page.url}/config").json()
    (component,) = [part["id"] for part in config["components"] if part["props"].get("elem_id") == element]
    indices = [
        event["id"]
        for event in config["dependencies"]
        if [component, trigger] in event["targets"] and event["backend_fn"]
    ]
    return int(indices[0])


def take_example(page: Page, tab: str) -> dict[str, Any]:
    """The example photo as it is put into the tab's panel."""
    match = re.search(r'"path": "([^"]+astronaut\.jpg)"', page.press("load-example", ["astronaut", "face_fuse", tab]))
    assert match
    return {"path": match[1], "meta": {"_type": "gradio.FileData"}}


def exists(page: Page, photo: dict[str, Any]) -> bool:
    return httpx.get(f"{page.url}/gradio_api/file={photo['path']}").status_code == 200


@pytest.fixture
def fresh_app() -> Iterator[Iterator[Page]]:
    """The app for one test, which stops it."""
    running = serve(Settings.from_env({}))
    yield running
    next(running, None)


def test_equal_uploads_get_folders_of_their_own(page: Page, portrait: bytes) -> None:
    """Three times the same photo, twice in one form: three folders, none named by the content."""
    form = [("files", ("me.jpg", portrait)), ("files", ("me.jpg", portrait))]
    paths = httpx.post(f"{page.url}/gradio_api/upload", files=form).json()
    paths.append(page.upload(portrait)["path"])
    folders = {Path(path).parent for path in paths}
    assert len(folders) == 3
    assert all(Path(path).read_bytes() == portrait for path in paths)
    assert all(folder.parent == UPLOADS_DIR and len(folder.name) >= 43 for folder in folders)
    guessed = {hashlib.sha256(seed + portrait).hexdigest() for seed in GUESSABLE_SEEDS}
    assert not guessed & {folder.name for folder in folders}


def test_deleting_a_photo_leaves_another_visitors_equal_photo(page: Page, portrait: bytes) -> None:
    """Two visitors upload the same photo; one deletes everything; the other's still works, and both can upload anew."""
    one, other = page.upload(portrait), page.upload(portrait)
    assert Path(one["path"]).parent != Path(other["path"]).parent
    for photo, tab in ((one, ONE_TAB), (other, OTHER_TAB)):
        assert "kept/" in page.run("quality-restoration", [], photo, tab)
    page.press("delete-data", [ONE_TAB])
    assert not exists(page, one)
    assert exists(page, other)
    assert "kept/" in page.run("quality-restoration", [], other, OTHER_TAB)
    assert exists(page, page.upload(portrait))


def test_deleting_the_example_photo_leaves_it_in_other_panels(page: Page) -> None:
    """The example is copied for each visitor, and deleted like the visitor's own photo."""
    one, other = take_example(page, ONE_TAB), take_example(page, OTHER_TAB)
    page.press("delete-data", [ONE_TAB])
    assert not exists(page, one)
    assert exists(page, other)
    assert "kept/" in page.run("face-fuse", ["lion"], other, OTHER_TAB)


def test_gradio_makes_no_second_copy_of_an_upload(page: Page, portrait: bytes) -> None:
    """An upload, an API call and a run on the page leave the upload and the API's result on disk, nothing else."""
    before = list_files()
    photo = page.upload(portrait)
    event, (result, _) = page.call("quality_restoration", photo, False, False)
    assert event == "complete"
    assert "kept/" in page.join(find_event(page, "quality-restoration-run", "click"), [photo, False, "", None, None])
    page.join(find_event(page, "quality-restoration-photo", "upload"), [photo, ""])
    assert list_files() - before == {Path(photo["path"]), Path(result["path"])}


def test_each_click_on_the_example_makes_a_file_of_its_own(page: Page) -> None:
    """Equal content, different folders, and none is named by the content."""
    paths = [Path(take_example(page, ONE_TAB)["path"]) for _ in range(2)]
    assert paths[0].parent != paths[1].parent
    assert all(path.parent.parent == UPLOADS_DIR for path in paths)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    guessed = {hashlib.sha256(seed + paths[0].read_bytes()).hexdigest() for seed in GUESSABLE_SEEDS}
    assert not any((UPLOADS_DIR / name).exists() for name in guessed)


def test_upload_folders_have_names_of_256_bits(tmp_path: Path) -> None:
    """Fifty names of at least 43 characters."""
    names = {uploads.draw_upload_folder(tmp_path).name for _ in range(50)}
    assert len(names) == 50
    assert min(map(len, names)) >= 43


def test_shutdown_deletes_all_files_of_a_session(fresh_app: Iterator[Page], portrait: bytes, tmp_path: Path) -> None:
    """Uploads, a HEIC with its JPEG, and an example that was taken after it."""
    import pillow_heif

    before = list_files()
    page = next(fresh_app)
    heic = tmp_path / "photo.heic"
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(heic)
    session = "0123456789a"
    answers = [
        page.join(find_event(page, "face-fuse-photo", "upload"), [photo, ""], session=session)
        for photo in (page.upload(portrait), page.upload(heic.read_bytes(), "photo.heic"))
    ]
    page.join(find_event(page, "load-example", "click"), ["astronaut", "face_fuse", ""], session=session)
    assert "photo.jpg" in answers[1]
    names = {path.name for path in list_files() - before}
    assert names == {"me.jpg", "photo.heic", "photo.jpg", "original.heic", "astronaut.jpg"}
    assert next(fresh_app, None) is None
    assert list_files() == before
