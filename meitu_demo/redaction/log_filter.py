"""Redacts secrets from log records and from stdout and stderr."""

import logging
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TextIO, cast

from .secrets import redact

STANDARD_RECORD_FIELDS = logging.makeLogRecord({}).__dict__.keys()  # all other fields come from `extra`


def install_redaction() -> None:
    """Add a `RedactingFilter` to every handler, and wrap stdout and stderr. Call it once the handlers are configured.

    The wrapped streams also cover what Gradio and warnings print, and the stack traces of uncaught exceptions in any
    thread.
    """
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for handler in {handler for logger in loggers for handler in logger.handlers} | {logging.lastResort}:
        if handler and not any(isinstance(known, RedactingFilter) for known in handler.filters):
            handler.addFilter(RedactingFilter())
    sys.stdout, sys.stderr = (cast(TextIO, RedactingStream.wrap(stream)) for stream in (sys.stdout, sys.stderr))


class RedactingFilter(logging.Filter):
    """For handlers: a logger's filter does not see what its children log. Drops no record and never raises."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the message, the stack trace and all extra fields of `record`; the logger's name is left alone."""
        try:
            self._redact_record(record)
        except Exception as error:  # better to lose the line than to log a key or crash the caller
            replacement = f"(a line that could not be scrubbed: {type(error).__name__})"
            record.__dict__ |= dict.fromkeys(record.__dict__.keys() - STANDARD_RECORD_FIELDS, "")
            record.__dict__ |= {"msg": replacement, "args": (), "exc_info": None, "exc_text": None, "stack_info": None}
        return True

    def _redact_record(self, record: logging.LogRecord) -> None:
        record.msg, record.args = redact(_format_message(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _safe_call(lambda: logging.Formatter().formatException(cast(Any, record.exc_info)))
        record.exc_info = None  # or a formatter would format it again
        for name in ("exc_text", "stack_info", *(record.__dict__.keys() - STANDARD_RECORD_FIELDS)):
            value = getattr(record, name)
            if value is not None and not isinstance(value, int | float):
                setattr(record, name, _safe_call(partial(_redacted, value)))


class RedactingStream:
    """A text stream that redacts what is written to it; everything else is passed on to `stream`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @classmethod
    def wrap(cls, stream: TextIO | None) -> Any:
        """`stream` wrapped, unless it is wrapped already or None (a program without a console)."""
        return stream if stream is None or isinstance(stream, cls) else cls(stream)

    def write(self, text: str) -> int:
        """Returns the length of `text` as it came, as `TextIO.write` promises."""
        self._stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self._stream.writelines(map(redact, lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _format_message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        return f"{_safe_call(partial(str, record.msg))} (with arguments that do not fit: {type(error).__name__})"


def _redacted(value: object) -> object:
    """`value` itself; its redacted text if that holds a secret."""
    text = str(value)
    redacted = redact(text)
    return value if redacted == text else redacted


def _safe_call(function: Callable[[], Any]) -> Any:
    """What `function` returns; the name of its exception if it raises (an object's `__str__` may)."""
    try:
        return function()
    except Exception as error:
        return f"(not readable: {type(error).__name__})"
