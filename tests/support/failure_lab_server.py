"""Runs the stand-alone offline server with the failure lab, and checks that a call ended as its fault declares."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

import meitu_demo
from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.billing import Billing
from meitu_demo.domain.errors import DemoError, VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.translations import find_placeholders, get_texts
from meitu_demo.offline.faults import MAX_HOLD_S, Fault

PROJECT = Path(meitu_demo.__file__).resolve().parents[1]
NEVER_ANSWERED = {"timeout_before", "timeout_after", "drip"}


@contextmanager
def serve_vendor(*options: str) -> Iterator[str]:
    """`python -m meitu_demo.offline` with `options` on a free port; its address. It stops when told to."""
    command = [sys.executable, "-u", "-m", "meitu_demo.offline", "--port", "0", *options]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = next((line for line in process.stderr if "running on" in line), "")
        assert line, "it did not start"
        said: list[str] = []
        listener = threading.Thread(target=said.extend, args=[process.stderr])  # a full pipe would stop the server
        listener.start()
        try:
            yield line.split("running on ")[1].split()[0]
        finally:
            process.terminate()
            try:
                process.wait(timeout=MAX_HOLD_S / 2)
            finally:
                process.kill()  # nothing, where it has ended
                listener.join()
    # "socket.send": to one that has left. "api_key": of an access log, whose lines would hold the keys.
    assert not [line for line in said if any(word in line for word in ("Traceback", "socket.send", "api_key"))]


def charges(address: str) -> dict[str, int]:
    return dict(httpx.get(f"{address}/lab/charges", trust_env=False).json())


def check(found: CallResult | DemoError, fault: Fault) -> None:
    """`found` is what `fault` declares, and a person is told so in each language, money included."""
    if fault.error is None:
        assert isinstance(found, CallResult), found
        assert min(found.result_photo.width, found.result_photo.height) > 100
        return
    assert isinstance(found, DemoError)
    assert type(found) is fault.error, found
    assert (found.code if isinstance(found, VendorError) else found.facts["cause"]) == fault.cause
    for language in ("en", "zh"):
        told = explain(found, language)
        assert all((told.title, told.why, told.fix)), told
        assert not any(find_placeholders(text) for text in (told.title, told.why, told.fix)), told
        says = {
            verdict
            for verdict, texts in get_texts(language)["billing"].items()
            if texts["why"] and texts["why"] in told.why
        }
        if fault.outcome is Billing.REFUSED:  # nothing is said then, or in the refusal's own words
            assert says <= {"not_processed"}, told
        else:
            assert says == {fault.outcome}, told
