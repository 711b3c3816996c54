"""Links that somebody else named: what is fetched, what is refused, and that the guard cannot be talked round."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meitu_demo import links
from meitu_demo.errors import LinkRejected

PUBLIC = "93.184.216.34"


def client_for(handler: Callable[[httpx.Request], Any]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(handler))


def picture(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"picture")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The test's own name service: addresses by name."""
    table: dict[str, list[str]] = {}

    def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if str(host) not in table:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in table[str(host)]]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return table


async def refused(client: httpx.AsyncClient, url: str, **options: Any) -> str:
    with pytest.raises(LinkRejected) as caught:
        await links.fetch(client, url, **options)
    return str(caught.value.facts["cause"])


async def test_a_public_link_is_fetched(names: dict[str, list[str]]) -> None:
    """Over https and http, with port and query."""
    names["cdn.example"] = [PUBLIC]
    seen: list[httpx.Request] = []
    async with client_for(lambda request: seen.append(request) or picture(request)) as client:
        assert await links.fetch(client, "https://cdn.example:8443/a.png?x=1") == b"picture"
        assert await links.fetch(client, "http://cdn.example/a.png") == b"picture"
    assert [request.url.raw_path for request in seen] == [b"/a.png?x=1", b"/a.png"]
    assert [request.headers["host"] for request in seen] == ["cdn.example:8443", "cdn.example"]


async def test_what_was_checked_is_what_is_connected_to(names: dict[str, list[str]]) -> None:
    """A name that answers differently the second time gains nothing: the checked address is used, the name for TLS."""
    names["rebind.example"] = [PUBLIC]
    seen: list[httpx.Request] = []
    async with client_for(lambda request: seen.append(request) or picture(request)) as client:
        await links.fetch(client, "https://rebind.example/a.png")
    assert seen[0].url.host == PUBLIC
    assert seen[0].extensions["sni_hostname"] == "rebind.example"


async def test_the_next_address_is_tried(names: dict[str, list[str]]) -> None:
    """A host with several addresses is reached over the one that answers."""
    names["cdn.example"] = ["2606:2800:220:1:248:1893:25c8:1946", PUBLIC]

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.host != PUBLIC:
            raise httpx.ConnectError("no route", request=request)
        return picture(request)

    async with client_for(handler) as client:
        assert await links.fetch(client, "https://cdn.example/a.png") == b"picture"
    names["cdn.example"].pop()
    async with client_for(handler) as client:
        assert await refused(client, "https://cdn.example/a.png") == "network"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://cdn.example/x", "file:///etc/passwd", "gopher://cdn.example", "javascript:alert(1)", "data:image/png,x",
        "//cdn.example/x", "/etc/passwd", "", "https://", "https://user:pw@cdn.example/x", "https://user@cdn.example/x",
        "https://cdn.example:99999/x", "https://[::1/x", "https://" + "a" * 70_000, "https://cdn example/x",
        "\x00https://cdn.example/x",
    ],
)  # fmt: skip
async def test_only_plain_web_addresses(url: str, names: dict[str, list[str]]) -> None:
    """Another scheme, userinfo or no host at all: refused before anything is looked up."""
    names["cdn.example"] = [PUBLIC]
    async with client_for(picture) as client:
        assert await refused(client, url) in ("scheme", "dns")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
async def test_no_address_that_is_not_public(address: str, names: dict[str, list[str]]) -> None:
    """Loopback, private, link-local (a cloud's metadata), reserved, in any disguise; also as the second of two."""
    async with client_for(picture) as client:
        names["inside.example"] = [address]
        assert await refused(client, "http://inside.example/x") == "address"
        names["inside.example"] = [PUBLIC, address]
        assert await refused(client, "http://inside.example/x") == "address"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[::ffff:7f00:1]"]
)
async def test_addresses_written_as_numbers(host: str) -> None:
    """Every spelling of loopback that a resolver understands is refused."""
    async with client_for(picture) as client:
        assert await refused(client, f"http://{host}/x") in ("address", "dns", "scheme")


async def test_the_calls_own_origin_needs_no_check(names: dict[str, list[str]]) -> None:
    """A link back to where the call went is fetched; another port, scheme or host is not that origin."""
    origin = "http://127.0.0.1:8700/prefix"
    async with client_for(picture) as client:
        assert await links.fetch(client, "http://127.0.0.1:8700/results/x.jpg", origin=origin) == b"picture"
        assert await links.fetch(client, "https://a.example:443/x", origin="https://a.example") == b"picture"
        for other in ("http://127.0.0.1:8701/x", "https://127.0.0.1:8700/x", "http://127.0.0.1/x"):
            assert await refused(client, other, origin=origin) in ("address", "dns")


async def test_a_developers_machine_may_allow_any_address() -> None:
    """With the setting for it, loopback is fetched; scheme and userinfo are still held."""
    async with client_for(picture) as client:
        assert await links.fetch(client, "http://127.0.0.1:9/x", any_address=True) == b"picture"
        assert await refused(client, "http://u:p@127.0.0.1:9/x", any_address=True) == "scheme"


async def test_redirects_are_not_followed(names: dict[str, list[str]]) -> None:
    """Or a public host could lead inside."""
    names["cdn.example"] = [PUBLIC]
    headers = {"location": "http://169.254.169.254/latest"}
    async with client_for(lambda request: httpx.Response(302, headers=headers)) as client:
        assert await refused(client, "https://cdn.example/x") == "status"


