"""All runs of a session as a ZIP: a picture each, as every download leaves, and `runs.json` with the settings.

It is made while it is fetched, picture by picture in a worker thread, so that no more than one is held at a time.
"""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import anyio

from ...errors import ImageRejected
from ...explain import sanitize
from ...store import PictureStore
from ..result import delivery
from ..result.pictures import held
from .entries import Entry

ARCHIVE_PATH = "archive"
LISTING = "runs.json"
_labelling = anyio.CapacityLimiter(2)  # archives at work at the same time, of all visitors


def file_name(now: datetime | None = None) -> str:
    """For instance ``portrait-runs_20260308-142501.zip``."""
    return f"portrait-runs_{(now or datetime.now(UTC)).strftime('%Y%m%d-%H%M%S')}.zip"


async def archive(
    entries: Sequence[Entry], store: PictureStore, language: str, *, visible: bool
) -> AsyncIterator[bytes]:
    """The file, part by part, of `entries` (newest first, as they are listed); the oldest stands first in it.

    visible: the label; see `delivery.leaving`. A picture that is gone by its turn is left out, and the listing says so.
    """
    window, rows = _Window(), []
    with zipfile.ZipFile(window, "w") as packed:
        for number, entry in enumerate(reversed(entries), 1):
            master = held(store, entry.made.pictures.after) if entry.made else None
            name = f"{number:02d}_{entry.made.pictures.file_name}" if entry.made and master else None
            if master and name:
                try:
                    leaving = await anyio.to_thread.run_sync(_leaving, master, language, visible, limiter=_labelling)
                except ImageRejected:
                    name = None
                else:
                    packed.writestr(_member(name, entry.at), leaving)
                    yield window.drain()
            rows.append(_row(number, entry, name))
        listing = json.dumps({"runs": rows}, ensure_ascii=False, indent=2)
        packed.writestr(_member(LISTING, datetime.now(UTC)), listing)
    yield window.drain()


def _leaving(master: bytes, language: str, visible: bool) -> bytes:
    return delivery.leaving(master, language, visible=visible)


def _member(name: str, at: datetime) -> zipfile.ZipInfo:
    """A member that is stored as it is: pictures are packed already."""
    found = zipfile.ZipInfo(name, at.timetuple()[:6])
    found.external_attr = 0o644 << 16
    return found


def _row(number: int, entry: Entry, file: str | None) -> dict[str, Any]:
    """What the listing tells of one run: settings only, nothing of a face, no key and no link."""
    made, failure = entry.made, entry.failure
    row: dict[str, Any] = {
        "number": number,
        "file": file,
        "api": entry.endpoint.id,
        "settings": {
            name: sanitize(value) if isinstance(value, str) else value for name, value in entry.values.items()
        },
        "source": entry.mode,
        "made_at": entry.at.isoformat(timespec="seconds"),
    }
    if entry.fault is not None:
        row["fault"] = entry.fault
    if made:
        outcome = made.outcome
        row |= {
            "made_by": delivery.mark_of(outcome).made_by,
            "seconds": round(outcome.elapsed_s, 3),
            "vendor_request_id": outcome.request_id,
            "result_id": outcome.id,
            "sent": {"width": outcome.sent_photo.width, "height": outcome.sent_photo.height, "bytes": made.sent_bytes},
            "result": {
                "width": outcome.result_photo.width,
                "height": outcome.result_photo.height,
                "bytes": made.result_bytes,
            },
        }
    if failure:
        row["failure"] = {"title": failure.title, "code": failure.code}
    return row


class _Window(io.BytesIO):
    """A file whose beginning has left already; a ZIP goes back no further than to its latest member's head."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 0

    def tell(self) -> int:
        return self._left + super().tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._left + super().seek(offset - self._left if whence == io.SEEK_SET else offset, whence)

    def drain(self) -> bytes:
        """What has been written since the last time."""
        found = self.getvalue()
        self._left += len(found)
        super().seek(0)
        self.truncate()
        return found
