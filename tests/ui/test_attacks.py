"""Published attacks on Gradio, and our own, replayed against the served app: no file is read, nothing is fetched."""

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from ui.attack_requests import PATH_ROUTES, count_connections, disguise_path, send_raw, spell_loopback_urls
from ui.conftest import Page, serve

from meitu_demo.settings import Settings

pytestmark = pytest.mark.fuzz
UPLOADS_DIR = Path(os.environ["GRADIO_TEMP_DIR"])
META = {"_type": "gradio.FileData"}
SECRET = b"the-secret-that-was-planted"
OTHER_VISITORS_PHOTO = b"the-photo-that-somebody-else-gave"
PROJECT = Path(__file__).resolve().parents[2]
# No answer may contain what was planted, or a line of our code, of /etc/passwd, of the environment or of the ledger.
OWN_CODE = (PROJECT / "app.py").read_bytes().splitlines()[0].strip(b'"')
GIVEAWAYS = (SECRET, OTHER_VISITORS_PHOTO, OWN_CODE, b"root:x:0:0", b"PATH=/", b"SQLite format 3")


@dataclass
class Target:
    """The app in a folder like the project's, with a secret in each file; another visitor's photo; links in uploads."""

    page: Page
    folder: Path
    private_photo: Path  # nobody uploaded it
    other_upload: Path  # by another visitor

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.page.url)
        return str(parts.hostname), int(parts.port or 0)

    def list_files(self) -> list[str]:
        """Files worth reading, and guesses at the other visitor's upload, whose folder has a random name."""
        private = [self.folder / name for name in (".env", "app.py", "data/ledger.db", "private.jpg")]
        links = [UPLOADS_DIR / "links" / "link.txt", UPLOADS_DIR / "way" / "private.jpg", UPLOADS_DIR / "way" / ".env"]
        folder = self.other_upload.parent.name
        guesses = [UPLOADS_DIR / "me.jpg", UPLOADS_DIR / folder[:-1] / "me.jpg", UPLOADS_DIR / "*" / "me.jpg"]
        system = [Path(name) for name in ("/etc/passwd", "/proc/self/environ", "/proc/self/cwd/.env")]
        return [str(path) for path in (*private, *links, *guesses, PROJECT / "app.py", *system)] + [
            "/.env",
            "/data/ledger.db",
        ]

    def list_private_events(self) -> list[dict[str, Any]]:
        """They answer anybody who knows their number."""
        config: dict[str, Any] = httpx.get(f"{self.page.url}/config").json()
        return [
            event for event in config["dependencies"] if event["backend_fn"] and event["api_visibility"] == "private"
        ]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, portrait: bytes) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "data").mkdir()
    for name in (".env", "app.py", "data/ledger.db"):
        (folder / name).write_bytes(SECRET)
    photo = folder / "private.jpg"
    photo.write_bytes(portrait + SECRET)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # where Gradio takes relative paths from
        running = serve(Settings.from_env({"DATA_DIR": str(folder / "data")}))
        page = next(running)
        other_upload = Path(page.upload(portrait + OTHER_VISITORS_PHOTO)["path"])
        (UPLOADS_DIR / "links").mkdir(exist_ok=True)
        for link, destination in ((UPLOADS_DIR / "links" / "link.txt", folder / ".env"), (UPLOADS_DIR / "way", folder)):
            link.unlink(missing_ok=True)
            link.symlink_to(destination)
        yield Target(page, folder, photo, other_upload)
        next(running, None)
        (UPLOADS_DIR / "way").unlink()


def sample(items: list[Any], count: int) -> list[Any]:
    """`count` of `items`, or all; the same in every run."""
    return random.Random(7).sample(items, min(count, len(items)))


def test_no_path_reads_a_file(target: Target, rounds: Callable[[int], int], figure: Callable[[str], None]) -> None:
    """Every route, every disguise, every file worth reading: no answer contains a giveaway (path traversal)."""
    requests = [
        route.replace("{}", path)
        for route in PATH_ROUTES
        for file in target.list_files()
        for path in disguise_path(file, str(UPLOADS_DIR))
    ]
    tried = [request for request in sample(requests, rounds(4000)) if not re.search(r"[\r\n ]", request)]
    with ThreadPoolExecutor(16) as pool:  # Gradio takes three seconds to say that it knows no such upload
        answers = dict(zip(tried, pool.map(partial(send_raw, target.address), tried), strict=True))
    assert all(answers.values()), [request for request, answer in answers.items() if not answer]
    read = [request for request, answer in answers.items() if any(giveaway in answer for giveaway in GIVEAWAYS)]
    figure(f"path variants: {len(read)} reads in {len(tried)} tries")
    assert len(tried) >= 200
    assert read == []


def test_upload_is_readable_by_its_exact_path_only(target: Target) -> None:
    """So the attempts above fail at the checks, not because there is nothing to read; folders are not listed."""
    name = str(target.other_upload)
    assert OTHER_VISITORS_PHOTO in send_raw(target.address, f"/gradio_api/file={name}")
    folder = target.other_upload.parent
    for path in (UPLOADS_DIR, folder, f"{folder}/", f"{folder}/*"):
        answer = send_raw(target.address, f"/gradio_api/file={path}")
        assert OTHER_VISITORS_PHOTO not in answer
        assert folder.name.encode() not in answer.partition(b"\r\n\r\n")[2]


