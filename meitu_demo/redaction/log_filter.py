"""Where a process speaks: its log handlers and what it prints. `install_redaction` lets no secret out there.

For whoever starts a process. Imports `redaction`.
"""

import logging
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TextIO, cast

from .secrets import redact


def install_redaction() -> None:
    """Filter every handler that there is, and scrub what is printed. Call it when the handlers are in place.

    What nobody catches is printed by Python's hooks for it, in the main thread or another; Gradio and warnings print
    as well. All of them write to the streams that are put in place here.
    """
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for handler in {handler for logger in loggers for handler in logger.handlers} | {logging.lastResort}:
        if handler and not any(isinstance(known, RedactingFilter) for known in handler.filters):
            handler.addFilter(RedactingFilter())
    sys.stdout, sys.stderr = (cast(TextIO, RedactingStream.wrap(stream)) for stream in (sys.stdout, sys.stderr))


class RedactingFilter(logging.Filter):
    """For handlers: a logger's filter does not see what its children log. Drops no record, and never raises."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave a record that is scrubbed text throughout; its logger's name stays."""
        try:
            self._redact_record(record)
        except Exception as error:  # rather no line than a key in it, or a program that ends by its log
            replacement = f"(a line that could not be scrubbed: {type(error).__name__})"
            record.__dict__ |= dict.fromkeys(record.__dict__.keys() - STANDARD_RECORD_FIELDS, "")
            record.__dict__ |= {"msg": replacement, "args": (), "exc_info": None, "exc_text": None, "stack_info": None}
        return True

    def _redact_record(self, record: logging.LogRecord) -> None:
        record.msg, record.args = redact(_format_message(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _safe_call(lambda: logging.Formatter().formatException(cast(Any, record.exc_info)))
        record.exc_info = None  # or a formatter would write it out again
        for name in ("exc_text", "stack_info", *(record.__dict__.keys() - STANDARD_RECORD_FIELDS)):
            value = getattr(record, name)
            if value is not None and not isinstance(value, int | float):
                setattr(record, name, _safe_call(partial(_redacted, value)))


STANDARD_RECORD_FIELDS = logging.makeLogRecord({}).__dict__.keys()  # beside them is what a caller gave as `extra`


class RedactingStream:
    """A stream of text that is scrubbed on its way. Everything but writing is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @classmethod
    def wrap(cls, stream: TextIO | None) -> Any:
        """`stream`, scrubbed, and once only; some programs have none."""
        return stream if stream is None or isinstance(stream, cls) else cls(stream)

    def write(self, text: str) -> int:
        """As a stream's."""
        self._stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As a stream's."""
        self._stream.writelines(map(redact, lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _format_message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        return f"{_safe_call(partial(str, record.msg))} (with arguments that do not fit: {type(error).__name__})"


def _redacted(value: object) -> object:
    """`value`, or its text without the secret that is in it."""
    text = str(value)
    redacted = redact(text)
    return value if redacted == text else redacted


def _safe_call(function: Callable[[], Any]) -> Any:
    """What `say` gives; of an object that cannot say what it is, only that."""
    try:
        return function()
    except Exception as error:
        return f"(not readable: {type(error).__name__})"
