"""The door itself: what counts as an upload, over files of all kinds."""

from pathlib import Path
from typing import Any

import pytest

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.ui.security import upload_validation

MARK = {"_type": "gradio.FileData"}


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    (folder / "hash").mkdir(parents=True)
    (folder / "hash" / "me.jpg").write_bytes(b"face")
    (tmp_path / "private.jpg").write_bytes(b"secret")
    (tmp_path / "uploads-of-others").mkdir()
    (tmp_path / "uploads-of-others" / "x.jpg").write_bytes(b"secret")
    return folder


async def refused(payload: object, uploads: Path) -> str:
    with pytest.raises(ImageRejected) as caught:
        await upload_validation.read_upload(payload, uploads)
    return caught.value.slug


async def test_an_upload_is_read(uploads: Path) -> None:
    """A marked file in the folder; the folder may itself be reached by a link."""
    payload = {"path": str(uploads / "hash" / "me.jpg"), "meta": MARK}
    assert await upload_validation.read_upload(payload, uploads) == b"face"
    (uploads.parent / "link").symlink_to(uploads)
    assert await upload_validation.read_upload(payload, uploads.parent / "link") == b"face"


@pytest.mark.parametrize("nothing", [None, ""])
async def test_no_photo(nothing: object, uploads: Path) -> None:
    """Told as missing, not as refused."""
    assert await refused(nothing, uploads) == "photo_missing"


@pytest.mark.parametrize("mark", [None, {}, {"_type": "gradio.Other"}, {**MARK, "more": 1}, "gradio.FileData", [MARK]])
async def test_without_the_mark(mark: object, uploads: Path) -> None:
    """Gradio looks only at payloads that carry its mark, so no other is trusted."""
    assert await refused({"path": str(uploads / "hash" / "me.jpg"), "meta": mark}, uploads) == "photo_not_uploaded"


async def test_files_elsewhere(uploads: Path) -> None:
    """By path, by traversal, by link, in a folder whose name only begins the same, relative, or not a file at all."""
    inside = uploads / "hash"
    (inside / "link.jpg").symlink_to(uploads.parent / "private.jpg")
    (inside / "circle.jpg").symlink_to(inside / "circle.jpg")
    paths: list[Any] = [
        uploads.parent / "private.jpg", inside / ".." / ".." / "private.jpg", inside / "link.jpg",
        inside / "circle.jpg", uploads.parent / "uploads-of-others" / "x.jpg", "uploads/hash/me.jpg", inside, uploads,
        inside / "gone.jpg", "/dev/zero", "", "~/x.jpg", f"file://{inside / 'me.jpg'}", f"{inside}/me.jpg\0",
        f"{inside}/\ud800.jpg", f"{inside}/" + "x" * 5000,
    ]  # fmt: skip
    for path in paths:
        assert await refused({"path": str(path), "meta": MARK}, uploads) == "photo_not_uploaded", path
    for path in (None, 5, ["x"], b"x"):
        assert await refused({"path": path, "meta": MARK}, uploads) == "photo_not_uploaded", path


@pytest.mark.parametrize("payload", ["/etc/passwd", 5, [], {}, b"x", {"url": "https://host/x.jpg", "meta": MARK}])
async def test_other_payloads(payload: object, uploads: Path) -> None:
    """Nothing else is a photo."""
    assert await refused(payload, uploads) == "photo_not_uploaded"


async def test_a_file_over_the_limit_is_not_read(uploads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at first."""
    monkeypatch.setattr(upload_validation, "MAX_BYTES", 3)
    payload = {"path": str(uploads / "hash" / "me.jpg"), "meta": MARK}
    assert await refused(payload, uploads) == "image_too_large_file"
