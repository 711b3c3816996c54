"""A photo that browsers cannot show (HEIC) gets a JPEG of itself as a stand-in; a run takes the photo beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ...errors import ImageRejected
from ...imaging import codec
from ..guard import doors
from ..guard.uploads import hand_out


async def showable(payload: Any, uploads: Path, found: Callable[[Path], None]) -> Any:
    """The path of a JPEG in place of a HEIC; gr.skip() for everything else, what is broken included: a run says why.

    found: is told of each file that belongs to the photo.
    """
    try:
        source = await doors.read_upload(payload, uploads, found)
        if codec.sniff(source) != "image/heic":
            return gr.skip()
        path = await anyio.to_thread.run_sync(_write, source)
        found(Path(path))
        return path
    except ImageRejected:
        return gr.skip()


def _write(source: bytes) -> str:
    return hand_out("photo.jpg", codec.encode(codec.decode(source)), {doors.ORIGINAL: source})
