"""The HTTP client that vendors and offline server share; and through proxies: HTTP and SOCKS, results of paid calls,
proxies that fail.
"""

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route as HttpRoute
from support.proxies import run_proxied_network

from meitu_demo.calls import download
from meitu_demo.calls.exchange import classify_transport_error
from meitu_demo.calls.http_client import NetworkClient, create_http_client
from meitu_demo.calls.targets import OFFLINE_URL
from meitu_demo.domain.errors import LinkRejected, Unreachable
from meitu_demo.settings import Settings
from meitu_demo.settings.network import read_network_settings

PICTURE = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\npicture"
RESULT = "https://cdn.example/a.jpg"


def client_for(connect_timeout_s: float = 5.0, **environ: str) -> NetworkClient:
    timeout = httpx.Timeout(5.0, connect=connect_timeout_s)
    return NetworkClient(read_network_settings(environ), limits=httpx.Limits(), timeout=timeout)


async def failure(client: httpx.AsyncClient) -> tuple[type[Exception], object]:
    with pytest.raises(httpx.HTTPError) as caught:
        await client.post("https://vendor.example/", content=b"photo")
    error = classify_transport_error("meitu", caught.value)
    return type(error), error.facts["cause"]


async def test_http_client_gets_a_500_for_an_exception_in_the_offline_server() -> None:
    """An exception in the offline server arrives as a 500, as it would over a socket."""

    def broken(request: object) -> PlainTextResponse:
        raise RuntimeError("broken")

    async with create_http_client(Settings(), Starlette(routes=[HttpRoute("/x", broken)])) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).status_code == 500


async def test_http_client_answers_the_reserved_host_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reserved host, and no other, is answered in process, also with a proxy in the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    offline = Starlette(routes=[HttpRoute("/x", lambda request: PlainTextResponse("here"))])
    async with create_http_client(Settings(), offline) as client:
        assert (await client.get(f"{OFFLINE_URL}/x")).text == "here"
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/x")


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


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h", "socks"])
async def test_network_client_fetches_a_result_through_a_proxy(scheme: str, tmp_path: Path) -> None:
    """A result on an allowed host comes by its name through the proxy; nothing is resolved here."""
    async with run_proxied_network(tmp_path, "cdn.example", answer=PICTURE) as network:
        environ = {"ALL_PROXY": f"{scheme}://127.0.0.1:{network.port}", "SSL_CERT_FILE": network.certificate_file}
        async with client_for(**environ) as client:
            data = await download.download_result(client, RESULT, origin="", allowed_hosts=(".example",))
    assert (data, network.tunnels) == (b"picture", ["cdn.example:443"])
    assert "host: cdn.example" in network.requests[0].lower()


async def test_download_through_a_proxy_keeps_its_guards(tmp_path: Path) -> None:
    """Hosts outside the allow-list, and photos by URL, whose address cannot be checked, do not reach the proxy."""
    async with (
        run_proxied_network(tmp_path, "cdn.example", answer=PICTURE) as network,
        client_for(ALL_PROXY=f"http://127.0.0.1:{network.port}") as client,
    ):
        with pytest.raises(LinkRejected) as result:
            await download.download_result(client, RESULT, origin="", allowed_hosts=(".other",))
        with pytest.raises(LinkRejected) as photo:
            await download.download_photo(client, RESULT)
    assert (result.value.facts["cause"], photo.value.facts["cause"]) == ("host", "address")
    assert network.tunnels == []


async def test_network_client_checks_the_certificate_behind_a_proxy(tmp_path: Path) -> None:
    """A certificate that nobody trusts ends the call as unreachable (tls)."""
    async with (
        run_proxied_network(tmp_path, "vendor.example") as network,
        client_for(ALL_PROXY=f"http://127.0.0.1:{network.port}") as client,
    ):
        assert await failure(client) == (Unreachable, "tls")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"\x15\3\1\0\2\2\x46"])
async def test_network_client_tells_a_refusing_proxy_from_a_lost_call(scheme: str, answer: bytes) -> None:
    """What a proxy breaks off before there is a connection provably did not reach the vendor."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with client_for(HTTPS_PROXY=f"{scheme}://127.0.0.1:{port}") as client:
            assert await failure(client) == (Unreachable, "proxy")
    async with client_for(HTTPS_PROXY=f"{scheme}://127.0.0.1:{port}") as client:
        assert await failure(client) == (Unreachable, "proxy")  # nobody listens any more


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_network_client_does_not_wait_for_a_silent_proxy(scheme: str) -> None:
    """A proxy that takes the connection and says nothing is given up after the connect timeout."""
    done = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with client_for(0.1, HTTPS_PROXY=f"{scheme}://127.0.0.1:{port}") as client:
            assert await failure(client) == (Unreachable, "connect_timeout")
        done.set()


async def test_network_client_refuses_a_proxy_that_cannot_be_used() -> None:
    """A call never goes past a proxy that was set, even when its setting cannot be read."""
    async with client_for(HTTPS_PROXY="ftp://proxy") as client:
        assert await failure(client) == (Unreachable, "proxy")


async def test_network_client_loses_no_call_after_the_connection(tmp_path: Path) -> None:
    """What breaks off after the tunnel stands may have reached the vendor."""
    async with run_proxied_network(tmp_path, "vendor.example", answer=b"HTTP/1.1 2") as network:
        environ = {"ALL_PROXY": f"http://127.0.0.1:{network.port}", "SSL_CERT_FILE": network.certificate_file}
        async with client_for(**environ) as client:
            kind, cause = await failure(client)
    assert (kind.__name__, cause) == ("OutcomeUnknown", "reset")
