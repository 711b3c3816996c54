"""Session data: deleted on request, counted on disk, swept when it expires."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.unbilled_call import LIVE

from meitu_demo.calls.in_flight_call import CallSpec
from meitu_demo.calls.pipeline import CallResult, ProgressCallback
from meitu_demo.calls.single_flight import SingleFlight
from meitu_demo.domain.model import Photo
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation.sessions import Evaluations
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.ui.history.entries import History
from meitu_demo.ui.security.session_data import Inventory, SessionData

TTL_S = 60.0


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def pictures() -> PictureStore:
    return PictureStore(TTL_S)


def create_session_data(
    uploads: Path,
    pictures: PictureStore | None = None,
    single_flight: SingleFlight | None = None,
    ttl_s: float = TTL_S,
) -> SessionData:
    evaluations = Evaluations(ttl_s, uploads.with_name("evaluations"), {})
    return SessionData(
        uploads,
        pictures or PictureStore(TTL_S),
        single_flight or SingleFlight(TTL_S),
        History(TTL_S),
        evaluations,
        ttl_s,
    )


@pytest.fixture
def session_data(uploads: Path, pictures: PictureStore) -> SessionData:
    return create_session_data(uploads, pictures)


def create_upload(uploads: Path, name: str) -> Path:
    folder = uploads.resolve() / name
    folder.mkdir(parents=True)
    (folder / "me.jpg").write_bytes(b"face")
    return folder / "me.jpg"


async def test_session_data_deletes_everything_of_one_session_and_nothing_of_another(
    session_data: SessionData, pictures: PictureStore, uploads: Path
) -> None:
    """Upload folders with all their files, and pictures; then the inventory is empty, and the other's unchanged."""
    one, other = create_upload(uploads, "a" * 32), create_upload(uploads, "b" * 32)
    (one.parent / "original.heic").write_bytes(b"face")
    session_data.track("one", one)
    session_data.track("other", other)
    pictures.put(b"face", "one")
    pictures.put(b"face", "other")
    assert await session_data.inventory("one") == Inventory(2, 1, 0)
    await session_data.delete("one")
    assert await session_data.inventory("one") == Inventory(0, 0, 0)
    assert not (await session_data.inventory("one")).has_data
    assert not one.parent.exists()
    assert await session_data.inventory("other") == Inventory(1, 1, 0)


async def test_session_data_tracks_without_the_disk(uploads: Path) -> None:
    """The event loop does not wait for it; a path with links and one without name the same folder."""
    photo, link = create_upload(uploads, "a" * 32), uploads.with_name("link")
    link.symlink_to(uploads)
    session_data = create_session_data(link)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(Path, "resolve")
        for path in (photo, link / photo.parent.name / "me.jpg"):
            session_data.track("one", path)
    assert (await session_data.inventory("one")).files == 1


async def test_inventory_counts_what_could_not_be_deleted(session_data: SessionData, uploads: Path) -> None:
    """After a deletion it looks at the disk again."""
    photo = create_upload(uploads, "a" * 32)
    session_data.track("one", photo)
    await session_data.delete("one")
    photo.parent.mkdir()
    photo.write_bytes(b"face")
    assert (await session_data.inventory("one")).files == 1


async def test_session_data_tracks_only_upload_folders(
    session_data: SessionData, uploads: Path, tmp_path: Path
) -> None:
    """A file elsewhere, or deeper, is not deleted with a session that names it."""
    elsewhere = tmp_path / "elsewhere" / "secret.txt"
    elsewhere.parent.mkdir()
    elsewhere.write_text("x")
    deep = create_upload(uploads, "a" * 32 + "/deeper")
    for path in (elsewhere, deep, uploads / "x"):
        session_data.track("one", path)
    await session_data.delete("one")
    assert elsewhere.exists()
    assert deep.exists()


async def test_session_data_sweeps_expired_uploads(uploads: Path) -> None:
    """Of any session."""
    session_data = create_session_data(uploads, ttl_s=-1.0)
    photo = create_upload(uploads, "a" * 32)
    session_data.track("one", photo)
    await session_data.delete_expired()
    assert not photo.parent.exists()
    assert await session_data.inventory("one") == Inventory(0, 0, 0)


async def test_session_data_deletes_the_files_of_all_sessions_at_shutdown(
    session_data: SessionData, uploads: Path
) -> None:
    """Whichever session they belong to."""
    photos = create_upload(uploads, "a" * 32), create_upload(uploads, "b" * 32)
    for session, photo in zip(("one", "other"), photos, strict=True):
        session_data.track(session, photo)
    await session_data.delete_all()
    assert not any(photo.parent.exists() for photo in photos)


async def test_sweeper_evicts_expired_results_of_paid_calls(uploads: Path) -> None:
    """Without it, results would stay until the next call is submitted."""
    single_flight = SingleFlight(-1.0)
    session_data = create_session_data(uploads, single_flight=single_flight)

    async def send(on_progress: ProgressCallback) -> Any:
        return None

    async def fetch_result(reply: Any, on_progress: ProgressCallback) -> Any:
        photo = Photo(b"face", "image/jpeg", 1, 1)
        return CallResult(CATALOGUE["face_fuse"], "live", {}, photo, photo, (), 1.0)

    await single_flight.submit("one", "order", CallSpec(send, fetch_result, LIVE)).result()
    assert (await session_data.inventory("one")).calls == 1
    await session_data.delete_expired()
    assert (await session_data.inventory("one")).calls == 0


async def test_session_data_is_swept_again_after_a_sweep_that_failed(
    uploads: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A sweep's error would end the app's task group, and with it the HTTP client of all calls."""
    errors, swept_again = iter([OSError("no space left")]), asyncio.Event()

    async def fail_once(_: SessionData) -> None:
        for error in errors:
            raise error
        swept_again.set()

    monkeypatch.setattr(SessionData, "delete_expired", fail_once)
    sweeper = asyncio.create_task(create_session_data(uploads, ttl_s=0.03).run_sweeper())
    await asyncio.wait([sweeper, asyncio.create_task(swept_again.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert swept_again.is_set()
    assert "no space left" in caplog.text
    sweeper.cancel()
