"""One HTTP exchange: bounded in size and time, raw headers kept, transport errors translated."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from importlib import import_module

import httpx
import pytest
from pydantic import SecretStr
from support.subclasses import list_subclasses

from meitu_demo.calls.exchange import TRANSPORT_ERRORS, exchange, parse_retry_after
from meitu_demo.domain.errors import DemoError, InvalidResponse, OutcomeUnknown, Unreachable
from meitu_demo.domain.model import CallTarget, Credentials

TARGET = CallTarget("meitu", "http://vendor.invalid", Credentials(SecretStr("canary-key")), is_billable=True)


class Chunks(httpx.AsyncByteStream):
    """A body of pieces, each of which may have to be waited for."""

    def __init__(self, *chunks: bytes, forever: bool = False) -> None:
        self.chunks, self.forever, self.closed = chunks, forever, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.chunks:
            yield piece
        while self.forever:
            await asyncio.sleep(0.01)
            yield b" "

    async def aclose(self) -> None:
        self.closed = True


async def exchange_with(
    answer: httpx.Response | Exception,
    target: CallTarget = TARGET,
    on_request: Callable[[httpx.Request], None] = lambda _: None,
) -> httpx.Response:
    def handler(request: httpx.Request) -> httpx.Response:
        on_request(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), timeout=5) as client:
        return await exchange(client, target, httpx.Request("POST", f"{TARGET.base_url}/?api_key=canary-key"))


async def fail_with(answer: httpx.Response | Exception, target: CallTarget = TARGET) -> DemoError:
    with pytest.raises(DemoError) as caught:
        await exchange_with(answer, target)
    assert "canary" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return caught.value


async def fail_at(url: str, target: CallTarget = TARGET) -> DemoError:
    """The error of an exchange over a real socket."""
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(DemoError) as caught:
            await exchange(client, target, httpx.Request("POST", url))
    return caught.value


@asynccontextmanager
async def serve(answer: bytes, until: bytes = b"\r\n\r\n") -> AsyncIterator[str]:
    """The address of a server that reads up to `until`, gives the same answer to each request, and hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(until)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_exchange_returns_the_decompressed_response() -> None:
    """Status, headers and decompressed body are returned, without the content-encoding."""
    packed = httpx.Response(418, headers={"content-encoding": "gzip", "x-a": "b"}, stream=Chunks(gzip.compress(b"{}")))
    found = await exchange_with(packed)
    assert (found.status_code, found.content, found.headers["x-a"]) == (418, b"{}", "b")
    assert "content-encoding" not in found.headers


async def test_exchange_keeps_raw_headers() -> None:
    """Non-ASCII and repeated headers do not lose a response that was paid for."""
    heads = [(b"Retry-After", b"\x80"), (b"X-Request-Id", "编号".encode()), (b"x-twice", b"1"), (b"x-twice", b"2")]
    found = await exchange_with(httpx.Response(200, headers=heads, stream=Chunks(b"{}")))
    assert found.headers.raw[: len(heads)] == heads
    assert parse_retry_after(found) == {}


