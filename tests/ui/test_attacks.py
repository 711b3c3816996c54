"""Published attacks on Gradio, and our own, replayed against the served app: no read, no call home, no open origin."""

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from ui.attack_requests import DOORS, addresses, disguises, raw, trap
from ui.conftest import Page, serve

from meitu_demo.settings import Settings

pytestmark = pytest.mark.fuzz
HOME = Path(os.environ["GRADIO_TEMP_DIR"])
MARK = {"_type": "gradio.FileData"}
SECRET = b"the-secret-that-was-planted"
OTHERS = b"the-photo-that-somebody-else-gave"
PROJECT = Path(__file__).resolve().parents[2]
# What may stand in no answer: what was planted, lines of our own files, of the system's and of the process's.
GIVEAWAYS = (SECRET, OTHERS, b"The only place that composes", b"root:x:0:0", b"PATH=/", b"SQLite format 3")


@dataclass
class Ground:
    """The app in a folder like the project's, a secret in each file; another visitor's photo; links among uploads."""

    page: Page
    folder: Path
    photo: Path  # a picture nobody uploaded
    theirs: Path

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.page.url)
        return str(parts.hostname), int(parts.port or 0)

    def targets(self) -> list[str]:
        """Files that somebody would like to read; the other visitor's upload, without knowing its folder's name."""
        own = [self.folder / name for name in (".env", "app.py", "data/ledger.db", "private.jpg")]
        links = [HOME / "links" / "link.txt", HOME / "way" / "private.jpg", HOME / "way" / ".env"]
        theirs = [HOME / "me.jpg", HOME / self.theirs.parent.name[:-1] / "me.jpg", HOME / "*" / "me.jpg"]
        system = [Path(name) for name in ("/etc/passwd", "/proc/self/environ", "/proc/self/cwd/.env")]
        return [str(path) for path in (*own, *links, *theirs, PROJECT / "app.py", *system)] + [
            "/.env",
            "/data/ledger.db",
        ]

    def events(self) -> list[dict[str, Any]]:
        """The private ones, which answer whoever knows their number."""
        config: dict[str, Any] = httpx.get(f"{self.page.url}/config").json()
        return [
            event for event in config["dependencies"] if event["backend_fn"] and event["api_visibility"] == "private"
        ]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, portrait: bytes) -> Iterator[Ground]:
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
        theirs = Path(page.upload(portrait + OTHERS)["path"])
        (HOME / "links").mkdir(exist_ok=True)
        for link, place in ((HOME / "links" / "link.txt", folder / ".env"), (HOME / "way", folder)):
            link.unlink(missing_ok=True)
            link.symlink_to(place)
        yield Ground(page, folder, photo, theirs)
        next(running, None)
        (HOME / "way").unlink()


@pytest.fixture(scope="module")
def public_page() -> Iterator[Page]:
    """The app as it is where strangers come, with a name of its own."""
    running = serve(Settings.from_env({"HOST": "0.0.0.0", "FAILURE_LAB": "off"}))
    yield next(running)
    next(running, None)


def sample(everything: list[Any], count: int) -> list[Any]:
    """So many of them, or all: the same in every run."""
    return random.Random(7).sample(everything, min(count, len(everything)))


# ── Paths ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_no_path_reads_a_file(ground: Ground, rounds: Callable[[int], int], figure: Callable[[str], None]) -> None:
    """Every door, every disguise, every file worth having: nothing that was planted is in any answer."""
    ways = [
        door.replace("{}", path)
        for door in DOORS
        for target in ground.targets()
        for path in disguises(target, str(HOME))
    ]
    tried = [way for way in sample(ways, rounds(4000)) if not re.search(r"[\r\n ]", way)]
    read = []
    for way in tried:
        answer = raw(ground.address, way, seconds=8)
        assert answer, way
        if any(giveaway in answer for giveaway in GIVEAWAYS):
            read.append(way)
    figure(f"path variants: {len(read)} reads in {len(tried)} tries")
    assert len(tried) >= 200
    assert read == []


def test_an_upload_is_read_by_whoever_has_its_name_and_by_no_other_spelling(ground: Ground) -> None:
    """The tries above fail because of the door, not because nothing is behind it; folders are not listed."""
    name = str(ground.theirs)
    assert OTHERS in raw(ground.address, f"/gradio_api/file={name}")
    for way in (HOME, ground.theirs.parent, f"{ground.theirs.parent}/", f"{ground.theirs.parent}/*"):
        assert OTHERS not in raw(ground.address, f"/gradio_api/file={way}")
        assert (
            ground.theirs.parent.name.encode()
            not in raw(ground.address, f"/gradio_api/file={way}").partition(b"\r\n\r\n")[2]
        )


