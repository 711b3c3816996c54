"""Downloads of URLs from outside: allowed sources, redirects, DNS rebinding, and limits of size and time."""

import asyncio
import gzip
import socket
import traceback
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meitu_demo.calls import download
from meitu_demo.domain.errors import LinkRejected

PUBLIC = "93.184.216.34"
ORIGIN = "http://127.0.0.1:8700"  # a base URL on a developer's machine
HOSTS = ("cdn.example", ".pictures.example")
fetch = partial(download.download_result, origin=f"{ORIGIN}/prefix", allowed_hosts=HOSTS)
Fetch = Callable[..., Coroutine[Any, Any, bytes]]
BOTH_DOWNLOADS = pytest.mark.parametrize("download_url", [fetch, download.download_photo], ids=["result", "photo"])


def client_for(handler: Callable[[httpx.Request], Any]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(handler))


def picture(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"picture")


def redirects(**locations: str) -> Callable[[httpx.Request], httpx.Response]:
    """Answers a path that is named here with a redirect to its place, any other with the picture."""

    def handler(request: httpx.Request) -> httpx.Response:
        location = locations.get(request.url.path[1:])
        return picture(request) if location is None else httpx.Response(302, headers={"location": location})

    return handler


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The test's own name service: addresses by name."""
    table: dict[str, list[str]] = {"cdn.example": [PUBLIC]}

    def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if str(host) not in table:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in table[str(host)]]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return table


async def rejection_facts(
    download_url: Fetch, client: httpx.AsyncClient, url: str, **options: Any
) -> dict[str, object]:
    with pytest.raises(LinkRejected) as caught:
        await download_url(client, url, **options)
    return caught.value.facts


async def rejection_cause(download_url: Fetch, client: httpx.AsyncClient, url: str, **options: Any) -> str:
    return str((await rejection_facts(download_url, client, url, **options))["cause"])


# ── Which door takes what ───────────────────────────────────────────────────────────────────────────────────────────
async def test_download_result_from_an_allowed_host(names: dict[str, list[str]]) -> None:
    """A result is fetched by https from an allowed host, with its query and Host header."""
    names["a.pictures.example"] = [PUBLIC]
    seen: list[httpx.Request] = []
    async with client_for(lambda request: seen.append(request) or picture(request)) as client:
        assert await fetch(client, "https://cdn.example/a.png?x=1") == b"picture"
        assert await fetch(client, "https://A.Pictures.example:443/b.png") == b"picture"
    assert [request.url.raw_path for request in seen] == [b"/a.png?x=1", b"/b.png"]
    assert [request.headers["host"] for request in seen] == ["cdn.example", "a.pictures.example"]


async def test_download_photo_from_any_public_host(names: dict[str, list[str]]) -> None:
    """The offline server fetches a photo from any public host and port, by http or https."""
    seen: list[httpx.Request] = []
    async with client_for(lambda request: seen.append(request) or picture(request)) as client:
        assert await download.download_photo(client, "https://cdn.example:8443/a.png?x=1") == b"picture"
        assert await download.download_photo(client, "http://cdn.example/a.png") == b"picture"
    assert [request.headers["host"] for request in seen] == ["cdn.example:8443", "cdn.example"]


async def test_download_result_from_the_calls_origin(names: dict[str, list[str]]) -> None:
    """A result at the call's scheme, host and port is fetched unchecked; any other origin is checked."""
    async with client_for(picture) as client:
        assert await fetch(client, f"{ORIGIN}/results/x.jpg") == b"picture"
        assert (
            await fetch(client, "https://a.example:443/x", origin="https://a.example", allowed_hosts=()) == b"picture"
        )
        for other in ("http://127.0.0.1:8701/x", "https://127.0.0.1:8700/x", "http://127.0.0.1/x"):
            assert await rejection_cause(fetch, client, other) == "scheme"
        assert await rejection_cause(fetch, client, "https://cdn.example/x", allowed_hosts=()) == "host"


async def test_download_photo_allows_private_addresses_on_request() -> None:
    """With allow_private a photo is fetched from loopback; scheme and userinfo are still checked."""
    async with client_for(picture) as client:
        assert await download.download_photo(client, "http://127.0.0.1:9/x", allow_private=True) == b"picture"
        assert (
            await rejection_cause(download.download_photo, client, "http://u:p@127.0.0.1:9/x", allow_private=True)
            == "scheme"
        )


# ── What was checked is what is connected to ────────────────────────────────────────────────────────────────────────
@BOTH_DOWNLOADS
async def test_download_connects_to_the_checked_address(download_url: Fetch, names: dict[str, list[str]]) -> None:
    """DNS rebinding gains nothing: the connection goes to the checked address, the name is for TLS only."""
    seen: list[httpx.Request] = []
    async with client_for(lambda request: seen.append(request) or picture(request)) as client:
        await download_url(client, "https://cdn.example/a.png")
    assert seen[0].url.host == PUBLIC
    assert seen[0].extensions["sni_hostname"] == "cdn.example"


