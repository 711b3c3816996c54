"""All runs of a session as a ZIP file: their pictures, labelled like every download, and `runs.json` with the settings.

It is built while it is downloaded, picture by picture in a worker thread, so only one picture is in memory at a time.
"""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio

from ...domain.errors import ImageRejected
from ...redaction.text import sanitize
from ...runtime.picture_store import PictureStore
from ..result import export
from ..result.pictures import load_picture
from .entries import Entry

ARCHIVE_PATH = "archive"
LISTING_FILE_NAME = "runs.json"
_label_limiter = anyio.CapacityLimiter(2)  # pictures that are labelled at the same time, for all visitors


def build_archive_name() -> str:
    """For instance ``portrait-runs_20260308-142501.zip``."""
    return f"portrait-runs_{datetime.now(UTC).strftime('%Y%m%d-%H%M%S')}.zip"


async def stream_archive(
    entries: Sequence[Entry], store: PictureStore, language: str, *, visible_label: bool
) -> AsyncIterator[bytes]:
    """The chunks of the ZIP file. entries: newest first; in the file the oldest is first.

    visible_label: see `export.for_download`. A picture that was deleted meanwhile is left out; its `file` in the
    listing is null.
    """
    buffer, rows = StreamingBuffer(), []
    with zipfile.ZipFile(buffer, "w") as zip_file:
        for number, entry in enumerate(reversed(entries), 1):
            picture = load_picture(store, entry.success.pictures.after) if entry.success else None
            labelled = await label_picture(picture, language, visible_label=visible_label)
            name = f"{number:02d}_{entry.success.pictures.file_name}" if entry.success and labelled else None
            if name and labelled:
                zip_file.writestr(build_zip_info(name, entry.created_at), labelled)
                yield buffer.drain()
            rows.append(_build_row(number, entry, name))
        listing = json.dumps({"runs": rows}, ensure_ascii=False, indent=2)
        zip_file.writestr(build_zip_info(LISTING_FILE_NAME, datetime.now(UTC)), listing)
    yield buffer.drain()


async def label_picture(picture: bytes | None, language: str, *, visible_label: bool) -> bytes | None:
    """A picture of the store as it is downloaded; None if it was deleted or cannot be read."""
    if picture is None:
        return None
    label = partial(export.for_download, picture, language, visible_label=visible_label)
    with suppress(ImageRejected):
        return await anyio.to_thread.run_sync(label, limiter=_label_limiter)
    return None


def build_zip_info(name: str, modified_at: datetime) -> zipfile.ZipInfo:
    """An uncompressed member, because pictures are compressed already."""
    info = zipfile.ZipInfo(name, modified_at.timetuple()[:6])
    info.external_attr = 0o644 << 16
    return info


def _build_row(number: int, entry: Entry, file: str | None) -> dict[str, Any]:
    """The listing's row for one run: settings and facts, but no face data, key or link."""
    success, failure = entry.success, entry.failure
    row: dict[str, Any] = {
        "number": number,
        "file": file,
        "api": entry.endpoint.id,
        "settings": {
            name: sanitize(value) if isinstance(value, str) else value for name, value in entry.values.items()
        },
        "source": entry.mode,
        "made_at": entry.created_at.isoformat(timespec="seconds"),
    }
    if entry.fault is not None:
        row["fault"] = entry.fault
    if success:
        result = success.result
        row |= {
            "made_by": export.build_provenance(result).made_by,
            "seconds": round(result.elapsed_s, 3),
            "recorded": export.describe_recorded_call(result),
            "vendor_request_id": result.request_id,
            "result_id": result.id,
            "sent": {"width": result.sent_photo.width, "height": result.sent_photo.height, "bytes": success.sent_bytes},
            "result": {
                "width": result.result_photo.width,
                "height": result.result_photo.height,
                "bytes": success.result_bytes,
            },
        }
    if failure:
        row["failure"] = {"title": failure.title, "code": failure.code}
    return row


class StreamingBuffer(io.BytesIO):
    """A file whose drained beginning is gone; `zipfile` seeks back no further than to the current member's header."""

    def __init__(self) -> None:
        super().__init__()
        self._drained_bytes = 0

    def tell(self) -> int:
        return self._drained_bytes + super().tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._drained_bytes + super().seek(
            offset - self._drained_bytes if whence == io.SEEK_SET else offset, whence
        )

    def drain(self) -> bytes:
        """Return and drop what has been written since the last call."""
        chunk = self.getvalue()
        self._drained_bytes += len(chunk)
        super().seek(0)
        self.truncate()
        return chunk
