"""How the log looks: lines of text for a person, or one JSON object a line for whatever collects logs.

For whoever starts a process, after `outlets.install_redaction`, which keeps secrets out of either. Imports `outlets`.
"""

import json
import logging
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from ..redaction.log_filter import STANDARD_RECORD_FIELDS

TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
RUN_ID: ContextVar[str] = ContextVar("run", default="")  # the run that this task or thread works for


def configure_logging(log_format: Literal["text", "json"], level: str) -> None:
    """Write so from now on: our own lines, uvicorn's and Gradio's, and in JSON what is printed or ends a thread."""
    root = logging.getLogger()
    root.setLevel(level)
    for handler in root.handlers:
        handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter(TEXT_FORMAT))
    if log_format == "json":
        logging.raiseExceptions = False  # or a full disk below the log would be told to the log
        logging.captureWarnings(True)
        sys.stdout, sys.stderr = LogStream("stdout"), LogStream("stderr")
        sys.excepthook = _log_uncaught
        threading.excepthook = lambda told: _log_uncaught(told.exc_type, told.exc_value, told.exc_traceback)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time (ISO 8601, UTC), level, logger, message, and what it carries beside."""

    def format(self, record: logging.LogRecord) -> str:
        """Never raises for what a record may hold."""
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


DERIVED_RECORD_FIELDS = ("message", "asctime", "color_message", "taskName")  # the same again, coloured or formatted


class LogStream:
    """A stream of text whose lines go to the log; what two print at once may be mixed, as on any stream."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(name)
        self._partial_line = ""

    def write(self, text: str) -> int:
        """As a stream's; a line is told when it is whole."""
        *lines, self._partial_line = (self._partial_line + text).split("\n")
        for line in filter(str.strip, lines):
            self._log.info("%s", line.rstrip())
        return len(text)

    def writelines(self, lines: Any) -> None:
        """As a stream's."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Half a line waits for its other half."""

    def isatty(self) -> bool:
        """As a stream's."""
        return False


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger("uncaught").critical("%s", kind.__name__, exc_info=(kind, error or kind(), trace))
