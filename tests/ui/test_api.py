"""The app's API over a real port: what is exposed, what comes back, and that only uploads are opened."""

import asyncio
import io
import queue
import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from ui.conftest import Page, serve, vendor

from meitu_demo.domain.translations import translate
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance
from meitu_demo.settings import Settings
from meitu_demo.ui import api

REPORT = {
    "endpoint", "mode", "recorded", "elapsed_s", "run", "request_id", "width", "height", "changes", "repeated",
    "receipt",
}  # fmt: skip
NO_FILE = translate("errors.photo_not_uploaded.title", "en")


@pytest.fixture(scope="module")
def client(page: Page) -> Client:
    return Client(page.url, verbose=False)


@pytest.fixture(scope="module")
def declared(client: Client) -> dict[str, Any]:
    found: Any = client.view_api(return_format="dict")
    return dict(found)


def failure(call: Any) -> str:
    with pytest.raises(AppError) as caught:
        call()
    return str(caught.value)


# ── What is exposed ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_api_lists_four_functions_only(declared: dict[str, Any]) -> None:
    """The page's own events are nobody's API."""
    assert list(declared["named_endpoints"]) == [
        "/face_fuse", "/anime_avatar", "/quality_restoration", "/facial_aesthetics",
    ]  # fmt: skip
    assert not declared["unnamed_endpoints"]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("face_fuse", [("photo", None), ("template_id", "gjw4tjeloaba2psk973"), ("consent", False), ("again", False)]),
        ("anime_avatar", [("photo", None), ("version", "1.0.0"), ("consent", False), ("again", False)]),
        ("quality_restoration", [("photo", None), ("consent", False), ("again", False)]),
        (
            "facial_aesthetics",
            [("photo", None), ("shape_type", None), ("strength", 0.5), ("consent", False), ("again", False)],
        ),
    ],
)
def test_api_parameters_and_defaults(name: str, parameters: list[tuple[str, Any]], declared: dict[str, Any]) -> None:
    """Clients rely on them; None stands for "has to be given". The request is injected and nobody's parameter."""
    found = declared["named_endpoints"][f"/{name}"]["parameters"]
    assert [
        (given["parameter_name"], given["parameter_default"] if given["parameter_has_default"] else None)
        for given in found
    ] == parameters


def test_api_describes_each_function_and_parameter(page: Page) -> None:
    """In words, where clients and tools look for them."""
    info = httpx.get(f"{page.url}/gradio_api/info").json()["named_endpoints"]
    for name, endpoint in info.items():
        assert len(endpoint["description"]) > 20, name
        for parameter in endpoint["parameters"]:
            assert f"{parameter['parameter_name']}: " in endpoint["description"], (name, parameter)


# ── What comes back ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("face_fuse", {"template_id": "lion"}),
        ("face_fuse", {}),
        ("anime_avatar", {"version": "2.0.0"}),
        ("quality_restoration", {"consent": True}),
        ("facial_aesthetics", {"shape_type": 8, "strength": 1}),
    ],
)
def test_api_returns_a_picture_and_a_report(
    name: str, values: dict[str, Any], client: Client, page: Page, portrait_file: Path
) -> None:
    """The file holds the server's picture, labelled and marked, under a name that says what it is; and a report."""
    file, report = client.predict(photo=handle_file(portrait_file), **values, api_name=f"/{name}")
    data = Path(file).read_bytes()
    assert same_but_for_the_label(data, page.offline.pictures[-1])
    mark = read_provenance(data)
    assert mark is not None
    assert (mark.endpoint, mark.made_by, mark.result_id) == (name, "offline engine", report["receipt"]["result_id"])
    assert Path(file).name.startswith(name.replace("_", "-"))
    assert Path(file).suffix == ".jpg"
    assert set(report) == REPORT
    assert (report["endpoint"], report["mode"], report["recorded"]) == (name, "offline", None)
    assert (report["width"], report["height"]) == codec.read_size(data)
    assert report["elapsed_s"] > 0
    assert report["request_id"]
    assert isinstance(report["changes"], list)
    assert report["receipt"]["sent_to"] is None
    assert report["receipt"]["bytes_sent"] == 0