@BOTH_DOWNLOADS
async def test_download_tries_the_next_address(download_url: Fetch, names: dict[str, list[str]]) -> None:
    """Of a host with several addresses, the next is tried if one does not answer."""
    names["cdn.example"] = ["2606:2800:220:1:248:1893:25c8:1946", PUBLIC]

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.host != PUBLIC:
            raise httpx.ConnectError("no route", request=request)
        return picture(request)

    async with client_for(handler) as client:
        assert await download_url(client, "https://cdn.example/a.png") == b"picture"
    names["cdn.example"].pop()
    async with client_for(handler) as client:
        assert await rejection_cause(download_url, client, "https://cdn.example/a.png") == "network"


@BOTH_DOWNLOADS
async def test_download_rejects_unresolvable_hosts(download_url: Fetch, names: dict[str, list[str]]) -> None:
    """For an unknown host or one without addresses, nothing is sent."""
    names["a.pictures.example"] = []
    async with client_for(lambda request: pytest.fail("nothing may be sent")) as client:
        for name in ("a.pictures.example", "b.pictures.example"):
            assert await rejection_cause(download_url, client, f"https://{name}/x") == "dns"


async def test_download_over_a_real_socket(names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting to a checked address with the host's name in the Host header works over a socket."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\npicture")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        names["127.0.0.1"] = ["127.0.0.1"]

        async def anywhere(target: httpx.URL) -> list[str]:
            return ["127.0.0.1"]

        monkeypatch.setattr(download, "resolve_public_addresses", anywhere)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert await download.download_photo(client, f"http://cdn.example:{port}/a.png") == b"picture"
    assert asked[0].startswith(b"GET /a.png HTTP/1.1\r\n")
    assert f"host: cdn.example:{port}\r\n".encode() in asked[0].lower()


# ── Redirects ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_download_result_checks_each_redirect(names: dict[str, list[str]]) -> None:
    """A redirect, relative or not, is followed to an allowed host at the address checked for that host."""
    names["b.pictures.example"] = ["93.184.216.35"]
    seen: list[httpx.Request] = []
    answers = redirects(first="/second", second="https://b.pictures.example/third?x=1", third=f"{ORIGIN}/fourth")
    async with client_for(lambda request: seen.append(request) or answers(request)) as client:
        assert await fetch(client, "https://cdn.example/first") == b"picture"
    locations = [
        (request.url.host, request.headers["host"], request.extensions.get("sni_hostname")) for request in seen
    ]
    assert locations == [
        (PUBLIC, "cdn.example", "cdn.example"),
        (PUBLIC, "cdn.example", "cdn.example"),
        ("93.184.216.35", "b.pictures.example", "b.pictures.example"),
        ("127.0.0.1", "127.0.0.1:8700", None),
    ]
    assert seen[2].url.raw_path == b"/third?x=1"


async def test_download_limits_redirects(names: dict[str, list[str]]) -> None:
    """A result may take three redirects, a photo none; a redirect without a target is an error."""
    async with client_for(redirects(a="/b", b="/c", c="/d", round="/round", nowhere="")) as client:
        assert await fetch(client, "https://cdn.example/a") == b"picture"
        for download_url, path in ((fetch, "round"), (fetch, "nowhere"), (download.download_photo, "a")):
            facts = await rejection_facts(download_url, client, f"https://cdn.example/{path}")
            assert facts == {"cause": "status", "http_status": 302}


# ── What counts as an answer ────────────────────────────────────────────────────────────────────────────────────────
@BOTH_DOWNLOADS
@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (204, "status"), (206, "status"), (301, "status"), (304, "status"), (401, "status"), (429, "status"),
        (500, "status"), (403, "expired"), (404, "expired"), (410, "expired"),
    ],
)  # fmt: skip
async def test_download_accepts_only_status_200(
    download_url: Fetch, status: int, cause: str, names: dict[str, list[str]]
) -> None:
    """Any other status is reported with its number, and as expired if the file is gone."""
    async with client_for(lambda request: httpx.Response(status)) as client:
        assert await rejection_facts(download_url, client, "https://cdn.example/x") == {
            "cause": cause,
            "http_status": status,
        }


@BOTH_DOWNLOADS
async def test_download_limits_size_to_the_byte(download_url: Fetch, names: dict[str, list[str]]) -> None:
    """One byte more than 20 MB is rejected."""
    async with client_for(lambda request: httpx.Response(200, content=bytes(20_000_000))) as client:
        assert len(await download_url(client, "https://cdn.example/x")) == 20_000_000
    async with client_for(lambda request: httpx.Response(200, content=bytes(20_000_001))) as client:
        facts = await rejection_facts(download_url, client, "https://cdn.example/x")
        assert facts == {"cause": "too_large", "limit": 20_000_000}