def test_a_part_of_a_file_does_not_bring_the_requests_headers_back(ground: Ground) -> None:
    """Gradio answers a range with all headers of the request as its own."""
    answer = raw(
        ground.address, f"/gradio_api/file={ground.theirs}", "Range: bytes=0-9", "X-Mine: come-back", "Cookie: a=b"
    )
    assert b"come-back" not in answer
    assert b"cookie: a=b" not in answer.lower()


def payloads(path: str) -> list[Any]:
    """`path` as a photo, in each shape that Gradio has ever taken for a file."""
    file = {"path": path, "meta": MARK}
    return [
        file, {"path": path}, {**file, "url": path}, {**file, "orig_name": f"../../{path}"},
        {**file, "is_stream": True},
        {"path": "me.jpg", "url": f"/gradio_api/file={path}", "meta": MARK}, {"name": path, "is_file": True},
        [file], {"image": file}, {"value": file, "__type__": "update"}, {"file": file, "alt_text": None}, path,
        {**file, "meta": {**MARK, "more": 1}}, {"background": file, "layers": [], "composite": file},
    ]  # fmt: skip


def test_no_payload_reads_a_file(ground: Ground, rounds: Callable[[int], int], figure: Callable[[str], None]) -> None:
    """Nor does one that comes as a photo, to the four functions and to every private event that takes anything."""
    before = len(ground.page.ear.calls)
    plain = [str(ground.photo), str(HOME / "way" / "private.jpg"), "private.jpg", "../private.jpg", f"file://{ground.photo}",
             f"{HOME}/x/../way/private.jpg", f"{ground.photo}\0.jpg", "/proc/self/cwd/private.jpg",
             str(HOME / ground.theirs.parent.name[:-1] / "me.jpg")]  # fmt: skip
    shapes = [shape for path in plain for shape in payloads(path)]
    functions = {
        "face_fuse": ["astronaut"],
        "anime_avatar": ["1.0.0"],
        "quality_restoration": [],
        "facial_aesthetics": [8, 0.5],
    }
    ways: list[tuple[str, int, Any]] = [(name, -1, shape) for name in functions for shape in shapes]
    taking = [event for event in ground.events() if event["inputs"]]
    ways += [("", number, shape) for number in range(len(taking)) for shape in shapes]
    tried = sample(ways, rounds(600))
    for name, number, shape in tried:
        if name:
            event, answer = ground.page.call(name, shape, *functions[name], False, False)
            assert event == "error", (name, shape)
        else:
            answer = ground.page.join(taking[number]["id"], [shape] * len(taking[number]["inputs"]))
            assert "kept/" not in answer, shape
        assert not any(giveaway.decode() in json.dumps(answer) for giveaway in GIVEAWAYS), shape
    assert len(ground.page.ear.calls) == before
    copies = [
        path for path in HOME.rglob("*") if path.is_file() and not path.is_symlink() and SECRET in path.read_bytes()
    ]
    assert copies == []
    figure(f"path payloads: 0 reads in {len(tried)} tries")


FETCHERS = ("/gradio_api/proxy={}", "/proxy={}", "/gradio_api/file={}", "/file={}", "/file/{}", "/gradio_api/file/{}",
            "/?__theme={}", "/config?deep_link={}")  # fmt: skip


# ── Calls home ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_fetched_for_a_visitor(
    ground: Ground, portrait: bytes, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """By proxy, by file, by photo, in a session whose components were changed and in others; no name is looked up."""
    photos = [event for event in ground.events() if event["targets"] and event["targets"][0][1] == "upload"]
    runs = [
        event
        for event in ground.events()
        if event["inputs"][:1] == photos[0]["inputs"][:1] and len(event["inputs"]) > 4
    ]
    changed = "a-changed-session"
    ground.page.join(photos[0]["id"], [ground.page.upload(portrait), ""], session=changed)
    with trap() as bird:
        ways: list[tuple[str, Any]] = []
        for url in addresses(bird.port):
            ways += [(door, url) for door in FETCHERS]
            named = ({"path": "me.jpg", "url": url, "meta": MARK}, {"url": url, "meta": MARK})
            ways += [("", shape) for shape in (*payloads(url), *named)]
        tried = sample(ways, rounds(400))
        for door, what in tried:
            if door:
                raw(ground.address, door.replace("{}", str(what).replace(" ", "%20")))
                continue
            assert ground.page.call("quality_restoration", what, False, False)[0] == "error"
            for session in ("", changed):
                assert "kept/" not in ground.page.join(runs[0]["id"], [what] * len(runs[0]["inputs"]), session=session)
                ground.page.join(photos[0]["id"], [what, ""], session=session)
        assert bird.connections == 0
    figure(f"calls home: 0 connections in {len(tried)} tries")
