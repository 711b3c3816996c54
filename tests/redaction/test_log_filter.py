"""What leaves a process by its log or its streams holds no live secret, whatever a record is made of."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import meitu_demo
from meitu_demo.redaction import log_filter
from meitu_demo.redaction.log_filter import RedactingFilter, RedactingStream, install_redaction
from meitu_demo.redaction.secrets import register_secret

PROJECT = Path(meitu_demo.__file__).resolve().parents[1]
KEY = "Kq7ZtB2mXw9LrV4cNp8HsD3f"
HELD = register_secret(SecretStr(KEY))


class Unspeakable:
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError(KEY)

    __repr__ = __str__


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a logger named "heard" writes, with everything that a formatter can print."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    shown = "%(name)s %(message)s | %(msg)s | %(args)s | %(extra)s"
    handler.setFormatter(logging.Formatter(shown, defaults={"extra": ""}))
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("heard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield stream
    logger.removeHandler(handler)


log = logging.getLogger("heard")


def test_a_message_and_its_arguments(written: io.StringIO) -> None:
    """Scrubbed once they are put together, and nothing of the arguments is left beside it."""
    log.info("GET https://host/?api_key=%s&n=%d", KEY, 3)
    log.info("%(key)s", {"key": KEY})
    log.info(f"100% of {KEY}")
    assert KEY not in written.getvalue()
    assert "GET https://host/?api_key=…&n=3" in written.getvalue()
    assert "100% of …" in written.getvalue()


def test_an_exception_and_a_stack(written: io.StringIO) -> None:
    """With their causes; the trace is still a trace."""
    try:
        try:
            raise KeyError(KEY)
        except KeyError as cause:
            raise ValueError(f"bad {KEY}") from cause
    except ValueError:
        log.exception("failed", stack_info=True)
    log.info("and", stack_info=True, extra={"extra": {"key": [KEY]}})
    text = written.getvalue()
    assert KEY not in text
    assert "ValueError: bad …" in text
    assert "Stack (most recent call last)" in text
    assert "{'key': ['…']}" in text


def test_a_trace_that_another_handler_has_formatted(written: io.StringIO) -> None:
    """It is kept with the record, and would be taken as it is."""
    record = log.makeRecord("heard", logging.ERROR, "file", 1, "failed", (), None)
    record.exc_text = f"ValueError: {KEY}"
    log.handle(record)
    assert "ValueError: …" in written.getvalue()


@pytest.mark.parametrize(
    "odd",
    [
        {"msg": "%d items", "args": ("many",)},
        {"msg": f"{KEY} %s %s", "args": (KEY,)},
        {"msg": Unspeakable(), "args": ()},
        {"msg": "%s", "args": (Unspeakable(),)},
        {"msg": b"bytes \xff", "args": None},
        {"msg": None, "args": {}},
        {"msg": "x", "args": (), "exc_info": True},
        {"msg": "x", "args": (), "exc_info": (None, None, None)},
        {"msg": "x", "args": (), "exc_info": (ValueError, Unspeakable(), None)},
        {"msg": "x", "args": (), "exc_info": (ValueError, ValueError(Unspeakable()), None)},
        {"msg": "x", "args": (), "stack_info": Unspeakable()},
        {"msg": "x", "args": (), "extra": Unspeakable()},
        {"msg": "x", "args": (), "extra": KEY.encode()},
        {"msg": "x", "args": (), "extra": object()},
    ],
)
def test_an_odd_record_is_let_through(odd: dict[str, Any], written: io.StringIO) -> None:
    """The filter never raises and never drops one, and a secret in it is hidden all the same."""
    record = logging.makeLogRecord({"name": "heard", "levelno": logging.INFO, **odd})
    assert RedactingFilter().filter(record) is True
    assert KEY not in logging.Formatter("%(message)s %(args)s").format(record)
    assert KEY not in str(record.__dict__)
    log.handle(record)
    assert written.getvalue().startswith("heard ")


def test_a_line_that_cannot_be_scrubbed_is_not_written(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it end the program: what is left says that there was one."""

    def fail(text: str) -> str:
        raise MemoryError

    monkeypatch.setattr(log_filter, "redact", fail)
    log.info("key %s", KEY, extra={"extra": KEY}, stack_info=True)
    assert KEY not in written.getvalue()
    assert "MemoryError" in written.getvalue()


def test_what_is_no_text_stays_what_it_is() -> None:
    """An extra that holds no secret keeps its type, for formatters that count on it; the logger's name stays."""
    extra = {"seconds": 1.5, "parts": ("a", "b"), "word": f"<{KEY}>"}
    record = log.makeRecord(KEY, logging.INFO, "file", 1, "fine", (), None, extra=extra)
    RedactingFilter().filter(record)
    assert (record.seconds, record.parts, record.word) == (1.5, ("a", "b"), "<…>")  # type: ignore[attr-defined]
    assert record.name == KEY


def test_installing_twice_filters_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each handler has one filter and each stream one wrapping, also those that other libraries put up."""
    handler = logging.NullHandler()
    log.addHandler(handler)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", None)
    try:
        install_redaction()
        install_redaction()
    finally:
        log.removeHandler(handler)
        for other in logging.getLogger().handlers:
            other.filters = [known for known in other.filters if not isinstance(known, RedactingFilter)]
    assert [type(known) for known in handler.filters] == [RedactingFilter]
    assert isinstance(sys.stdout, RedactingStream)
    assert not isinstance(sys.stdout._stream, RedactingStream)
    assert sys.stderr is None


def test_a_stream_is_its_own_but_for_what_is_written() -> None:
    """Counts and lines are as before."""
    stream = io.StringIO()
    printed = RedactingStream.wrap(stream)
    assert printed.write(f"<{KEY}>\n") == len(KEY) + 3
    printed.writelines(["one\n", KEY])
    assert printed.getvalue() == "<…>\none\n…"
    assert not printed.isatty()


PROGRAM = """
import logging, sys, threading, traceback, warnings
from pydantic import SecretStr
from meitu_demo.redaction.log_filter import install_redaction
from meitu_demo.redaction.secrets import register_secret

key = register_secret(SecretStr("-".join(["Kq7ZtB2m", "Xw9LrV4c", "Np8HsD3f"]))).get_secret_value()
held = register_secret(SecretStr(key))
logging.basicConfig()
install_redaction()

def fail(why):
    raise ValueError(f"{why} {key}")

class Last:
    def __del__(self):
        fail("unraisable")

print("printed", key)
logging.getLogger("any").warning("logged %s", key)
logging.getLogger("any").warning("%d misfit", key)
warnings.warn(f"warned {key}")
try:
    fail("traced")
except ValueError:
    traceback.print_exc()
thread = threading.Thread(target=fail, args=["thread"])
thread.start()
thread.join()
Last()
fail("main")
"""


def test_what_nobody_catches_is_scrubbed() -> None:
    """In the main thread, in another, in a finaliser; printed by a library, a warning or by hand."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Kq7ZtB2m-Xw9LrV4c-Np8HsD3f" not in said
    assert "printed …" in done.stdout
    for told in ("logged …", "misfit", "warned …", "traced …", "thread …", "unraisable …", "main …"):
        assert told in done.stderr, told