async def test_download_stops_reading_at_the_size_limit() -> None:
    """An endless response without a declared length is cut off soon after the limit."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1024 * 1024
            yield b"x" * 1024 * 1024

    async with client_for(lambda request: httpx.Response(200, content=endless())) as client:
        assert await rejection_cause(fetch, client, f"{ORIGIN}/x") == "too_large"
    assert read <= download.MAX_DOWNLOAD_BYTES + 2 * 1024 * 1024


async def test_download_limits_the_total_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow drip ends at the time limit, and a redirect does not extend it."""
    assert download.MAX_DOWNLOAD_S == 60
    monkeypatch.setattr(download, "MAX_DOWNLOAD_S", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b""

    async with client_for(lambda request: httpx.Response(200, content=drip())) as client:
        assert await rejection_cause(fetch, client, f"{ORIGIN}/x") == "timeout"

    async def silent(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/first":
            monkeypatch.setattr(download, "MAX_DOWNLOAD_S", 3600.0)
            return httpx.Response(307, headers={"location": "/second"})
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async with client_for(silent) as client:
        assert await rejection_cause(fetch, client, f"{ORIGIN}/first") == "timeout"


@pytest.mark.parametrize(
    ("error", "cause"),
    [(httpx.ReadTimeout, "timeout"), (httpx.ConnectTimeout, "timeout"), (httpx.ConnectError, "network"),
     (httpx.ReadError, "network"), (httpx.RemoteProtocolError, "network"), (httpx.DecodingError, "network")],
)  # fmt: skip
async def test_download_translates_transport_errors(error: type[httpx.HTTPError], cause: str) -> None:
    """Each transport error has its cause, and no text of the error holds the URL, which may hold a key."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise error(f"at {request.url}")

    url = f"{ORIGIN}/{'canary'.upper()}"
    async with client_for(handler) as client:
        with pytest.raises(LinkRejected) as caught:
            await fetch(client, url)
    assert caught.value.facts == {"cause": cause}
    assert "CANARY" not in "".join(traceback.format_exception(caught.value))


@given(url=st.text(max_size=60) | st.builds("http{}".format, st.text(max_size=60)))
@example(url="http://127.0.0.1:8700\x00")
@example(url="http://\u2025.example/")
@example(url="http://xn--/")
@example(url="http://a" + ".b" * 200)
@example(url="data:image/png;base64,AAAA")
@example(url="http://0xffffffffffffffff/")
def test_download_raises_only_link_rejected(url: str) -> None:
    """Any text as a URL or as a Location ends in bytes or in LinkRejected."""

    async def attempt() -> None:
        loop = asyncio.get_running_loop()

        async def nobody(*args: object, **kwargs: object) -> list[Any]:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        loop.getaddrinfo = nobody  # type: ignore[method-assign, assignment]
        async with client_for(picture) as client:
            for download_url in (fetch, download.download_photo):
                with pytest.raises(LinkRejected):
                    await download_url(client, url)
        headers = {"location": url.encode("utf-8", "replace")}
        async with client_for(lambda request: httpx.Response(302, headers=headers)) as client:
            with pytest.raises(LinkRejected):
                await fetch(client, f"{ORIGIN}/x")
            with pytest.raises(LinkRejected):
                await download.download_photo(client, f"{ORIGIN}/x", allow_private=True)

    asyncio.run(attempt())


# ── Packed bodies, for links and answers alike ──────────────────────────────────────────────────────────────────────
async def decompress(chunks: list[bytes], packing: str, limit: int = 10_000_000) -> bytes:
    """What `read_bounded` makes of a body that arrives in these pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in chunks:
            yield piece

    response = httpx.Response(200, headers={"content-encoding": packing}, content=pieces())
    return await download.read_limited(response, limit)


@given(
    parts=st.lists(
        st.binary(max_size=50) | st.integers(0, 3).map(lambda n: b"a" * (download.MAX_CHUNK_BYTES + n - 1)), max_size=4
    ),
    cut=st.integers(1, 1000),
    packing=st.sampled_from(["gzip", " GZIP", "x-gzip", "deflate"]),
)
def test_read_limited_decompresses_any_chunking(parts: list[bytes], cut: int, packing: str) -> None:
    """A gzip body is decompressed however it is chunked, with several members as well."""
    data = b"".join(parts)
    packed = zlib.compress(data) if packing == "deflate" else b"".join(map(gzip.compress, parts or [b""]))
    pieces = [packed[at : at + cut] for at in range(0, len(packed), cut)]
    assert asyncio.run(decompress(pieces, packing)) == data


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "deflate,gzip", "nonsense", "gzip"])
async def test_read_limited_rejects_bad_and_nested_encodings(packing: str) -> None:
    """Unknown, broken and nested encodings, which could inflate a thousandfold, are decoding errors."""
    with pytest.raises(httpx.DecodingError):
        await decompress([gzip.compress(gzip.compress(b"x" * 1000)), b"and more"], packing)


async def test_read_limited_stops_gzip_bombs() -> None:
    """The limit holds to the byte for the decompressed size, not for what came over the wire."""
    packed = gzip.compress(bytes(5_000_000))
    assert len(packed) < 10_000
    assert len(await decompress([packed], "gzip", 5_000_000)) == 5_000_000
    with pytest.raises(download.BodyTooLarge):
        await decompress([packed], "gzip", 4_999_999)
