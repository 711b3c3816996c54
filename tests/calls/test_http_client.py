"""The HTTP client that vendors and offline server share."""

import logging

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route as HttpRoute

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.targets import OFFLINE_URL
from meitu_demo.settings import Settings


async def test_http_client_answers_the_reserved_host_in_process() -> None:
    """The reserved host is answered in process; every other host is not."""
    offline = Starlette(routes=[HttpRoute("/x", lambda request: PlainTextResponse("here"))])
    async with create_http_client(Settings(), offline) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).text == "here"
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/x")


async def test_http_client_gets_a_500_for_an_exception_in_the_offline_server() -> None:
    """An exception in the offline server arrives as a 500, as it would over a socket."""

    def broken(request: object) -> PlainTextResponse:
        raise RuntimeError("broken")

    async with create_http_client(Settings(), Starlette(routes=[HttpRoute("/x", broken)])) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).status_code == 500


async def test_http_client_sends_offline_calls_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a proxy in the environment, calls to the offline server stay in process."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    offline = Starlette(routes=[HttpRoute("/x", lambda request: PlainTextResponse("here"))])
    async with create_http_client(Settings(), offline) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).text == "here"


async def test_http_client_keeps_no_cookies() -> None:
    """The client is everybody's: what a server sets in one visitor's call goes into no other, and breaks none."""
    heard: list[str | None] = []

    def answer(request: Request) -> PlainTextResponse:
        heard.append(request.headers.get("cookie"))
        response = PlainTextResponse("here")
        response.raw_headers += [(b"set-cookie", b"a=b"), (b"set-cookie", b"c=\xff; path=/")]
        return response

    offline = Starlette(routes=[HttpRoute("/x", answer)])
    async with create_http_client(Settings(), offline) as client:
        for _ in range(2):
            assert (await client.get(f"{OFFLINE_URL}/x")).text == "here"
    assert heard == [None, None]


async def test_http_client_takes_timeouts_from_the_settings() -> None:
    """Connecting and reading have timeouts of their own, from the settings."""
    async with create_http_client(Settings(connect_timeout=1.5, read_timeout=7), Starlette()) as client:
        assert (client.timeout.connect, client.timeout.read) == (1.5, 7)


async def test_http_client_logs_no_urls(caplog: pytest.LogCaptureFixture) -> None:
    """httpx would log each request's URL, and Meitu's holds the keys: not even where somebody turns its log on."""
    offline = Starlette(routes=[HttpRoute("/x", lambda request: PlainTextResponse("here"))])
    async with create_http_client(Settings(meitu_key=SecretStr("k")), offline) as client:
        for level in (None, logging.DEBUG):
            if level is not None:
                logging.getLogger("httpx").setLevel(level)
            with caplog.at_level(logging.DEBUG):
                await client.get(f"{OFFLINE_URL}/x?api_key=canary")
    assert "canary" not in caplog.text