def same_but_for_the_label(left: bytes, right: bytes) -> bool:
    """Whether two pictures show the same outside the lower third, where the label is; both went through an encoder."""
    one, other = (codec.decode(data).astype(int) for data in (left, right))
    clear = len(one) * 2 // 3
    return one.shape == other.shape and float(abs(one[:clear] - other[:clear]).mean()) < 1.5


def test_api_takes_a_shape_by_number_or_name(client: Client, page: Page, portrait_file: Path) -> None:
    """8 and "8" are the same call."""
    found = set()
    for shape in (8, "8"):
        client.predict(photo=handle_file(portrait_file), shape_type=shape, strength=0.5, api_name="/facial_aesthetics")
        found.add(page.offline.pictures[-1])
    assert len(found) == 1


def test_api_answers_plain_http(page: Page, portrait: bytes) -> None:
    """Upload, call, read the event, fetch the file: no client library is needed."""
    event, answer = page.call("quality_restoration", page.upload(portrait), False, False)
    assert event == "complete"
    file, report = answer
    assert report["endpoint"] == "quality_restoration"
    fetched = httpx.get(file["url"])
    assert same_but_for_the_label(fetched.content, page.offline.pictures[-1])


def test_api_reports_photo_changes_in_the_callers_language(page: Page, portrait_pixels: Any) -> None:
    """One line for each change."""
    stream = io.BytesIO()
    see_through = Image.fromarray(portrait_pixels)
    see_through.putalpha(128)
    see_through.save(stream, "PNG")
    photo = page.upload(stream.getvalue(), "me.png")
    _, (_, english) = page.call("quality_restoration", photo, False, False)
    _, (_, chinese) = page.call("quality_restoration", photo, False, False, language="zh-CN,zh;q=0.9")
    assert any("PNG" in line for line in english["changes"])
    assert len(chinese["changes"]) == len(english["changes"])
    assert re.search("[\u4e00-\u9fff]", "".join(chinese["changes"]))