def test_range_request_does_not_echo_the_requests_headers(target: Target) -> None:
    """Gradio would answer a range with all headers of the request as its own; the file is sent whole."""
    answer = send_raw(
        target.address,
        f"/gradio_api/file={target.other_upload}",
        "Range: bytes=0-9",
        "X-Mine: come-back",
        "Cookie: a=b",
    )
    assert answer.startswith(b"HTTP/1.1 200")
    assert OTHER_VISITORS_PHOTO in answer
    assert b"come-back" not in answer
    assert b"cookie: a=b" not in answer.lower()


def build_payloads(path: str) -> list[Any]:
    """`path` as a photo, in each shape that any version of Gradio took for a file."""
    file = {"path": path, "meta": META}
    return [
        file, {"path": path}, {**file, "url": path}, {**file, "orig_name": f"../../{path}"},
        {**file, "is_stream": True},
        {"path": "me.jpg", "url": f"/gradio_api/file={path}", "meta": META}, {"name": path, "is_file": True},
        [file], {"image": file}, {"value": file, "__type__": "update"}, {"file": file, "alt_text": None}, path,
        {**file, "meta": {**META, "more": 1}}, {"background": file, "layers": [], "composite": file},
    ]  # fmt: skip


def test_no_payload_reads_a_file(target: Target, rounds: Callable[[int], int], figure: Callable[[str], None]) -> None:
    """As a photo, to the four functions and to every private event that has inputs; and no file is copied."""
    before = len(target.page.offline.calls)
    paths = [str(target.private_photo), str(UPLOADS_DIR / "way" / "private.jpg"), "private.jpg", "../private.jpg", f"file://{target.private_photo}",
             f"{UPLOADS_DIR}/x/../way/private.jpg", f"{target.private_photo}\0.jpg", "/proc/self/cwd/private.jpg",
             str(UPLOADS_DIR / target.other_upload.parent.name[:-1] / "me.jpg")]  # fmt: skip
    shapes = [shape for path in paths for shape in build_payloads(path)]
    functions = {
        "face_fuse": ["lion"],
        "anime_avatar": ["1.0.0"],
        "quality_restoration": [],
        "facial_aesthetics": [8, 0.5],
    }
    attempts: list[tuple[str, int, Any]] = [(name, -1, shape) for name in functions for shape in shapes]
    events = [event for event in target.list_private_events() if event["inputs"]]
    attempts += [("", number, shape) for number in range(len(events)) for shape in shapes]
    tried = sample(attempts, rounds(600))
    for name, number, shape in tried:
        if name:
            event, answer = target.page.call(name, shape, *functions[name], False, False)
            assert event == "error", (name, shape)
        else:
            answer = target.page.join(events[number]["id"], [shape] * len(events[number]["inputs"]))
            assert "kept/" not in answer, shape
        assert not any(giveaway.decode() in json.dumps(answer) for giveaway in GIVEAWAYS), shape
    assert len(target.page.offline.calls) == before
    copies = [
        path
        for path in UPLOADS_DIR.rglob("*")
        if path.is_file() and not path.is_symlink() and SECRET in path.read_bytes()
    ]
    assert copies == []
    figure(f"path payloads: 0 reads in {len(tried)} tries")


URL_ROUTES = ("/gradio_api/proxy={}", "/proxy={}", "/gradio_api/file={}", "/file={}", "/file/{}", "/gradio_api/file/{}",
            "/?__theme={}", "/config?deep_link={}")  # fmt: skip


def test_no_url_is_fetched_for_a_visitor(
    target: Target, portrait: bytes, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """By proxy, file or photo, in a session with changed components and in others; no name is looked up (SSRF)."""
    events = target.list_private_events()
    photos = [event for event in events if event["targets"] and event["targets"][0][1] == "upload"]
    runs = [event for event in events if event["inputs"][:1] == photos[0]["inputs"][:1] and len(event["inputs"]) > 4]
    changed = "a-changed-session"
    target.page.join(photos[0]["id"], [target.page.upload(portrait), ""], session=changed)
    with count_connections() as counter:
        attempts: list[tuple[str, Any]] = []
        for url in spell_loopback_urls(counter.port):
            attempts += [(route, url) for route in URL_ROUTES]
            url_payloads = ({"path": "me.jpg", "url": url, "meta": META}, {"url": url, "meta": META})
            attempts += [("", shape) for shape in (*build_payloads(url), *url_payloads)]
        tried = sample(attempts, rounds(400))
        for route, payload in tried:
            if route:
                send_raw(target.address, route.replace("{}", str(payload).replace(" ", "%20")))
                continue
            assert target.page.call("quality_restoration", payload, False, False)[0] == "error"
            for session in ("", changed):
                assert "kept/" not in target.page.join(
                    runs[0]["id"], [payload] * len(runs[0]["inputs"]), session=session
                )
                target.page.join(photos[0]["id"], [payload, ""], session=session)
        assert counter.connections == 0
    figure(f"URLs fetched: 0 connections in {len(tried)} tries")
