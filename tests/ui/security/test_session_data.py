"""What a session owns: deleted when asked, found again by looking, swept when it is old."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from meitu_demo.calls.pipeline import CallResult, ProgressCallback
from meitu_demo.calls.single_flight import SingleFlight
from meitu_demo.domain.model import Photo
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.ui.history.entries import History
from meitu_demo.ui.security.session_data import Inventory, SessionData

LIFE = 60.0


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def mine(uploads: Path) -> SessionData:
    return SessionData(uploads, PictureStore(LIFE), SingleFlight(LIFE), History(LIFE), LIFE)


def upload(uploads: Path, name: str) -> Path:
    folder = uploads.resolve() / name
    folder.mkdir(parents=True)
    (folder / "me.jpg").write_bytes(b"face")
    return folder / "me.jpg"


async def test_everything_of_one_session_goes_and_nothing_of_another(mine: SessionData, uploads: Path) -> None:
    """Files with what lies beside them, and pictures; looking again finds nothing, and the neighbour's are whole."""
    one, other = upload(uploads, "a" * 32), upload(uploads, "b" * 32)
    (one.parent / "original.heic").write_bytes(b"face")
    mine.track("one", one)
    mine.track("other", other)
    mine._pictures.put(b"face", "one")
    mine._pictures.put(b"face", "other")
    assert await mine.inventory("one") == Inventory(2, 1, 0)
    await mine.delete("one")
    assert await mine.inventory("one") == Inventory(0, 0, 0)
    assert not (await mine.inventory("one")).has_data
    assert not one.parent.exists()
    assert await mine.inventory("other") == Inventory(1, 1, 0)


async def test_what_could_not_be_deleted_is_told(mine: SessionData, uploads: Path) -> None:
    """The second look is a look: what is still on the disk is counted."""
    photo = upload(uploads, "a" * 32)
    mine.track("one", photo)
    await mine.delete("one")
    photo.parent.mkdir()
    photo.write_bytes(b"face")
    assert (await mine.inventory("one")).files == 1


async def test_only_a_folder_of_its_own_is_a_sessions(mine: SessionData, uploads: Path, tmp_path: Path) -> None:
    """A file that lies elsewhere, or deeper, is not deleted with a session that names it."""
    elsewhere = tmp_path / "elsewhere" / "secret.txt"
    elsewhere.parent.mkdir()
    elsewhere.write_text("x")
    deep = upload(uploads, "a" * 32 + "/deeper")
    for path in (elsewhere, deep, uploads / "x"):
        mine.track("one", path)
    await mine.delete("one")
    assert elsewhere.exists()
    assert deep.exists()


async def test_what_is_old_is_swept(uploads: Path) -> None:
    """Once its time is up, whoever it belongs to; what is young stays."""
    mine = SessionData(uploads, PictureStore(LIFE), SingleFlight(LIFE), History(LIFE), -1.0)
    photo = upload(uploads, "a" * 32)
    mine.track("one", photo)
    await mine.delete_expired()
    assert not photo.parent.exists()
    assert await mine.inventory("one") == Inventory(0, 0, 0)


def test_leftovers_of_a_killed_process_go_at_the_next_start(mine: SessionData, uploads: Path) -> None:
    """Those that are older than photos are kept; what another process uses just now stays."""
    old, young = upload(uploads, "a" * 32), upload(uploads, "b" * 32)
    past = time.time() - 2 * LIFE
    os.utime(old.parent, (past, past))
    mine.delete_stale_uploads()
    assert not old.exists()
    assert young.exists()


def test_so_does_an_upload_that_was_under_way(mine: SessionData, uploads: Path) -> None:
    """It has no folder yet."""
    uploads.mkdir()
    broken = uploads / "tmp12345678"
    broken.write_bytes(b"half a face")
    past = time.time() - 2 * LIFE
    os.utime(broken, (past, past))
    mine.delete_stale_uploads()
    assert not broken.exists()


async def test_a_stop_leaves_no_file(mine: SessionData, uploads: Path) -> None:
    """Whoever they belong to."""
    photos = upload(uploads, "a" * 32), upload(uploads, "b" * 32)
    for session, photo in zip(("one", "other"), photos, strict=True):
        mine.track(session, photo)
    await mine.delete_all()
    assert not any(photo.parent.exists() for photo in photos)


async def test_a_paid_result_is_forgotten_although_nobody_comes_any_more(uploads: Path) -> None:
    """The desk looks only when somebody hands something in; the sweep makes it look."""
    desk = SingleFlight(-1.0)
    mine = SessionData(uploads, PictureStore(LIFE), desk, History(LIFE), LIFE)

    async def ask(watch: ProgressCallback) -> Any:
        return None

    async def collect(asked: Any, watch: ProgressCallback) -> Any:
        photo = Photo(b"face", "image/jpeg", 1, 1)
        return CallResult(CATALOGUE["face_fuse"], "live", {}, photo, photo, (), 1.0)

    await desk.submit("one", "order", ask, collect).result()
    assert (await mine.inventory("one")).calls == 1
    await mine.delete_expired()
    assert (await mine.inventory("one")).calls == 0
