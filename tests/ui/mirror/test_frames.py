"""The magic mirror's route: frames come back reshaped, invalid ones are refused, runs have priority, nothing is
stored.
"""

import asyncio
import gc
import io
import logging
import os
import secrets
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image as Picture
from ui.conftest import Page

from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec
from meitu_demo.runtime.fair_queue import FairQueue
from meitu_demo.ui import mirror as frames

CANARY = b"canary-7f3a91-of-a-face"


def scene(scale: float = 1.0, x: float = 64, y: float = 0) -> Any:
    """The astronaut before a camera of 640×480."""
    matrix = np.float32([[scale, 0, x], [0, scale, y]])
    return cv2.warpAffine(load_astronaut(), matrix, (640, 480), borderMode=cv2.BORDER_REFLECT)


FRAME = codec.encode(scene(), 85)


@pytest.fixture
def turns() -> FairQueue:
    """One slot at the offline engine."""
    return FairQueue(max_concurrent=1)


@pytest.fixture
async def client(turns: FairQueue) -> AsyncIterator[httpx.AsyncClient]:
    """The route alone, for what needs to see or to delay its insides."""
    app = FastAPI()
    app.include_router(frames.create_router(SimpleNamespace(service=SimpleNamespace(engine_queue=turns))))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mirror.test") as opened:
        yield opened


@pytest.fixture
def name(page: Page) -> Iterator[str]:
    """A mirror's name on the running app, which leaves at the end."""
    drawn = secrets.token_hex(16)
    yield drawn
    httpx.delete(f"{page.url}/mirror", headers={"x-mirror": drawn})


def headers(name: str = "a" * 32, **more: str) -> dict[str, str]:
    """What the page sends with a frame."""
    return {"content-type": "image/jpeg", "x-mirror": name} | more


def test_mirror_returns_the_frame_reshaped(page: Page, name: str) -> None:
    """The answer is a JPEG of the same size, changed around the eyes only; a frame without a face is reported."""
    post = {"url": f"{page.url}/mirror?shapes=8:1,7:0", "headers": headers(name)}
    answer = httpx.post(content=FRAME, **post)
    assert (answer.status_code, answer.headers["x-sight"]) == (200, "face")
    assert answer.headers["cache-control"] == "no-store"
    moved = np.abs(codec.decode(answer.content).astype(int) - codec.decode(FRAME)).max(-1) > 40
    assert moved.shape == (480, 640)
    rows, columns = np.nonzero(moved)
    assert rows.size > 50
    assert 60 < rows.min() < rows.max() < 180, "the astronaut's eyes"
    assert 230 < columns.min() < columns.max() < 360
    blank = codec.encode(np.full((480, 640, 3), 90, np.uint8))
    assert httpx.post(content=blank, **post).headers["x-sight"] == "no_face"


def test_mirror_refuses_other_origins(page: Page, name: str) -> None:
    """A form or script of another origin is refused as everywhere, and no other page may read an answer."""
    for where in ("cross-site", "same-site"):
        sent = headers(name, **{"sec-fetch-site": where, "origin": "https://evil.example"})
        answer = httpx.post(f"{page.url}/mirror", content=FRAME, headers=sent)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def as_kind(kind: str) -> bytes:
    """The scene as another kind of file."""
    file = io.BytesIO()
    Picture.fromarray(scene()).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 422, "image_wrong_kind"),
        (b"\xff\xd8\xff", 422, "image_truncated"),
        (os.urandom(4000), 422, "image_wrong_kind"),
        (as_kind("PNG"), 422, "image_wrong_kind"),
        (as_kind("WEBP"), 422, "image_wrong_kind"),
        (FRAME[: len(FRAME) // 2], 422, "image_truncated"),
        (codec.encode(np.zeros((481, 640, 3), np.uint8)), 422, "image_too_many_pixels"),
        (codec.encode(np.zeros((480, 641, 3), np.uint8)), 422, "image_too_many_pixels"),
        (FRAME + bytes(frames.MAX_FRAME_BYTES), 413, "image_too_large_file"),
    ],
)
async def test_mirror_refuses_hostile_bodies(
    client: httpx.AsyncClient, body: bytes, status: int, slug: str | None
) -> None:
    """By content and by the header's size, with a slug for the page; and the next frame is served."""
    answer = await client.post("/mirror", content=body, headers=headers())
    assert (answer.status_code, answer.json()) == (status, {"slug": slug})
    assert (await client.post("/mirror", content=FRAME, headers=headers())).status_code == 200


@pytest.mark.parametrize(
    ("query", "sent", "status"),
    [
        ("shapes=22:0.5", {}, 422), ("shapes=8:1.01", {}, 422), ("shapes=8:nan", {}, 422), ("shapes=8", {}, 422),
        ("shapes=8:1,7:1,14:1,1:1", {}, 422), ("shapes=-1:1", {}, 422), ("shapes=" + "8:1," * 5000, {}, 422),
        ("shapes=٨:1", {}, 422), ("shapes=8:0.5;7:1", {}, 422), ("shapes=8:1e0", {}, 422),
        ("", {"x-mirror": ""}, 400), ("", {"x-mirror": "A" * 32}, 400), ("", {"x-mirror": "a" * 33}, 400),
        ("", {"content-type": "image/png"}, 415), ("", {"content-type": "multipart/form-data"}, 415),
        ("", {"content-length": "512001"}, 413), ("", {"content-length": "9" * 400}, 413),
    ],
)  # fmt: skip
async def test_mirror_refuses_hostile_parameters(
    client: httpx.AsyncClient, query: str, sent: dict, status: int
) -> None:
    """Shapes, IDs, types and lengths that our page never sends are refused."""
    answer = await client.post(f"/mirror?{query}", content=FRAME, headers=headers() | sent)
    assert answer.status_code == status
    assert list(answer.json()) == ["slug"]


