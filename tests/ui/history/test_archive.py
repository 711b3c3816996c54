"""The archive of a session's history: a labelled picture for each run, and a listing of settings without secrets."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from pydantic import SecretStr
from ui.history.sample_runs import build_result, store_pictures

from meitu_demo.domain.errors import VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import Credentials
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.ui.history.archive import LISTING_FILE_NAME, stream_archive
from meitu_demo.ui.history.entries import History
from meitu_demo.ui.result import export

KEY = "a-key-that-must-not-leave"
LINK = "https://vendor.example/result.jpg?sig=1"


def record_three_runs(store: PictureStore, history: History, portrait: bytes) -> None:
    """Two results with the same settings in the same second, between them a failure that quotes key and link."""
    at = datetime(2026, 3, 8, 14, 25, 1, tzinfo=UTC)
    found = [build_result(portrait, created_at=at + timedelta(seconds=second)) for second in (0, 2)]
    history.record_success("one", found[0], store_pictures(store, found[0], export.unlabelled(found[0]), "one"))
    error = VendorError("meitu", "20003", vendor_message=f"{KEY} {LINK}", http_status=400, request_id="r")
    values = {"template_id": "lion"}
    history.record_failure("one", CATALOGUE["face_fuse"], "live", values, explain(error, "en"))
    live = build_result(portrait, mode="live", request_id=f"{LINK} r-77", created_at=found[1].created_at)
    history.record_success("one", live, store_pictures(store, live, export.unlabelled(live), "one"))


async def read_archive(history: History, store: PictureStore, visible: bool = True) -> zipfile.ZipFile:
    parts = [part async for part in stream_archive(history.list_runs("one"), store, "en", visible_label=visible)]
    return zipfile.ZipFile(io.BytesIO(b"".join(parts)))


async def test_archive_pictures_are_marked_and_labelled_like_downloads(portrait: bytes) -> None:
    """Pictures carry the master's marks and the label in the lower right corner, under distinct names, oldest first."""
    store, history = PictureStore(60), History(60)
    record_three_runs(store, history, portrait)
    packed = await read_archive(history, store)
    assert packed.testzip() is None
    *names, listing = packed.namelist()
    assert listing == LISTING_FILE_NAME
    assert [name[:21] for name in names] == ["01_facial-aesthetics_", "03_facial-aesthetics_"]
    assert all(re.fullmatch(r"[\w.-]+\.jpg", name) for name in names)
    assert all(not info.flag_bits & 8 for info in packed.infolist())  # sizes stand before the data, for any reader
    ids = [run.success.result.id for run in reversed(history.list_runs("one")) if run.success]
    for name, result in zip(names, ids, strict=True):
        mark = read_provenance(packed.read(name))
        assert mark is not None
        assert mark.result_id == result
        change = abs(codec.decode(packed.read(name)).astype(int) - codec.decode(portrait)).max(axis=2)
        assert change[260:, 160:].max() > 100


async def test_archive_listing_has_settings_but_no_key_link_or_picture(portrait: bytes) -> None:
    """The listing has every run in order, with source, times, sizes and the vendor's request ID; no key, no link, no
    picture.
    """
    guarded = Credentials(SecretStr(KEY))
    store, history = PictureStore(60), History(60)
    record_three_runs(store, history, portrait)
    packed = await read_archive(history, store)
    text = packed.read(LISTING_FILE_NAME).decode()
    runs = json.loads(text)["runs"]
    assert [run["number"] for run in runs] == [1, 2, 3]
    assert [run["source"] for run in runs] == ["offline", "live", "live"]
    assert [run["file"] for run in runs] == [packed.namelist()[0], None, packed.namelist()[1]]
    assert runs[0]["settings"] == {"shape_type": "8", "strength": 0.5}
    assert runs[0]["made_at"] == "2026-03-08T14:25:01+00:00"
    assert runs[0]["result"] == {"width": 320, "height": 320, "bytes": len(portrait)}
    assert (runs[0]["made_by"], runs[2]["made_by"]) == ("offline engine", "AILabTools")
    assert "r-77" in runs[2]["vendor_request_id"]
    assert runs[1]["failure"]["code"] == "Meitu 20003"
    for secret in (KEY, "://", "vendor.example", "kept/", "download/"):
        assert secret not in text
    assert len(text) < 3000
    assert guarded.key.get_secret_value() == KEY  # held until here, so that it was guarded


async def test_archive_omits_a_deleted_picture_and_says_so(portrait: bytes) -> None:
    """A picture that was deleted, also one deleted during the download, is omitted, and the listing says so."""
    store, history = PictureStore(60), History(60)
    record_three_runs(store, history, portrait)
    parts, pieces = stream_archive(history.list_runs("one"), store, "en", visible_label=False), []
    pieces.append(await anext(parts))
    store.evict("one")
    pieces += [part async for part in parts]
    packed = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert packed.testzip() is None
    assert len(packed.namelist()) == 2
    runs = json.loads(packed.read(LISTING_FILE_NAME))["runs"]
    assert [bool(run["file"]) for run in runs] == [True, False, False]
    assert all(PurePosixPath(name).name == name for name in packed.namelist())
