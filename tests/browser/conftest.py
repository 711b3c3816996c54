"""One browser and few servers for the whole package. All of it ends with the package: while Playwright's loop lives in
this thread, no async test could run.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from support.failure_lab_server import serve_vendor
from support.servers import retired_and_slow, serve_demo
from support.uvicorn_server import uvicorn_server

from tools.servers import find_free_port

from .chromium import launch, open_page

KEYS = {"MEITU_API_KEY": "any", "MEITU_API_SECRET": "any", "AILAB_API_KEY": "any"}


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launch(playwright, tmp_path_factory.mktemp("camera"))
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def demo() -> Iterator[str]:
    """The demo without keys."""
    with serve_demo() as url:
        yield url


@pytest.fixture(scope="package")
def live_demo() -> Iterator[str]:
    """The demo with keys; both vendors are the stand-alone offline server."""
    with serve_vendor() as vendor, serve_demo({**KEYS, "MEITU_BASE_URL": vendor, "AILAB_BASE_URL": vendor}) as url:
        yield url


@pytest.fixture(scope="package")
def counting_vendor() -> Iterator[str]:
    """The stand-alone server with its lab: it counts what it would have billed."""
    with serve_vendor("--lab") as vendor:
        yield vendor


@pytest.fixture(scope="package")
def paying_demo(counting_vendor: str) -> Iterator[str]:
    """The demo with a Meitu key and a vendor that counts; a key may call once in fifty seconds."""
    slow = {"CALLS_PER_SECOND": "0.02", "LONGEST_WAIT": "60"}
    with serve_demo({**KEYS, **slow, "MEITU_BASE_URL": counting_vendor, "AILAB_BASE_URL": counting_vendor}) as url:
        yield url


@pytest.fixture(scope="package")
def answers() -> threading.Event:
    """Set it, and the slow Meitu answers."""
    return threading.Event()


@pytest.fixture(scope="package")
def retired_demo(answers: threading.Event) -> Iterator[str]:
    """The demo with keys; AILabTools has retired the API, Meitu is slow."""
    with uvicorn_server(retired_and_slow(answers)) as vendor:
        with serve_demo({**KEYS, "MEITU_BASE_URL": vendor, "AILAB_BASE_URL": vendor}) as url:
            yield url
        answers.set()


@pytest.fixture(scope="package")
def cut_off_demo() -> Iterator[str]:
    """The demo with keys and nobody at the other end."""
    nobody = f"http://127.0.0.1:{find_free_port()}"
    with serve_demo({**KEYS, "MEITU_BASE_URL": nobody, "AILAB_BASE_URL": nobody}) as url:
        yield url


@pytest.fixture
def page(browser: Browser, demo: str) -> Iterator[Page]:
    """The demo without keys in English, on a wide screen, as a visitor finds it."""
    with open_page(browser, demo, permissions=["camera", "clipboard-read", "clipboard-write"]) as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, as `open_page` does; at the test's end each is held to have kept to its host and a clean console."""
    with ExitStack() as pages:

        def visit(url: str, **kw: Any) -> Page:
            return pages.enter_context(open_page(browser, url, **kw))

        yield visit


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for photos made by tests."""
    return tmp_path_factory.mktemp("photos")
