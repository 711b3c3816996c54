"""What a photo tells about whoever is on it ends in the app: searched in everything that comes out of it."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hostile.canaries import encode_mark, plant_canaries
from hostile.file_parts import KINDS
from PIL import Image
from support.exiftool import EXIFTOOL_MISSING
from ui.conftest import Page, serve

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline import create_app as create_offline
from meitu_demo.settings import Settings

pytestmark = pytest.mark.soak
VALUES: dict[str, list[Any]] = {
    "face_fuse": ["lion"],
    "anime_avatar": ["1.0.0"],
    "quality_restoration": [],
    "facial_aesthetics": ["8", 0.5],
}
PAIRS = sorted(((kind, name) for name in VALUES for kind in KINDS), key=lambda pair: KINDS.index(pair[0]) % 4)
SEEN_BY_EXIFTOOL = 35  # the others lie where no program looks: behind the end, and in a segment of nobody's


@pytest.fixture(scope="module")
def app_page() -> Iterator[Page]:
    """The app as `app.py` makes it."""
    yield from serve(Settings.from_env({}), single_use_links=True)


@pytest.fixture(scope="module")
def exiftool() -> str:
    """The program; skips where there is none, but not in CI."""
    program = shutil.which("exiftool")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(EXIFTOOL_MISSING)
    return program


def by_app(page: Page, name: str, photo: bytes) -> Iterator[tuple[str, bytes]]:
    """API file, shown pictures before and after, download, and what the offline server had answered."""
    event, answer = page.call(name, page.upload(photo), *VALUES[name], False, False)
    assert event == "complete", answer
    yield "api", httpx.get(answer[0]["url"]).content
    shown = page.run(name.replace("_", "-"), VALUES[name], page.upload(photo))
    paths = set(re.findall(r"(?:kept|download)/[\w-]+/[\w.-]+\.jpg", shown))
    assert len(paths) == 3, shown
    for path in sorted(paths):
        yield path.partition("/")[0], httpx.get(f"{page.url}/{path}").content
    yield "answer", shown.encode()
    yield "server", page.offline.pictures[-1]


async def by_server(name: str, photo: bytes) -> list[tuple[str, bytes]]:
    """The offline server's own answers to the untouched file: base64 and link, or its refusal of the kind."""
    endpoint, found = CATALOGUE[name], []
    transport = httpx.ASGITransport(create_offline())
    async with httpx.AsyncClient(transport=transport, base_url="http://offline.test") as client:
        for media in ("base64", "url") if endpoint.vendor_id == "meitu" else ("url",):
            if endpoint.vendor_id == "meitu":
                body = {
                    "parameter": {"rsp_media_type": media, "faceFusePPType": "lion", "version": "1.0.0"},
                    "media_info_list": [
                        {"media_data": base64.b64encode(photo).decode(), "media_profiles": {"media_data_type": "jpg"}}
                    ],
                }
                response = await client.post(endpoint.path, params={"api_key": "x", "api_secret": "x"}, json=body)
            else:
                form, files = {"shape_type": "8", "strength": "0.5"}, {"image": photo}
                response = await client.post(endpoint.path, headers={"ailabapi-api-key": "x"}, data=form, files=files)
            found.append(("answer", response.content))
            if response.status_code == 200:
                told = response.json()
                result = told["media_info_list"][0]["media_data"] if "media_info_list" in told else ""
                link = result or told["data"]["image_url"]
                picture = base64.b64decode(result) if media == "base64" else (await client.get(link)).content
                found.append((media, picture))
    return found


def read_by_exiftool(program: str, folder: Path) -> dict[str, bytes]:
    """All that it finds in each file of the folder, hidden and unknown tags and binary ones too."""
    command = [program, "-json", "-a", "-G1", "-u", "-U", "-b", "-ee", str(folder)]
    told = json.loads(subprocess.run(command, capture_output=True, timeout=300, check=False).stdout)
    return {Path(found.pop("SourceFile")).name: b"\n".join(map(_plain, found.values())) for found in told}


def _plain(value: Any) -> bytes:
    text = str(value)
    return base64.b64decode(text[7:]) if text.startswith("base64:") else text.encode()


async def test_metadata_canaries_leave_by_no_way(
    app_page: Page, exiftool: str, rounds: Any, figure: Any, portrait_pixels: Any, tmp_path: Path
) -> None:
    """Of forty metadata canaries in five formats no output of four effects holds one, by our reader and ExifTool."""
    face, outside, inside = Image.fromarray(portrait_pixels), tmp_path / "out", tmp_path / "in"
    files = {kind: plant_canaries(kind, face) for kind in KINDS}
    marks = [mark for found in files.values() for mark in found.marks.values()]
    for folder in (outside, inside):
        folder.mkdir()
    for kind, found in files.items():
        (inside / f"{kind}.{kind.lower()}").write_bytes(found.data)
    planted_here = read_by_exiftool(exiftool, inside).values()
    assert sum(any(mark in told for told in planted_here) for mark in marks) == SEEN_BY_EXIFTOOL

    searched, held, ways = 0, [], set()
    pairs = PAIRS[:: len(PAIRS) // rounds(len(PAIRS))]
    for kind, name in pairs:
        came = [*by_app(app_page, name, files[kind].data), *await by_server(name, files[kind].data)]
        for way, data in came:
            held += [(kind, name, way, mark) for mark in marks for text in encode_mark(mark) if text in data]
            ways.add(way)
            searched += 1
            if not data.startswith((b"{", b"[")):
                (outside / f"{searched}.jpg").write_bytes(data)
    pictures = read_by_exiftool(exiftool, outside)
    assert len(pictures) == len(list(outside.iterdir())) >= 5 * len(pairs)
    read = [(name, mark) for name, told in pictures.items() for mark in marks if mark in told]
    figure(
        f"islands: {len(marks)} canaries in {len(KINDS)} kinds of file, {len(pairs)} pairs of kind and effect, "
        f"{len(ways)} ways out: {len(held)} found in {searched} answers, {len(read)} by ExifTool in {len(pictures)}"
    )
    assert held == read == []
    assert ways == {"api", "kept", "download", "answer", "server", "base64", "url"}


def test_offline_server_keeps_no_result_after_a_run(app_page: Page, portrait: bytes) -> None:
    """A linked result is forgotten once the app has fetched it."""
    event, _ = app_page.call("facial_aesthetics", app_page.upload(portrait), "8", 0.5, False, False)
    assert event == "complete"
    assert any(path.startswith("/results/") for path in app_page.offline.calls)
    results = app_page.offline.app.state.results
    assert not results._entries
    assert results._total_bytes == 0