def test_api_deletes_an_expired_result_in_a_thread(
    page: Page, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop never waits for the disk."""
    deleted: queue.Queue[bool] = queue.Queue()

    def record(*arguments: Any, **options: Any) -> None:
        deleted.put(asyncio._get_running_loop() is not None)

    monkeypatch.setattr(api, "RESULT_TTL_S", 0.0)
    monkeypatch.setattr(shutil, "rmtree", record)
    page.call("quality_restoration", page.upload(portrait), False, False)
    assert deleted.get(timeout=30) is False


def test_api_keeps_concurrent_callers_apart(page: Page, portrait_file: Path, faceless: bytes) -> None:
    """Ten at once, two of them refused: nobody gets another's picture or error."""
    clients = [Client(page.url, verbose=False) for _ in range(4)]
    jobs = [
        clients[n % 4].submit(
            photo=handle_file(portrait_file), shape_type=n, strength=1.0, api_name="/facial_aesthetics"
        )
        for n in range(8)
    ]
    upload = page.upload(faceless)
    refused: list[str] = []
    threads = [
        threading.Thread(target=lambda: refused.append(page.call("facial_aesthetics", upload, 8, 0.5, False, False)[0]))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    files = [Path(job.result(timeout=60)[0]) for job in jobs]
    for thread in threads:
        thread.join()
    assert refused == ["error", "error"]
    assert all(file.stat().st_size > 1000 for file in files)
    assert [file.name.split("_")[1] for file in files] == [str(n) for n in range(8)]


# ── Failures ────────────────────────────────────────────────────────────────────────────────────────────────────────
def told(slug: str, language: str = "en") -> list[str]:
    return [translate(f"errors.{slug}.{part}", language) for part in ("title", "why", "fix")]


def test_api_refusal_has_title_cause_fix_and_code(client: Client, tmp_path: Path, faceless: bytes) -> None:
    """One message with everything a developer needs, and no "Error" alone."""
    photo = tmp_path / "coffee.jpg"
    photo.write_bytes(faceless)
    message = failure(lambda: client.predict(photo=handle_file(photo), api_name="/face_fuse"))
    for part in [*told("no_face"), "20003"]:
        assert part in message
    message = failure(lambda: client.predict(photo=handle_file(photo), shape_type=1, api_name="/facial_aesthetics"))
    for part in [*told("no_face"), "ERROR_NO_FACE_IN_FILE"]:
        assert part in message


def test_api_offline_failure_names_no_price(page: Page, faceless: bytes) -> None:
    """Nothing offline can have been billed."""
    _, message = page.call("face_fuse", page.upload(faceless), "lion", False, False)
    for outcome in ("unknown", "not_processed", "done"):
        assert translate(f"billing.{outcome}.why", "en") not in str(message)


def test_api_refusal_is_in_the_callers_language(page: Page, faceless: bytes) -> None:
    """By the header that a browser sends."""
    _, message = page.call("anime_avatar", page.upload(faceless), "1.0.0", False, False, language="zh")
    assert told("no_face", "zh")[0] in str(message)


@pytest.mark.parametrize(
    ("name", "values", "part"),
    [
        ("facial_aesthetics", (22, 0.5), "22"), ("facial_aesthetics", ("eyes", 0.5), "eyes"),
        ("facial_aesthetics", (8, 1.5), "0..1"), ("anime_avatar", ("9.9.9",), "9.9.9"),
        ("face_fuse", ("no such/template",), "no such/template"), ("face_fuse", ("unknown-id",), "21104"),
    ],
)  # fmt: skip
def test_api_names_a_wrong_value(name: str, values: tuple[Any, ...], part: str, page: Page, portrait: bytes) -> None:
    """With what would have been right, before or after sending."""
    event, message = page.call(name, page.upload(portrait), *values, False, False)
    assert event == "error"
    assert part in str(message)


@pytest.mark.parametrize("data", [b"", b"a text file", b"\xff\xd8\xff\xe0 broken", b"<svg onload=alert(1)>"])
def test_api_rejects_a_file_that_is_no_photo(data: bytes, page: Page) -> None:
    """An explanation, no trace and no path of the server's."""
    event, message = page.call("quality_restoration", page.upload(data, "me.jpg"), False, False)
    assert event == "error"
    assert "Traceback" not in str(message)
    assert "/tmp" not in str(message)
    assert len(str(message)) > 60


def test_api_rejects_a_missing_photo(page: Page) -> None:
    """Null where the photo should be."""
    event, message = page.call("quality_restoration", None, False, False)
    assert event == "error"
    assert told("photo_missing")[0] in str(message)


@pytest.fixture(scope="module")
def live_page() -> Iterator[Page]:
    """The app in mode live without any key."""
    yield from serve(Settings.from_env({"MODE": "live"}))


def test_api_explains_mode_live_without_a_key(live_page: Page, portrait: bytes) -> None:
    """It names the setting and does not fall back."""
    event, message = live_page.call("quality_restoration", live_page.upload(portrait), False, False)
    assert event == "error"
    assert "MEITU_API_KEY" in str(message)
    assert live_page.offline.calls == []


@pytest.fixture(scope="module")
def keyed_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The app with keys, and a vendor that is our own server."""
    with vendor() as address:
        folder = str(tmp_path_factory.mktemp("ledger"))
        keys = {"MEITU_API_KEY": "k-canary-1", "MEITU_API_SECRET": "s-canary-1", "MEITU_BASE_URL": address}
        yield from serve(Settings.from_env({**keys, "DATA_DIR": folder, "CALLS_PER_SECOND": "off"}))


@pytest.mark.parametrize("consent", [False, None, "true", 1, [True]])
def test_api_sends_a_photo_with_consent_only(keyed_page: Page, portrait: bytes, consent: Any) -> None:
    """True, and nothing that merely looks like it; without, nothing is sent, and the words say how to give it."""
    event, message = keyed_page.call("quality_restoration", keyed_page.upload(portrait), consent, False)
    assert event == "error"
    assert "consent=True" in str(message)


def test_api_report_names_the_recipient(keyed_page: Page, portrait: bytes) -> None:
    """With consent it is made; the receipt names host and size, the mark as well."""
    event, answer = keyed_page.call("quality_restoration", keyed_page.upload(portrait), True, False)
    assert event == "complete"
    file, report = answer
    assert (report["mode"], report["repeated"]) == ("live", False)
    assert report["receipt"]["sent_to"] == "127.0.0.1"
    assert report["receipt"]["bytes_sent"] > len(portrait)
    mark = read_provenance(httpx.get(file["url"]).content)
    assert mark is not None
    assert mark.made_by == "127.0.0.1"


# ── Files that are no uploads ───────────────────────────────────────────────────────────────────────────────────────
MARK = {"_type": "gradio.FileData"}


@pytest.fixture(scope="module")
def secret(portrait: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture on the server's disk that nobody uploaded."""
    path = tmp_path_factory.mktemp("server") / "private.jpg"
    path.write_bytes(portrait)
    return path


def hostile(secret: Path, page: Page, portrait: bytes) -> dict[str, Any]:
    """Payloads that name `secret`, each in a way that has opened doors elsewhere."""
    uploaded = Path(page.upload(portrait)["path"])
    link = uploaded.parent / "link.jpg"
    if not link.is_symlink():
        link.symlink_to(secret)
    up = "/".join([".."] * len(uploaded.parent.parts))
    return {
        "bare path": {"path": str(secret)},
        "with the mark": {"path": str(secret), "meta": MARK},
        "with another mark": {"path": str(secret), "meta": {"_type": "gradio.Other"}},
        "by traversal": {"path": f"{uploaded.parent}/{up}{secret}", "meta": MARK},
        "by symlink": {"path": str(link), "meta": MARK},
        "as url": {"path": "x.jpg", "url": f"file://{secret}", "meta": MARK},
        "as web address": {"path": f"{page.url}/gradio_api/file={secret}", "meta": MARK},
        "as text": str(secret),
        "as list": [str(secret)],
        "a folder": {"path": str(uploaded.parent), "meta": MARK},
        "an upload without the mark": {"path": str(uploaded)},
        "a process file": {"path": "/proc/self/environ", "meta": MARK},
        "with a null byte": {"path": f"{uploaded}\0.jpg", "meta": MARK},
    }


NAMES = ["bare path", "with the mark", "with another mark", "by traversal", "by symlink", "as url", "as web address",
         "as text", "as list", "a folder", "an upload without the mark", "a process file",
         "with a null byte"]  # fmt: skip


@pytest.mark.parametrize("way", NAMES)
def test_api_opens_uploads_only(way: str, page: Page, secret: Path, portrait: bytes) -> None:
    """No call reaches the server with a file that was not uploaded, however it is named."""
    before = len(page.offline.calls)
    event, _ = page.call("quality_restoration", hostile(secret, page, portrait)[way], False, False)
    assert event == "error"
    assert len(page.offline.calls) == before


@pytest.mark.parametrize("way", [name for name in NAMES if name != "an upload without the mark"])
def test_private_events_open_uploads_only(way: str, page: Page, secret: Path, portrait: bytes) -> None:
    """Nor do the page's own events, which answer whoever posts their number (and add the mark by themselves)."""
    before = len(page.offline.calls)
    config = httpx.get(f"{page.url}/config").json()
    images = {part["id"] for part in config["components"] if part["type"] == "image"}
    payload = hostile(secret, page, portrait)[way]
    session = f"s{secrets.token_hex(8)}"  # one for all: Gradio takes its time to make another
    answers = [
        page.join(event["id"], [payload, *([0.5] * (len(event["inputs"]) - 1))], session=session)
        for event in config["dependencies"]
        if event["inputs"] and event["inputs"][0] in images and event["backend_fn"]
    ]
    assert not [answer for answer in answers if "kept/" in answer]  # no picture was put up for the page
    assert len(answers) >= 8  # run and run offline, four panels
    assert len(page.offline.calls) == before


def test_private_event_accepts_an_upload(page: Page, portrait: bytes) -> None:
    """The same way of asking gives a picture when the photo is an upload: the refusals above are about the file."""
    config = httpx.get(f"{page.url}/config").json()
    elements = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
    photo = elements["quality-restoration-photo"]
    events = [event["id"] for event in config["dependencies"] if event["inputs"][:1] == [photo] and event["inputs"][4:]]
    answer = page.join(events[0], [page.upload(portrait), False, "", None, None])
    found = re.search(r"kept/([\w-]+)/(quality-restoration[\w.-]+\.jpg)", answer)
    assert found
    kept = httpx.get(f"{page.url}/{found[0]}")
    assert (codec.decode(kept.content) == codec.decode(page.offline.pictures[-1])).all()
    assert read_provenance(kept.content) is not None
    assert kept.headers["cache-control"] == "private, no-store"
    assert kept.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(f"{page.url}/kept/guess/x.jpg").status_code == 404
