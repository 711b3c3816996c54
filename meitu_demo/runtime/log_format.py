"""Log format: lines of text, or one JSON object a line for log collectors.

Call `redaction.log_filter.install_redaction` first: it redacts secrets in both formats.
"""

import atexit
import json
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from ..redaction.log_filter import STANDARD_RECORD_FIELDS

TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
DERIVED_RECORD_FIELDS = ("message", "asctime", "color_message", "taskName")  # set by formatters
INTERVAL_S = 10.0  # between two lines that say the same
RUN_ID: ContextVar[str] = ContextVar("run", default="")  # id of the run that this task or thread belongs to


def configure_logging(log_format: Literal["text", "json"], level: str) -> None:
    """Set format and level of all loggers. With JSON, also log stdout, stderr, warnings and uncaught exceptions.

    stderr includes what C++ libraries write to file descriptor 2. Call it once in a process.
    """
    root = logging.getLogger()
    root.setLevel(level)
    for handler in root.handlers:
        handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter(TEXT_FORMAT))
    if log_format == "json":
        logging.raiseExceptions = False  # a full disk would otherwise be logged to the full disk
        logging.captureWarnings(True)
        _log_stderr_descriptor(root.handlers)
        sys.stdout, sys.stderr = LogStream("stdout"), LogStream("stderr")
        sys.excepthook = _log_uncaught
        threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


class RateLimitFilter(logging.Filter):
    """Drops a message that was logged less than `INTERVAL_S` ago; the next one says how many were dropped.

    For loggers of what any stranger's request can cause. Messages are told apart by their format, before the arguments
    are filled in. Errors and stack traces are never dropped.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._logged: dict[str, tuple[float, int]] = {}  # when it was logged last, and how many were dropped since

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info or record.levelno >= logging.ERROR:
            return True
        now, message = self._clock(), str(record.msg)
        logged_at, dropped = self._logged.get(message, (-math.inf, 0))
        if now - logged_at < INTERVAL_S:
            self._logged[message] = logged_at, dropped + 1
            return False
        self._logged[message] = now, 0
        if dropped:
            record.msg = f"{message} [and {dropped} more since the last line]"
        return True


class JsonFormatter(logging.Formatter):
    """One line of JSON: time (ISO 8601, UTC), level, logger, message, run, trace, and the record's `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Format; values that JSON does not know become strings."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": time.replace("+00:00", "Z"), "level": record.levelname, "logger": record.name,
            "message": record.getMessage(),
        }  # fmt: skip
        if run := RUN_ID.get():
            line["run"] = run
        line |= {
            name: value
            for name, value in record.__dict__.items()
            if name not in (*STANDARD_RECORD_FIELDS, *DERIVED_RECORD_FIELDS)
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if trace := (record.exc_text or record.stack_info):
            line["trace"] = trace
        return json.dumps(line, ensure_ascii=False, default=str)


class LogStream:
    """A text stream whose lines are logged. Threads that print at once may mix their lines, as on any stream."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(name)
        self._partial_line = ""

    def write(self, text: str) -> int:
        """Log each complete line."""
        *lines, self._partial_line = (self._partial_line + text).split("\n")
        for line in filter(str.strip, lines):
            self._log.info("%s", line.rstrip())
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Does nothing: a partial line waits for its end."""

    def isatty(self) -> bool:
        return False


def _log_stderr_descriptor(handlers: list[logging.Handler]) -> None:
    """Log each line that arrives at file descriptor 2; `handlers` that write to it keep the original one."""
    try:
        original = os.dup(2)
    except OSError:  # a program without a console
        return
    log_file = os.fdopen(original, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    for handler in handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setStream(log_file)
    read_end, write_end = os.pipe()
    os.dup2(write_end, 2)
    os.close(write_end)
    reader = threading.Thread(target=_log_lines, args=(read_end,), name="stderr", daemon=True)
    reader.start()

    def restore() -> None:  # closes the pipe, so that the reader logs what is left and ends
        os.dup2(original, 2)
        reader.join(1.0)

    atexit.register(restore)


def _log_lines(descriptor: int) -> None:
    stream = LogStream("stderr")
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            stream.write(line if line.endswith("\n") else f"{line}\n")


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger("uncaught").critical("%s", kind.__name__, exc_info=(kind, error or kind(), trace))