@pytest.mark.parametrize("status", [204, 206, 301, 403, 404, 410, 500])
async def test_only_a_whole_answer_counts(status: int, names: dict[str, list[str]]) -> None:
    """Everything but 200 is told with its number."""
    names["cdn.example"] = [PUBLIC]
    async with client_for(lambda request: httpx.Response(status)) as client:
        with pytest.raises(LinkRejected) as caught:
            await links.fetch(client, "https://cdn.example/x")
    assert caught.value.facts == {"cause": "status", "http_status": status}


async def test_the_size_is_bounded_while_reading() -> None:
    """An endless answer is cut off soon after the limit, without a declared length."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1024 * 1024
            yield b"x" * 1024 * 1024

    async with client_for(lambda request: httpx.Response(200, content=endless())) as client:
        assert await refused(client, "http://127.0.0.1/x", any_address=True) == "too_large"
    assert read <= links.MAX_BYTES + 2 * 1024 * 1024


async def test_the_time_is_bounded_however_slowly_it_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read may be in time and the whole is not."""
    monkeypatch.setattr(links, "WHOLE_S", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b"x"

    async with client_for(lambda request: httpx.Response(200, content=drip())) as client:
        assert await refused(client, "http://127.0.0.1/x", any_address=True) == "timeout"


@pytest.mark.parametrize(
    ("error", "cause"),
    [(httpx.ReadTimeout, "timeout"), (httpx.ConnectTimeout, "timeout"), (httpx.ConnectError, "network"),
     (httpx.ReadError, "network"), (httpx.RemoteProtocolError, "network"), (httpx.DecodingError, "network")],
)  # fmt: skip
async def test_faults_on_the_way(error: type[httpx.HTTPError], cause: str) -> None:
    """Each has its cause, and the URL (which may hold a key) is in no text of it."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise error(f"at {request.url}")

    async with client_for(handler) as client:
        with pytest.raises(LinkRejected) as caught:
            await links.fetch(client, "http://127.0.0.1/canary", any_address=True)
    assert caught.value.facts == {"cause": cause}
    assert "canary" not in str(caught.value)


async def test_over_a_real_socket(names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting to a checked address while asking for a name really works, Host header included."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\npicture")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        names["cdn.example"] = names["127.0.0.1"] = ["127.0.0.1"]

        async def anywhere(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        monkeypatch.setattr(links, "_public_addresses", anywhere)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert await links.fetch(client, f"http://cdn.example:{port}/a.png") == b"picture"
    assert asked[0].startswith(b"GET /a.png HTTP/1.1\r\n")
    assert f"host: cdn.example:{port}\r\n".encode() in asked[0].lower()


@given(url=st.text(max_size=60) | st.builds("http{}".format, st.text(max_size=60)))
@example(url="http://127.0.0.1:8700\x00")
@example(url="http://\u2025.example/")
@example(url="http://xn--/")
@example(url="http://a" + ".b" * 200)
@example(url="http://0xffffffffffffffff/")
def test_any_text_ends_in_bytes_or_a_refusal(url: str) -> None:
    """No text makes fetching raise anything but LinkRejected, and nothing that is not a number is looked up outside."""

    async def attempt() -> None:
        loop = asyncio.get_running_loop()

        async def nobody(*args: object, **kwargs: object) -> list[Any]:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        loop.getaddrinfo = nobody  # type: ignore[method-assign, assignment]
        async with client_for(picture) as client:
            with pytest.raises(LinkRejected):
                await links.fetch(client, url)

    asyncio.run(attempt())


# ── Packed bodies, for links and answers alike ──────────────────────────────────────────────────────────────────────
async def unpacked(packed: list[bytes], packing: str, limit: int = 10_000_000) -> bytes:
    """What `read_bounded` makes of a body that arrives in these pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in packed:
            yield piece

    response = httpx.Response(200, headers={"content-encoding": packing}, content=pieces())
    return await links.read_bounded(response, limit)


@given(
    parts=st.lists(st.binary(max_size=50) | st.integers(0, 3).map(lambda n: b"a" * (links.PIECE + n - 1)), max_size=4),
    cut=st.integers(1, 1000),
    packing=st.sampled_from(["gzip", " GZIP", "x-gzip", "deflate"]),
)
def test_what_was_packed_comes_out_whole(parts: list[bytes], cut: int, packing: str) -> None:
    """However it is cut up on the way, also several gzips in a row."""
    data = b"".join(parts)
    packed = zlib.compress(data) if packing == "deflate" else b"".join(map(gzip.compress, parts or [b""]))
    pieces = [packed[at : at + cut] for at in range(0, len(packed), cut)]
    assert asyncio.run(unpacked(pieces, packing)) == data


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "deflate,gzip", "nonsense", "gzip"])
async def test_what_cannot_be_unpacked(packing: str) -> None:
    """Packings inside packings too: each would swell a thousandfold. None is guessed at."""
    with pytest.raises(httpx.DecodingError):
        await unpacked([gzip.compress(gzip.compress(b"x" * 1000)), b"and more"], packing)


async def test_a_bomb_is_measured_as_it_swells() -> None:
    """The bound holds for what comes out, to the byte, not for what came over the wire."""
    packed = gzip.compress(bytes(5_000_000))
    assert len(packed) < 10_000
    assert len(await unpacked([packed], "gzip", 5_000_000)) == 5_000_000
    with pytest.raises(links.TooLarge):
        await unpacked([packed], "gzip", 4_999_999)
