"""What Gradio keeps of visitors is deleted in time: uploads that no event named, partial uploads, and sessions."""

import asyncio
import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.state_holder import StateHolder
from ui.conftest import serve

from meitu_demo.settings import Settings
from meitu_demo.ui.gradio_patches.cleanup import GradioCleanup

pytestmark = pytest.mark.gradio_internals
TTL_S, MAX_IDLE_S = 60.0, 90.0


@pytest.fixture
def blocks() -> gr.Blocks:
    with gr.Blocks() as blocks:
        gr.State(None)
    return blocks


@pytest.fixture
def cleanup(blocks: gr.Blocks, tmp_path: Path) -> GradioCleanup:
    cleanup = GradioCleanup(blocks, tmp_path, TTL_S, MAX_IDLE_S)
    StateHolder().set_blocks(blocks)
    return cleanup


def create_file(path: Path, age_s: float) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"face")
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def wait_until_deleted(*paths: Path) -> None:
    end = time.monotonic() + 60
    while any(path.exists() for path in paths):
        assert time.monotonic() < end
        time.sleep(0.05)


async def test_cleanup_deletes_an_old_upload_with_its_folder(
    cleanup: GradioCleanup, blocks: gr.Blocks, tmp_path: Path
) -> None:
    """Its name leaves Gradio's set, as do names of files that others have deleted; a young file stays."""
    old, young = create_file(tmp_path / "a" / "me.jpg", TTL_S + 1), create_file(tmp_path / "b" / "me.jpg", TTL_S - 10)
    blocks.upload_file_set.update(map(str, (old, young, tmp_path / "c" / "deleted.jpg")))
    await cleanup.delete_expired(TTL_S, MAX_IDLE_S)
    assert not old.parent.exists()
    assert young.exists()
    assert blocks.upload_file_set == {str(young)}


async def test_cleanup_deletes_a_broken_partial_upload(cleanup: GradioCleanup, tmp_path: Path) -> None:
    """One that is under way, and so was written to just now, stays."""
    broken, active = create_file(tmp_path / "tmpbroken12", TTL_S + 1), create_file(tmp_path / "tmpactive12", 1)
    await cleanup.delete_expired(TTL_S, MAX_IDLE_S)
    assert not broken.exists()
    assert active.exists()


async def test_cleanup_evicts_an_idle_session(cleanup: GradioCleanup, blocks: gr.Blocks) -> None:
    """One that was used lately stays."""
    state_holder = blocks.state_holder
    for session, idle_s in (("old", MAX_IDLE_S + 1), ("young", MAX_IDLE_S - 10)):
        state_holder[session]
        state_holder.time_last_used[session] = datetime.now() - timedelta(seconds=idle_s)
    await cleanup.delete_expired(TTL_S, MAX_IDLE_S)
    assert list(state_holder.session_data) == list(state_holder.time_last_used) == ["young"]


async def test_cleanup_lets_the_state_of_a_closed_page_expire_in_time(
    cleanup: GradioCleanup, blocks: gr.Blocks
) -> None:
    """A visitor's keys do not live longer once the page is closed, though it was used a moment ago."""
    session = blocks.state_holder["closed"]
    session.is_closed = True
    await cleanup.delete_expired(TTL_S, MAX_IDLE_S)
    assert session.STATE_TTL_WHEN_CLOSED == MAX_IDLE_S


async def test_cleanup_evicts_the_messages_of_sessions_that_ended(cleanup: GradioCleanup, blocks: gr.Blocks) -> None:
    """Messages of a session that exists, or whose event is under way, stay."""
    blocks.queue()
    queue = blocks._queue
    blocks.state_holder["open"]
    queue.event_ids_to_events["an event"] = SimpleNamespace(session_hash="busy")
    for session in ("open", "busy", "ended"):
        queue.pending_messages_per_session[session] = asyncio.Queue()
        queue.pending_event_ids_session[session] = {"an event"}
    await cleanup.delete_expired(TTL_S, MAX_IDLE_S)
    assert list(queue.pending_messages_per_session) == list(queue.pending_event_ids_session) == ["open", "busy"]


def test_running_app_deletes_uploads_that_no_event_named(
    portrait: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any request, a complete upload and a partial one are deleted in time."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    running = serve(replace(Settings.from_env({}), keep_minutes=1 / 30))  # two seconds
    page = next(running)
    path = Path(page.upload(portrait)["path"])
    assert path.is_relative_to(tmp_path)
    wait_until_deleted(path, create_file(tmp_path / "tmpbroken12", 1))
    assert not path.parent.exists()
    next(running, None)


def test_shutdown_leaves_no_file(portrait: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
