"""What Gradio keeps of visitors goes in time: files that no event ever named, halves of uploads, and sessions."""

import asyncio
import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from gradio.state_holder import StateHolder
from ui.conftest import serve

from meitu_demo.settings import Settings
from meitu_demo.ui.gradio_patches.cleanup import MAX_SESSIONS, GradioCleanup

LIFE, IDLE = 60.0, 90.0


@pytest.fixture
def blocks() -> gr.Blocks:
    with gr.Blocks() as blocks:
        gr.State(None)
    return blocks


@pytest.fixture
def leftovers(blocks: gr.Blocks, tmp_path: Path) -> GradioCleanup:
    found = GradioCleanup(blocks, tmp_path, LIFE, IDLE)
    StateHolder().set_blocks(blocks)
    return found


def made(path: Path, age: float) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"face")
    os.utime(path, (time.time() - age,) * 2)
    return path


async def test_a_file_that_no_event_named_goes_with_its_folder(
    leftovers: GradioCleanup, blocks: gr.Blocks, tmp_path: Path
) -> None:
    """Once it is old, and its name leaves Gradio's list, as do names of files that others have deleted."""
    old, young = made(tmp_path / "a" / "me.jpg", LIFE + 1), made(tmp_path / "b" / "me.jpg", LIFE - 10)
    blocks.upload_file_set.update(map(str, (old, young, tmp_path / "c" / "gone.jpg")))
    await leftovers.delete_expired(LIFE, IDLE)
    assert not old.parent.exists()
    assert young.exists()
    assert blocks.upload_file_set == {str(young)}


async def test_half_an_upload_goes(leftovers: GradioCleanup, tmp_path: Path) -> None:
    """One that is under way, and so written to just now, stays."""
    broken, going = made(tmp_path / "tmpbroken12", LIFE + 1), made(tmp_path / "tmpgoing123", 1)
    await leftovers.delete_expired(LIFE, IDLE)
    assert not broken.exists()
    assert going.exists()


async def test_a_session_goes_when_nobody_uses_it(leftovers: GradioCleanup, blocks: gr.Blocks) -> None:
    """And never are there more than a thousand."""
    held = blocks.state_holder
    for session, age in (("old", IDLE + 1), ("young", IDLE - 10)):
        held[session]
        held.time_last_used[session] = datetime.now() - timedelta(seconds=age)
    await leftovers.delete_expired(LIFE, IDLE)
    assert list(held.session_data) == list(held.time_last_used) == ["young"]
    assert held.capacity == MAX_SESSIONS


async def test_messages_go_with_their_session(leftovers: GradioCleanup, blocks: gr.Blocks) -> None:
    """Those of a session that is there, or whose event is under way, stay."""
    blocks.queue()
    queue = blocks._queue
    blocks.state_holder["here"]
    event = SimpleNamespace(session_hash="busy")
    queue.event_ids_to_events["an event"] = event
    for session in ("here", "busy", "gone"):
        queue.pending_messages_per_session[session] = asyncio.Queue()
        queue.pending_event_ids_session[session] = {"an event"}
    await leftovers.delete_expired(LIFE, IDLE)
    assert list(queue.pending_messages_per_session) == list(queue.pending_event_ids_session) == ["here", "busy"]


def test_an_upload_that_nobody_names_is_gone_in_time(
    portrait: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the running app, without anybody asking for anything; so is one that breaks off."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    running = serve(replace(Settings.from_env({}), keep_minutes=1 / 30))  # two seconds
    page = next(running)
    path = Path(page.upload(portrait)["path"])
    assert path.is_relative_to(tmp_path)
    broken = made(tmp_path / "tmpbroken12", 1)
    wait_until_gone(path, broken)
    assert not path.parent.exists()
    next(running, None)


def wait_until_gone(*paths: Path) -> None:
    end = time.monotonic() + 60
    while any(path.exists() for path in paths):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_when_the_app_stops_nothing_is_left(portrait: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither photos nor results nor their folders."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    running = serve(Settings.from_env({}))
    page = next(running)
    page.upload(portrait)
    event, _ = page.call("quality_restoration", page.upload(portrait), False, False)
    assert event == "complete"
    assert len(list(tmp_path.rglob("*.jpg"))) == 3
    next(running, None)
    assert [path for path in tmp_path.rglob("*") if path.name != "vibe_edit_history"] == []


def test_no_file_is_made_of_what_a_session_sees(
    portrait: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio would, for a link to it."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    running = serve(Settings.from_env({}))
    page = next(running)
    page.run("quality-restoration", [], page.upload(portrait), session="s")
    assert httpx.get(f"{page.url}/gradio_api/deep_link?session_hash=s").status_code == 404
    assert not (tmp_path / "deep_links").exists()
    next(running, None)
