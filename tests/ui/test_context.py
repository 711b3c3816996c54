"""The context of the screens: what it does with visitors' files."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from meitu_demo.service import Caller, CallService
from meitu_demo.settings import Settings
from meitu_demo.ui.context import Context
from meitu_demo.ui.gradio_patches import uploads

CALLER = Caller("tab one", None, "9.9.9.9")


async def test_write_upload_of_a_cancelled_event_is_counted_and_deleted(
    offline_client: httpx.AsyncClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread writes the file although nobody waits for it any more: it is the session's like any other."""
    context = Context.create(CallService(offline_client, settings), settings, tmp_path, 60.0)
    begun, gate, ended = (threading.Event() for _ in range(3))
    write_files = uploads.write_files

    def write_late(*arguments: Any) -> None:
        begun.set()
        assert gate.wait(60)
        write_files(*arguments)
        ended.set()

    monkeypatch.setattr(uploads, "write_files", write_late)
    writing = asyncio.create_task(context.write_upload(CALLER, "me.jpg", b"face"))
    assert await asyncio.to_thread(begun.wait, 60)
    writing.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await asyncio.to_thread(ended.wait, 60)
    assert (await context.session_data.inventory(CALLER.session_id)).files == 1
    await context.session_data.delete(CALLER.session_id)
    assert (await context.session_data.inventory(CALLER.session_id)).files == 0
