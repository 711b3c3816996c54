"""Where a process speaks: its log handlers and what it prints. `install` lets no secret out there.

For whoever starts a process. Imports `redaction`.
"""

import logging
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TextIO, cast

from .redaction import scrub


def install() -> None:
    """Filter every handler that there is, and scrub what is printed. Call it when the handlers are in place.

    What nobody catches is printed by Python's hooks for it, in the main thread or another; Gradio and warnings print
    as well. All of them write to the streams that are put in place here.
    """
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for handler in {handler for logger in loggers for handler in logger.handlers} | {logging.lastResort}:
        if handler and not any(isinstance(known, Redact) for known in handler.filters):
            handler.addFilter(Redact())
    sys.stdout, sys.stderr = (cast(TextIO, Printed.around(stream)) for stream in (sys.stdout, sys.stderr))


class Redact(logging.Filter):
    """For handlers: a logger's filter does not see what its children log. Drops no record, and never raises."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave a record that is scrubbed text throughout; its logger's name stays."""
        try:
            self._scrub(record)
        except Exception as error:  # rather no line than a key in it, or a program that ends by its log
            lost = f"(a line that could not be scrubbed: {type(error).__name__})"
            record.__dict__ |= dict.fromkeys(record.__dict__.keys() - USUAL, "")
            record.__dict__ |= {"msg": lost, "args": (), "exc_info": None, "exc_text": None, "stack_info": None}
        return True

    def _scrub(self, record: logging.LogRecord) -> None:
        record.msg, record.args = scrub(_message(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _said(lambda: logging.Formatter().formatException(cast(Any, record.exc_info)))
        record.exc_info = None  # or a formatter would write it out again
        for name in ("exc_text", "stack_info", *(record.__dict__.keys() - USUAL)):
            value = getattr(record, name)
            if value is not None and not isinstance(value, int | float):
                setattr(record, name, _said(partial(_hidden, value)))


USUAL = logging.makeLogRecord({}).__dict__.keys()  # beside them is what a caller gave as `extra`


class Printed:
    """A stream of text that is scrubbed on its way. Everything but writing is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @classmethod
    def around(cls, stream: TextIO | None) -> Any:
        """`stream`, scrubbed, and once only; some programs have none."""
        return stream if stream is None or isinstance(stream, cls) else cls(stream)

    def write(self, text: str) -> int:
        """As a stream's."""
        self._stream.write(scrub(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As a stream's."""
        self._stream.writelines(map(scrub, lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        return f"{_said(partial(str, record.msg))} (with arguments that do not fit: {type(error).__name__})"


def _hidden(value: object) -> object:
    """`value`, or its text without the secret that is in it."""
    text = str(value)
    scrubbed = scrub(text)
    return value if scrubbed == text else scrubbed


def _said(say: Callable[[], Any]) -> Any:
    """What `say` gives; of an object that cannot say what it is, only that."""
    try:
        return say()
    except Exception as error:
        return f"(not readable: {type(error).__name__})"
