"""The quota of uploads: what it evicts, what it refuses, and that one address does not shut out the others."""

import json
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from ui.conftest import Page, serve

from meitu_demo.domain.errors import UploadsFull, VisitorUploadsFull
from meitu_demo.photos.codec import MAX_BYTES
from meitu_demo.settings import Settings
from meitu_demo.ui.panel.examples import encode_example
from meitu_demo.ui.security import upload_quota
from meitu_demo.ui.security.upload_quota import (
    MAX_ADDRESS_BYTES,
    MAX_ADDRESS_FILES,
    MAX_SESSION_CLAIMS,
    MAX_TOTAL_BYTES,
    UploadQuota,
)

PROXY = "127.0.0.1"
MEGABYTE = 1024 * 1024
TAB = "0" * 32
PATH_PATTERN = re.compile(r'"path": "([^"]+)"')


async def upload(quota: UploadQuota, folder: Path, address: str, size_bytes: int) -> Path:
    """Complete one upload; returns its folder."""
    upload = await quota.reserve(address, size_bytes)
    path = folder / secrets.token_hex(8)
    path.mkdir()
    upload.folders.add(path)
    return path


async def test_quota_evicts_the_oldest_unclaimed_upload_of_the_same_address(tmp_path: Path) -> None:
    """A claimed one stays, and so do those of other addresses."""
    quota, size_bytes = UploadQuota(), MAX_ADDRESS_BYTES // 4
    other = await upload(quota, tmp_path, "other", size_bytes)
    claimed, oldest, *rest = [await upload(quota, tmp_path, "one", size_bytes) for _ in range(4)]
    quota.claim(claimed, "tab")
    newest = await upload(quota, tmp_path, "one", size_bytes)
    assert not oldest.exists()
    assert all(folder.exists() for folder in (other, claimed, *rest, newest))


async def test_quota_refuses_when_nothing_can_be_evicted(tmp_path: Path) -> None:
    """Claimed uploads and those under way are not evicted; a deleted or a failed one makes room."""
    quota, size_bytes = UploadQuota(), MAX_ADDRESS_BYTES // 2
    claimed = await upload(quota, tmp_path, "one", size_bytes)
    quota.claim(claimed, "tab")
    under_way = await quota.reserve("one", size_bytes)
    with pytest.raises(VisitorUploadsFull):
        await quota.reserve("one", 1)
    quota.release(under_way)
    claimed.rmdir()
    await quota.reserve("one", MAX_ADDRESS_BYTES)


