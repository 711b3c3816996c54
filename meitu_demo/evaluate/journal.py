"""The command's journal: a line before a paid call may be sent, and one when a call has ended.

So whatever ends the process, the next one knows which calls have an answer and which may have been billed. It holds
hashes of photos, endpoints, values and outcomes; no picture, no file name and no key.
"""

import fcntl
import json
import os
from pathlib import Path

from ..evaluation.outcomes import Outcome, build_unanswered

VERSION = 1


class JournalError(Exception):
    """The journal is in use by another process, or was written by another version. The text says which."""


class Journal:
    """The journal at `path`, which is created; locked until `close`. outcomes: of earlier runs, by `Job.key`.

    Raises JournalError or OSError.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise JournalError("another evaluation is writing there now") from None
        self.outcomes = self._read()

    def begin(self, key: str) -> None:
        """The call may be sent from now on. Blocks until that is on disk."""
        self._write({"key": key})
        os.fsync(self._file.fileno())

    def finish(self, key: str, outcome: Outcome) -> None:
        """The call has ended. Blocks."""
        self._write({"key": key, "outcome": outcome.as_json()})

    def close(self) -> None:
        """Unlock the journal."""
        self._file.close()

    def _write(self, row: dict[str, object]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self._file.flush()

    def _read(self) -> dict[str, Outcome]:
        """The last outcome of each call; a call that was begun and not finished may have been billed."""
        outcomes: dict[str, Outcome] = {}
        self._file.seek(0)
        lines = self._file.read().split(b"\n")
        if lines == [b""]:
            self._write({"version": VERSION})
            return outcomes
        for number, line in enumerate(lines):
            try:
                row = json.loads(line)
                if number == 0 and row != {"version": VERSION}:
                    raise JournalError("the journal there is of another version, or none")
                if number:
                    found = row.get("outcome")
                    outcomes[row["key"]] = Outcome.from_json(found) if found else build_unanswered()
            except (ValueError, KeyError, TypeError, AttributeError):
                if number == 0:
                    raise JournalError("the journal there is of another version, or none") from None
        if lines[-1]:  # the process was killed while it wrote a line
            self._file.write(b"\n")
        return outcomes
