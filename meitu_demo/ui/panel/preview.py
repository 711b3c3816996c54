"""A photo that browsers cannot show (HEIC) gets a JPEG of itself as a stand-in; a run takes the photo beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ...domain.errors import ImageRejected
from ...photos import codec
from ..guard import doors
from ..guard.uploads import write_upload


async def convert_heic_for_display(payload: Any, uploads: Path, on_file: Callable[[Path], None]) -> Any:
    """The path of a JPEG in place of a HEIC; gr.skip() for everything else, what is broken included: a run says why.

    found: is told of each file that belongs to the photo.
    """
    try:
        source = await doors.read_upload(payload, uploads, on_file)
        if codec.sniff(source) != "image/heic":
            return gr.skip()
        path = await anyio.to_thread.run_sync(_write_jpeg_copy, source)
        on_file(Path(path))
        return path
    except ImageRejected:
        return gr.skip()


def _write_jpeg_copy(source: bytes) -> str:
    return write_upload("photo.jpg", codec.encode(codec.decode(source)), {doors.ORIGINAL_FILE_NAME: source})