async def test_quota_looks_at_the_disk_only_where_room_runs_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each upload, and each result of an API call, would wait for a look at all uploads there are."""
    looked_at: list[Path] = []
    monkeypatch.setattr(Path, "exists", lambda path: looked_at.append(path) or True)
    quota = UploadQuota()
    first = await upload(quota, tmp_path, "one", MAX_ADDRESS_BYTES // 2)
    await upload(quota, tmp_path, "one", MAX_ADDRESS_BYTES // 2)
    assert looked_at == []
    await quota.reserve("one", 1)
    assert first in looked_at


async def test_quota_keeps_the_photos_that_a_session_claimed_last(tmp_path: Path) -> None:
    """Who tries one photo after another is never refused; what was replaced goes first, the latest ten stay."""
    quota, folders = UploadQuota(), []
    for _ in range(MAX_ADDRESS_FILES + 50):
        folders.append(await upload(quota, tmp_path, "one", 1))
        quota.claim(folders[-1], "tab")
    assert [folder.exists() for folder in folders] == [False] * 50 + [True] * MAX_ADDRESS_FILES
    for _ in range(MAX_ADDRESS_FILES - MAX_SESSION_CLAIMS):
        quota.claim(await upload(quota, tmp_path, "one", 1), secrets.token_hex(4))
    assert [folder.exists() for folder in folders[50:]] == [False] * (MAX_ADDRESS_FILES - 10) + [True] * 10
    with pytest.raises(VisitorUploadsFull):
        await quota.reserve("one", 1)
    quota.end_claims("tab")
    await quota.reserve("one", 1)


async def test_quota_counts_files(tmp_path: Path) -> None:
    """Many tiny files are refused as a few large ones are."""
    quota = UploadQuota()
    for _ in range(MAX_ADDRESS_FILES):
        await quota.reserve("one", 1)
    with pytest.raises(VisitorUploadsFull):
        await quota.reserve("one", 1)
    await quota.reserve("other", 1)


async def test_quota_in_all_evicts_from_the_address_that_has_most(tmp_path: Path) -> None:
    """Many addresses together are bounded, and who has little keeps it, even the oldest upload."""
    quota = UploadQuota()
    little = await upload(quota, tmp_path, "little", MEGABYTE)
    hoards = [
        await upload(quota, tmp_path, f"hoard{n}", MAX_ADDRESS_BYTES)
        for n in range(MAX_TOTAL_BYTES // MAX_ADDRESS_BYTES)
    ]
    late = await upload(quota, tmp_path, "late", MAX_ADDRESS_BYTES)
    assert little.exists()
    assert [folder.exists() for folder in hoards] == [False] + [True] * (len(hoards) - 1)
    for folder in (little, *hoards, late):
        quota.claim(folder, "tab")
    with pytest.raises(UploadsFull):
        await quota.reserve("later", MAX_ADDRESS_BYTES)


@pytest.fixture
def small_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Page]:
    """The app with a folder of its own and a hundredth of the quota, behind a proxy that names the visitors."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(upload_quota, "MAX_ADDRESS_BYTES", MAX_ADDRESS_BYTES // 100)
    monkeypatch.setattr(upload_quota, "MAX_TOTAL_BYTES", MAX_TOTAL_BYTES // 100)
    yield from serve(Settings.from_env({"TRUSTED_PROXIES": PROXY}))


def send(page: Page, data: bytes, address: str, **options: Any) -> httpx.Response:
    headers = {"x-forwarded-for": address, "accept-language": options.pop("language", "en")}
    url = f"{page.url}/gradio_api/upload"
    return httpx.post(url, files={"files": ("me.jpg", data)}, headers=headers, timeout=60, **options)


def count_stored_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_one_address_does_not_shut_out_the_others(
    small_page: Page, portrait: bytes, tmp_path: Path, figure: Any
) -> None:
    """While one address uploads a hundred times, ten visitors upload and run; the folder stays within its bound."""
    data = secrets.token_bytes(MAX_ADDRESS_BYTES // 400)

    def serve_visitor(number: int) -> bool:
        address = f"203.0.113.{number}"
        (path,) = send(small_page, portrait, address).json()
        photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
        event, _ = small_page.call("quality_restoration", photo, False, False, address=address)
        return event == "complete"

    with ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(send, small_page, data, "198.51.100.1") for _ in range(50)]
        visitors = [pool.submit(serve_visitor, number) for number in range(1, 11)]
        flood += [pool.submit(send, small_page, data, "198.51.100.1") for _ in range(50)]
        served = sum(visitor.result() for visitor in visitors)
        statuses = {answer.result().status_code for answer in flood}
    assert served == 10
    assert statuses <= {200, 429}
    assert count_stored_bytes(tmp_path) < MAX_TOTAL_BYTES // 100
    figure(f"uploads: 100 of one address, {served} of 10 visitors served")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "At most 40 MB are taken at a time"), ("zh", "一次最多上传 40 MB")]
)
def test_an_upload_that_is_too_large_is_refused_in_words(small_page: Page, language: str, words: str) -> None:
    """Several photos in one form, each small enough: the limit, and what to do, in the visitor's language."""
    files = [("files", (f"{number}.jpg", bytes(MAX_BYTES // 2))) for number in range(3)]
    answer = httpx.post(
        f"{small_page.url}/gradio_api/upload", files=files, headers={"accept-language": language}, timeout=60
    )
    assert answer.status_code == 413
    assert words in answer.text


def as_visitor(page: Page, address: str) -> Page:
    """The page as the visitor at `address` uses it."""
    return replace(page, http=httpx.Client(headers={"x-forwarded-for": address}, timeout=60))


def test_files_that_events_write_count(small_page: Page, tmp_path: Path, figure: Any) -> None:
    """One address takes a hundred examples, in a hundred tabs: it is refused in words, and ten visitors are served."""
    assert small_page.config  # read once for all

    def take_example(number: int, visitor: Page) -> str:
        return visitor.press("load-example", ["astronaut", "face_fuse", f"{number:032x}"])

    def serve_visitor(number: int) -> bool:
        visitor = as_visitor(small_page, f"203.0.113.{number}")
        path = json.loads(f'"{PATH_PATTERN.search(take_example(number, visitor))[1]}"')  # type: ignore[index]
        photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
        return "kept/" in visitor.run("face-fuse", ["lion"], photo, f"{number:032x}")

    hoarder = as_visitor(small_page, "198.51.100.1")
    with ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(take_example, number, hoarder) for number in range(100, 150)]
        visitors = [pool.submit(serve_visitor, number) for number in range(1, 11)]
        flood += [pool.submit(take_example, number, hoarder) for number in range(150, 200)]
        served = sum(visitor.result() for visitor in visitors)
        answers = [answer.result() for answer in flood]
    refused = sum("You have too many photos" in answer for answer in answers)
    assert served == 10
    assert refused + sum("astronaut.jpg" in answer for answer in answers) == 100
    assert 0 < refused < 100
    assert count_stored_bytes(tmp_path) < MAX_TOTAL_BYTES // 100
    figure(f"files written by events: 100 of one address, {refused} refused, {served} of 10 visitors served")


def test_the_result_of_an_api_call_takes_the_room_of_its_photo(small_page: Page, tmp_path: Path) -> None:
    """Whose share is full of claimed photos gets an answer still, and has no more files than before."""
    hoarder = as_visitor(small_page, "198.51.100.2")
    photo = hoarder.upload(encode_example("astronaut"))
    hoarder.press("quality-restoration-photo", [photo, TAB], "upload")
    while "astronaut.jpg" in (
        answer := hoarder.press("load-example", ["astronaut", "face_fuse", secrets.token_hex(16)])
    ):
        pass
    assert "You have too many photos" in answer
    event, answer = hoarder.call("quality_restoration", photo, False, False)
    assert event == "complete"
    assert Path(answer[0]["path"]).exists()
    assert not Path(photo["path"]).exists()
    assert count_stored_bytes(tmp_path) < 1.25 * MAX_ADDRESS_BYTES // 100  # the result is larger than the photo


@pytest.mark.parametrize(("language", "words"), [("en", "You have too many photos"), ("zh-CN", "照片太多了")])
def test_an_upload_beyond_the_quota_is_refused_in_words(small_page: Page, language: str, words: str) -> None:
    """With 429, after the whole body was read, so that a browser shows the answer."""
    answer = send(small_page, bytes(MAX_ADDRESS_BYTES // 100 + 1), "198.51.100.1", language=language)
    assert (answer.status_code, words in answer.text) == (429, True)


def test_a_failed_upload_does_not_count(small_page: Page) -> None:
    """A form that Gradio refuses takes no room, however often it comes."""
    url, headers = f"{small_page.url}/gradio_api/upload", {"content-type": "multipart/form-data; boundary=x"}
    body = b"--x\r\nnonsense" + bytes(MAX_ADDRESS_BYTES // 250)
    statuses = {httpx.post(url, content=body, headers=headers).status_code for _ in range(10)}
    assert 429 not in statuses