async def test_mirror_returns_a_line_shaped_picture_unchanged(client: httpx.AsyncClient) -> None:
    """A picture that is thinner than a pixel at detection size has no face and comes back as it is."""
    for line in (np.zeros((8, 32000, 3), np.uint8), np.zeros((9000, 1, 3), np.uint8)):
        answer = await client.post("/mirror?shapes=8:1", content=codec.encode(line), headers=headers())
        assert (answer.status_code, answer.headers["x-sight"]) == (200, "no_face")


async def test_mirror_bounds_the_size_and_time_of_a_body(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without a length is cut where it grows too large, one that trickles is given up, and the place is kept."""
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 100:
            given += 1
            yield bytes(64_000)

    assert (await client.post("/mirror", content=endless(), headers=headers())).status_code == 413
    assert given < 12

    async def trickle() -> AsyncIterator[bytes]:
        yield FRAME[:100]
        await asyncio.sleep(60)

    monkeypatch.setattr(frames, "MAX_BODY_READ_S", 0.05)
    assert (await client.post("/mirror", content=trickle(), headers=headers())).json() == {"slug": "too_slow"}
    assert (await client.post("/mirror", content=FRAME, headers=headers())).status_code == 200


async def test_mirror_admits_two_mirrors_with_one_frame_each(client: httpx.AsyncClient) -> None:
    """A frame that comes during another is dropped, not queued; a third mirror waits until one leaves."""
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        under_way.set()
        await go_on.wait()
        yield FRAME

    async def frame(letter: str, body: Any = FRAME) -> httpx.Response:
        return await client.post("/mirror", content=body, headers=headers(letter * 32))

    first = asyncio.create_task(frame("a", held()))
    await under_way.wait()
    dropped = await frame("a")
    assert (dropped.status_code, dropped.json()) == (429, {"slug": "one_at_a_time"})
    assert (await frame("b")).status_code == 200
    third = await frame("c")
    assert (third.status_code, third.json()) == (503, {"slug": "taken"})
    go_on.set()
    assert (await first).status_code == 200
    assert (await client.delete("/mirror", headers=headers("b" * 32))).status_code == 204
    assert (await frame("c")).status_code == 200


async def test_mirror_gives_way_to_queued_runs(client: httpx.AsyncClient, turns: FairQueue) -> None:
    """A running effect shares the machine with one frame at a time; while a run is queued, no frame is begun."""

    async def run(done: asyncio.Event) -> None:
        async with turns.slot("somebody"):
            await done.wait()

    async def frame() -> httpx.Response:
        return await client.post("/mirror", content=FRAME, headers=headers())

    ends = asyncio.Event(), asyncio.Event()
    at_work = asyncio.create_task(run(ends[0]))
    await asyncio.sleep(0)
    assert turns.waiting_count == 0
    assert (await frame()).status_code == 200
    waiting = asyncio.create_task(run(ends[1]))
    await asyncio.sleep(0)
    assert turns.waiting_count == 1
    answer = await frame()
    assert (answer.status_code, answer.json()) == (503, {"slug": "giving_way"})
    ends[0].set()
    await at_work
    assert (await frame()).status_code == 200
    ends[1].set()
    await waiting


async def test_mirror_never_mixes_two_visitors(client: httpx.AsyncClient) -> None:
    """Frames in turns and at once, faces at different positions: each visitor gets the bytes that one alone gets."""
    mine, other = ([codec.encode(scene(s, x, y), 85) for s, x, y in places] for places in (
        ((1.0, 0, 0), (1.05, 8, 4), (1.1, 16, 8)), ((0.7, 250, 60), (0.75, 230, 50), (0.8, 210, 40)),
    ))  # fmt: skip
    wanted = [(8, 1.0), (7, 0.5)]

    async def frame(letter: str, body: bytes) -> bytes:
        return (await client.post("/mirror?shapes=8:1,7:0.5", content=body, headers=headers(letter * 32))).content

    came = [await asyncio.gather(frame("a", a), frame("b", b)) for a, b in zip(mine, other, strict=True)]
    assert [a for a, _ in came] == [frames.process_frame(body, wanted)[0] for body in mine]
    assert [b for _, b in came] == [frames.process_frame(body, wanted)[0] for body in other]


async def test_mirror_leaves_nothing_of_a_frame(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """No file, no log line, no growing memory, and nothing but pixels in the answer."""
    caplog.set_level(logging.DEBUG)
    told = FRAME[:2] + b"\xff\xfe" + (len(CANARY) + 2).to_bytes(2, "big") + CANARY + FRAME[2:]

    async def look(count: int) -> int:
        for _ in range(count):
            answer = await client.post("/mirror?shapes=8:1", content=told, headers=headers())
            assert answer.status_code == 200
            assert CANARY not in answer.content
        del answer
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    def files() -> set[Path]:
        folders = {Path(tempfile.gettempdir()), Path(os.environ["GRADIO_TEMP_DIR"]), Path.cwd()}
        return {entry for folder in folders for entry in folder.glob("*")}

    before = files()
    tracemalloc.start()
    try:
        held = [await look(6) for _ in range(4)]
    finally:
        tracemalloc.stop()
    # What grew with the frames would grow each time; once, something else in this process may.
    assert min(late - early for early, late in pairwise(held)) < len(FRAME) // 2
    mine = {path for path in files() - before if path.is_file() and CANARY in path.read_bytes()}
    assert not mine
    assert CANARY.decode() not in caplog.text
    assert "a" * 32 not in caplog.text
