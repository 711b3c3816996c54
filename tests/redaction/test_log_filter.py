"""No log record and no output stream of the process holds a registered secret."""

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
REGISTERED = register_secret(SecretStr(KEY))


class Unprintable:
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError(KEY)

    __repr__ = __str__


@pytest.fixture
def log_output() -> Iterator[io.StringIO]:
    """What a logger named "heard" writes, with everything that a formatter can print."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log_format = "%(name)s %(message)s | %(msg)s | %(args)s | %(extra)s"
    handler.setFormatter(logging.Formatter(log_format, defaults={"extra": ""}))
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("heard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield stream
    logger.removeHandler(handler)


log = logging.getLogger("heard")


def test_log_filter_redacts_the_formatted_message(log_output: io.StringIO) -> None:
    """A message is redacted after its arguments are filled in, and the arguments are dropped."""
    log.info("GET https://host/?api_key=%s&n=%d", KEY, 3)
    log.info("%(key)s", {"key": KEY})
    log.info(f"100% of {KEY}")
    assert KEY not in log_output.getvalue()
    assert "GET https://host/?api_key=…&n=3" in log_output.getvalue()
    assert "100% of …" in log_output.getvalue()


def test_log_filter_redacts_exceptions_and_stacks(log_output: io.StringIO) -> None:
    """Stack traces, causes included, and extra fields are redacted and otherwise complete."""
    try:
        try:
            raise KeyError(KEY)
        except KeyError as cause:
            raise ValueError(f"bad {KEY}") from cause
    except ValueError:
        log.exception("failed", stack_info=True)
    log.info("and", stack_info=True, extra={"extra": {"key": [KEY]}})
    text = log_output.getvalue()
    assert KEY not in text
    assert "ValueError: bad …" in text
    assert "Stack (most recent call last)" in text
    assert "{'key': ['…']}" in text


def test_log_filter_redacts_a_cached_stack_trace(log_output: io.StringIO) -> None:
    """A stack trace that another handler has formatted and cached in the record is redacted as well."""
    record = log.makeRecord("heard", logging.ERROR, "file", 1, "failed", (), None)
    record.exc_text = f"ValueError: {KEY}"
    log.handle(record)
    assert "ValueError: …" in log_output.getvalue()


@pytest.mark.parametrize(
    "fields",
    [
        {"msg": "%d items", "args": ("many",)},
        {"msg": f"{KEY} %s %s", "args": (KEY,)},
        {"msg": Unprintable(), "args": ()},
        {"msg": "%s", "args": (Unprintable(),)},
        {"msg": b"bytes \xff", "args": None},
        {"msg": None, "args": {}},
        {"msg": "x", "args": (), "exc_info": True},
        {"msg": "x", "args": (), "exc_info": (None, None, None)},
        {"msg": "x", "args": (), "exc_info": (ValueError, Unprintable(), None)},
        {"msg": "x", "args": (), "exc_info": (ValueError, ValueError(Unprintable()), None)},
        {"msg": "x", "args": (), "stack_info": Unprintable()},
        {"msg": "x", "args": (), "extra": Unprintable()},
        {"msg": "x", "args": (), "extra": KEY.encode()},
        {"msg": "x", "args": (), "extra": object()},
    ],
)
def test_log_filter_passes_malformed_records(fields: dict[str, Any], log_output: io.StringIO) -> None:
    """The filter never raises and never drops a record, and redacts malformed ones as well."""
    record = logging.makeLogRecord({"name": "heard", "levelno": logging.INFO, **fields})
    assert RedactingFilter().filter(record) is True
    assert KEY not in logging.Formatter("%(message)s %(args)s").format(record)
    assert KEY not in str(record.__dict__)
    log.handle(record)
    assert log_output.getvalue().startswith("heard ")


def test_log_filter_replaces_a_line_it_cannot_redact(log_output: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """If redacting fails, the line is replaced by the name of the exception, and the program goes on."""

    def fail(text: str) -> str:
        raise MemoryError

    monkeypatch.setattr(log_filter, "redact", fail)
    log.info("key %s", KEY, extra={"extra": KEY}, stack_info=True)
    assert KEY not in log_output.getvalue()
    assert "MemoryError" in log_output.getvalue()


def test_log_filter_keeps_types_of_clean_extras() -> None:
    """An extra field without a secret keeps its type, for formatters that rely on it, and so does the logger's name."""
    extra = {"seconds": 1.5, "parts": ("a", "b"), "word": f"<{KEY}>"}
    record = log.makeRecord(KEY, logging.INFO, "file", 1, "fine", (), None, extra=extra)
    RedactingFilter().filter(record)
    assert (record.seconds, record.parts, record.word) == (1.5, ("a", "b"), "<…>")  # type: ignore[attr-defined]
    assert record.name == KEY


def test_install_redaction_is_idempotent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed twice, each handler, also another library's, has one filter and each stream one wrapper."""
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


def test_redacting_stream_behaves_like_its_stream() -> None:
    """Only written text changes: length, lines and all other methods are those of the wrapped stream."""
    stream = io.StringIO()
    wrapped = RedactingStream.wrap(stream)
    assert wrapped.write(f"<{KEY}>\n") == len(KEY) + 3
    wrapped.writelines(["one\n", KEY])
    assert wrapped.getvalue() == "<…>\none\n…"
    assert not wrapped.isatty()


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


def test_install_redaction_covers_uncaught_exceptions() -> None:
    """Uncaught exceptions in any thread or finaliser, prints, warnings and printed traces are redacted."""
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    output = process.stdout + process.stderr
    assert process.returncode == 1
    assert "Kq7ZtB2m-Xw9LrV4c-Np8HsD3f" not in output
    assert "printed …" in process.stdout
    for expected in ("logged …", "misfit", "warned …", "traced …", "thread …", "unraisable …", "main …"):
        assert expected in process.stderr, expected
