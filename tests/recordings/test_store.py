"""RecordingStore: which call a recording belongs to, and files that nobody else reads and nothing breaks."""

import io
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from meitu_demo.domain.model import Image
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.recordings import RecordingStore
from recordings.test_recording import record

RESHAPE, RESTORE = CATALOGUE["facial_aesthetics"], CATALOGUE["quality_restoration"]
KEY, OTHER_KEY = "a" * 64, "b" * 64


def encode(pixels: Image, kind: str, orientation: int = 1) -> bytes:
    """The pixels as a lossless file, stored in the given EXIF orientation (1 or 3)."""
    stored = np.rot90(pixels, 2) if orientation == 3 else pixels
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    PillowImage.fromarray(np.ascontiguousarray(stored)).save(buffer, kind, exif=exif if orientation != 1 else None)
    return buffer.getvalue()


def test_compute_key_is_that_of_the_upright_pixels(folder: Path, portrait_pixels: Image) -> None:
    """PNG, BMP and a PNG on its head are one photo; another photo, endpoint, value or folder is another call."""
    store, values = RecordingStore(folder), {"shape_type": 8, "strength": 0.5}
    key = store.compute_key(RESHAPE, values, encode(portrait_pixels, "PNG"))
    for kind, orientation in (("BMP", 1), ("PNG", 3)):
        assert store.compute_key(RESHAPE, values, encode(portrait_pixels, kind, orientation)) == key
    assert RecordingStore(folder).compute_key(RESHAPE, values, encode(portrait_pixels, "PNG")) == key
    changed = portrait_pixels.copy()
    changed[0, 0, 0] ^= 1
    others = {
        store.compute_key(RESHAPE, values, encode(changed, "PNG")),
        store.compute_key(RESHAPE, values, encode(np.ascontiguousarray(portrait_pixels[:, ::-1]), "PNG")),
        store.compute_key(RESHAPE, {**values, "strength": 0.6}, encode(portrait_pixels, "PNG")),
        store.compute_key(RESTORE, {}, encode(portrait_pixels, "PNG")),
        RecordingStore(folder / "other").compute_key(RESHAPE, values, encode(portrait_pixels, "PNG")),
    }
    assert len(others) == 5
    assert key not in others


def test_save_writes_files_for_their_owner_alone(folder: Path) -> None:
    """Folder 0700, files 0600; a second recording of the call replaces the first, and no draft stays."""
    store = RecordingStore(folder)
    store.save(record(b"first", key=KEY))
    store.save(record(b"second", key=KEY))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [(f"{KEY}.recording", 0o600)]
    assert store.read(KEY).body == b"second"


def test_save_refuses_more_than_the_folder_may_hold(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full folder keeps what it has and says so; the same call recorded again still takes its own place."""
    first, second = record(b"first", key=KEY), record(b"other", key=OTHER_KEY)
    monkeypatch.setattr("meitu_demo.recordings.store.MAX_FOLDER_BYTES", len(first.dump()) + len(second.dump()) - 1)
    store = RecordingStore(folder)
    store.save(first)
    with pytest.raises(OSError, match="recordings; delete some"):
        store.save(second)
    store.save(first)
    assert store.list_keys() == [KEY]
    store.delete(KEY)
    store.save(second)


def test_find_passes_over_what_is_damaged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A cut or renamed file counts as none, with one line in the log each; a name that is none finds nothing."""
    store = RecordingStore(folder)
    store.save(record(key=KEY))
    path = folder / f"{KEY}.recording"
    path.with_name(f"{OTHER_KEY}.recording").write_bytes(path.read_bytes())
    path.write_bytes(path.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        assert store.find(KEY) is store.find(OTHER_KEY) is None
    assert [line.split(":")[1] for line in caplog.messages] == [" it was cut off or changed", " it was renamed"]
    caplog.clear()
    for name in ("", "c" * 64, "../" + KEY, KEY.upper(), f"{KEY}\n"):
        assert store.find(name) is None
    assert not caplog.messages


def test_delete_all_takes_drafts_too(folder: Path) -> None:
    """What a killed process left half written goes with the recordings; the secret stays."""
    store = RecordingStore(folder)
    store.save(record(key=KEY))
    (folder / f"{OTHER_KEY}.0.draft").write_bytes(b"half")
    (folder / "secret").write_bytes(b"s" * 32)
    assert (store.list_keys(), store.delete_all()) == ([KEY], 2)
    assert [path.name for path in folder.iterdir()] == ["secret"]
