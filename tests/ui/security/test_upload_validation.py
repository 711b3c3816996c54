"""Upload validation: which payloads count as an upload, and which files are never read."""

from pathlib import Path
from typing import Any

import pytest

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.ui.security import upload_validation

META = {"_type": "gradio.FileData"}


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    (folder / "hash").mkdir(parents=True)
    (folder / "hash" / "me.jpg").write_bytes(b"face")
    (tmp_path / "private.jpg").write_bytes(b"secret")
    (tmp_path / "uploads-of-others").mkdir()
    (tmp_path / "uploads-of-others" / "x.jpg").write_bytes(b"secret")
    return folder


async def get_refusal(payload: object, uploads: Path) -> str:
    with pytest.raises(ImageRejected) as caught:
        await upload_validation.read_upload(payload, uploads)
    return caught.value.slug


async def test_read_upload_reads_a_file_inside_the_uploads(uploads: Path) -> None:
    """With Gradio's `meta`; the uploads' folder itself may be a link."""
    payload = {"path": str(uploads / "hash" / "me.jpg"), "meta": META}
    assert await upload_validation.read_upload(payload, uploads) == b"face"
    (uploads.parent / "link").symlink_to(uploads)
    assert await upload_validation.read_upload(payload, uploads.parent / "link") == b"face"


@pytest.mark.parametrize("nothing", [None, ""])
async def test_read_upload_reports_a_missing_photo_as_missing(nothing: object, uploads: Path) -> None:
    """Not as refused."""
    assert await get_refusal(nothing, uploads) == "photo_missing"


@pytest.mark.parametrize("meta", [None, {}, {"_type": "gradio.Other"}, {**META, "more": 1}, "gradio.FileData", [META]])
async def test_read_upload_refuses_payloads_without_gradios_meta(meta: object, uploads: Path) -> None:
    """Gradio checks only payloads with exactly this `meta`, so no other is trusted."""
    assert await get_refusal({"path": str(uploads / "hash" / "me.jpg"), "meta": meta}, uploads) == "photo_not_uploaded"


async def test_read_upload_refuses_files_outside_the_uploads(uploads: Path) -> None:
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
        assert await get_refusal({"path": str(path), "meta": META}, uploads) == "photo_not_uploaded", path
    for path in (None, 5, ["x"], b"x"):
        assert await get_refusal({"path": path, "meta": META}, uploads) == "photo_not_uploaded", path


@pytest.mark.parametrize("payload", ["/etc/passwd", 5, [], {}, b"x", {"url": "https://host/x.jpg", "meta": META}])
async def test_read_upload_refuses_other_payloads(payload: object, uploads: Path) -> None:
    """Strings, numbers, lists, bytes, and objects that only name a URL."""
    assert await get_refusal(payload, uploads) == "photo_not_uploaded"


async def test_read_upload_refuses_a_file_over_the_limit(uploads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its size, before it is read."""
    monkeypatch.setattr("meitu_demo.photos.safe_open.MAX_BYTES", 3)
    payload = {"path": str(uploads / "hash" / "me.jpg"), "meta": META}
    assert await get_refusal(payload, uploads) == "image_too_large_file"