async def test_exchange_limits_the_response_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response over the limit is an InvalidResponse, and its connection is closed."""
    monkeypatch.setattr(import_module("meitu_demo.calls.exchange"), "MAX_RESPONSE_BYTES", 10)
    body = Chunks(b"12345", b"67890", b"1")
    error = await fail_with(httpx.Response(200, stream=body))
    assert (type(error), error.facts["cause"], body.closed) == (InvalidResponse, "too_large", True)
    assert (await exchange_with(httpx.Response(200, stream=Chunks(b"12345", b"67890")))).content == b"1234567890"


async def test_exchange_limits_the_time_of_the_body() -> None:
    """The read timeout bounds the whole body, however steadily it drips; it may have been billed."""
    body = Chunks(b"{", forever=True)
    error = await fail_with(httpx.Response(200, stream=body), replace(TARGET, timeout_s=0.05))
    assert (type(error), error.facts["cause"], body.closed) == (OutcomeUnknown, "read_timeout", True)


@pytest.mark.parametrize("chunk", [b"x-a: b\r\n", b"HTTP/1.1 102 Processing\r\n\r\n"])
async def test_exchange_limits_the_time_of_the_head(chunk: bytes) -> None:
    """Headers, or interim responses, that drip over a socket end at the read timeout as well."""
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if chunk.startswith(b"x-a"):
            writer.write(b"HTTP/1.1 200 OK\r\n")
        with suppress(OSError):
            for _ in range(200):
                writer.write(chunk)
                await writer.drain()
                await asyncio.sleep(0.05)
        gone.set()
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        error = await fail_at(url, replace(TARGET, timeout_s=0.2))
        assert (type(error), error.facts["cause"]) == (OutcomeUnknown, "read_timeout")
        await asyncio.wait_for(gone.wait(), 60)  # the connection was given up


async def test_exchange_uses_the_targets_read_timeout() -> None:
    """The target's timeout replaces the client's read timeout; the connect timeout is unchanged."""
    limits: list[dict[str, float]] = []
    encodings: list[str] = []

    def record(request: httpx.Request) -> None:
        limits.append(request.extensions["timeout"])
        encodings.append(request.headers["accept-encoding"])

    await exchange_with(httpx.Response(200), replace(TARGET, timeout_s=7.0), record)
    await exchange_with(httpx.Response(200), TARGET, record)
    assert [limit["read"] for limit in limits] == [7.0, 5.0]
    assert [limit["connect"] for limit in limits] == [5.0, 5.0]
    assert encodings[0] == "gzip"


@pytest.mark.parametrize(
    "location", [b"http://[::1", b"https://xn--/", b"http://a:99999/", b"\xff\xfe://x", b"http://\xe2\x82/"]
)
async def test_exchange_survives_a_malformed_location(location: bytes) -> None:
    """A malformed Location is neither followed nor an exception of the library."""
    redirect = httpx.Response(302, headers=[(b"location", location)])
    with suppress(InvalidResponse, OutcomeUnknown):
        assert (await exchange_with(redirect)).status_code == 302


async def test_exchange_follows_no_redirect() -> None:
    """Photo and keys go to one host only."""
    requests: list[httpx.Request] = []
    redirect = httpx.Response(307, headers={"location": "http://10.0.0.1/"})
    assert (await exchange_with(redirect, on_request=requests.append)).status_code == 307
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("header", "fact"),
    [
        ("7", {"retry_after": 7}),
        (" 10 ", {"retry_after": 10}), ("0", {"retry_after": 0}), ("99999", {"retry_after": 99999}),
        ("100000", {}), ("-1", {}), ("1.5", {}), ("soon", {}), ("", {}), ("²", {}), (None, {}),
        ("Fri, 31 Dec 2027 23:59:59 GMT", {}),
    ],
)  # fmt: skip
def test_parse_retry_after(header: str | None, fact: dict[str, int]) -> None:
    """Retry-After in seconds becomes a fact; dates, nonsense and huge numbers do not."""
    headers = [] if header is None else [(b"retry-after", header.encode())]
    assert parse_retry_after(httpx.Response(429, headers=headers)) == fact


# ── No answer ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("fault", "kind", "cause"),
    [
        (httpx.ConnectTimeout, Unreachable, "connect_timeout"), (httpx.PoolTimeout, Unreachable, "busy"),
        (httpx.ConnectError, Unreachable, "refused"), (httpx.ProxyError, Unreachable, "proxy"),
        (httpx.UnsupportedProtocol, Unreachable, "refused"), (httpx.ReadTimeout, OutcomeUnknown, "read_timeout"),
        (httpx.WriteTimeout, OutcomeUnknown, "read_timeout"), (httpx.ReadError, OutcomeUnknown, "reset"),
        (httpx.WriteError, OutcomeUnknown, "reset"), (httpx.CloseError, OutcomeUnknown, "reset"),
        (httpx.RemoteProtocolError, OutcomeUnknown, "reset"), (httpx.DecodingError, InvalidResponse, "not_json"),
    ],
)  # fmt: skip
async def test_exchange_translates_each_transport_error(
    fault: type[httpx.HTTPError], kind: type[DemoError], cause: str
) -> None:
    """What never arrived may be repeated; what may have arrived may have been billed. Only the facts are kept."""
    error = await fail_with(fault(f"at {TARGET.base_url}/?api_key=canary-key"))
    seconds = {"seconds": 5} if cause == "read_timeout" else {}
    assert (type(error), error.facts) == (kind, {"vendor": "meitu", "cause": cause, **seconds})


def test_exchange_translates_every_httpx_error_class() -> None:
    """Every exception that httpx can raise while sending has a row that takes it, and no row hides behind another."""
    kinds = [row[0] for row in TRANSPORT_ERRORS]
    for fault in list_subclasses(httpx.HTTPError):
        assert any(issubclass(fault, kind) for kind in kinds), fault
    for place, kind in enumerate(kinds):
        assert not any(issubclass(kind, earlier) for earlier in kinds[:place]), kind


async def test_exchange_names_the_cause_of_a_failed_connection(network_escapes: list[str]) -> None:
    """Over real sockets: an unknown name, a closed port and a server without TLS never got the call."""
    assert (await fail_at("https://nowhere.invalid")).facts["cause"] == "dns"
    assert network_escapes == ["look-up of nowhere.invalid"]
    network_escapes.clear()
    async with serve(b"HTTP/1.1 400 Bad Request\r\n\r\n", until=b"\x16") as address:
        assert (await fail_at(f"https://{address}")).facts["cause"] == "tls"
    error = await fail_at(f"http://{address}")  # nobody listens there any more
    assert (type(error), error.facts["cause"]) == (Unreachable, "refused")


@pytest.mark.parametrize("answer", [b"", b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"media'])
async def test_exchange_that_breaks_off_may_have_been_billed(answer: bytes) -> None:
    """Closed before the answer, or in the middle of it."""
    async with serve(answer) as address:
        error = await fail_at(f"http://{address}")
    assert (type(error), error.facts["cause"]) == (OutcomeUnknown, "reset")
