"""The journal of an evaluation: its plan, a line before a paid call may be sent, and one when a call has ended.

So whatever ends the process, the next one knows which calls have an answer and which may have been billed. It holds
hashes and sizes of photos, endpoints, values and outcomes; no picture, no file name and no key.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..domain.errors import JournalUnusable
from .outcomes import Outcome, build_unanswered

VERSION = 1


class Journal:
    """The journal at `path`, which is created; locked until `close`. Everything blocks.

    outcomes: of earlier runs, by `Job.key`; a run adds its own. plan: what `write_plan` wrote last; None for nothing.
    Raises JournalUnusable (journal_in_use, journal_unreadable) or OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[str, Outcome] = {}
        self.plan: Mapping[str, Any] | None = None
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read()
        except BlockingIOError:
            self.close()
            raise JournalUnusable("journal_in_use") from None
        except BaseException:
            self.close()
            raise

    def write_plan(self, plan: Mapping[str, Any]) -> None:
        """These calls are to be made."""
        self._write({"plan": plan})

    def begin(self, key: str) -> None:
        """The call may be sent as soon as this returns: then it is on disk."""
        self._write({"key": key})
        os.fsync(self._file.fileno())

    def finish(self, key: str, outcome: Outcome) -> None:
        """The call has ended."""
        self._write({"key": key, "outcome": outcome.as_json()})

    def close(self) -> None:
        """Unlock the journal."""
        with suppress(OSError):  # closing tries again to write what failed, such as for a full disk
            self._file.close()

    def _write(self, row: Mapping[str, object]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self._file.flush()

    def _read(self) -> None:
        """The last outcome of each call; a call that was begun and not finished may have been billed."""
        first, *lines = self._file.read().split(b"\n")
        if not first and not lines:
            self._write({"version": VERSION})
            return
        if first != json.dumps({"version": VERSION}).encode():
            raise JournalUnusable("journal_unreadable")
        for line in lines:
            try:
                self._read_row(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):  # cut off when the process was killed
                continue
        if lines and lines[-1]:
            self._file.write(b"\n")

    def _read_row(self, row: Mapping[str, Any]) -> None:
        if "plan" in row:
            self.plan = row["plan"]
        else:
            found = row.get("outcome")
            self.outcomes[row["key"]] = Outcome.from_json(found) if found else build_unanswered()


def is_locked(path: Path) -> bool:
    """Whether a process uses the journal. Blocks. Raises OSError."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
