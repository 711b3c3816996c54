"""Fetches a link that somebody else named: a vendor's result, or a photo given to the offline server by URL.

Such a URL is hostile until shown otherwise, and so is each address that it is redirected to: `link_rules` says where it
may lead. What was checked is what is connected to: a name is not looked up a second time. Size and time are bounded
while reading. No error holds the URL: that of a result carries a key.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from .errors import LinkRejected
from .link_rules import public_addresses, require_listed, same_origin, web_address

MAX_BYTES = 20_000_000  # unpacked
WHOLE_S = 60.0  # for all of it, redirects included, however slowly it drips
REDIRECTS = 3  # that a result may take
MOVED = (301, 302, 303, 307, 308)
GONE = (403, 404, 410)  # 403: what an object store says when a signed link has run out
PACKED = ("gzip", "x-gzip", "deflate")
EITHER = zlib.MAX_WBITS | 32  # gzip's or zlib's head
PIECE = 1024 * 1024  # bytes unpacked at a time
ASK_FOR = {"accept-encoding": "gzip"}
# The addresses by which a link may be reached; None where it may be reached by its name. Raises LinkRejected.
Check = Callable[[httpx.URL], Awaitable[list[str] | None]]


class TooLarge(Exception):
    """A body is longer than its reader takes."""


def no_cookies() -> CookieJar:
    """For a client that many people share: it keeps nothing that a server sets, nor tells one of them by another."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


async def fetch(client: httpx.AsyncClient, url: str, *, origin: str, hosts: tuple[str, ...]) -> bytes:
    """The vendor's result behind `url`: https, from one of `hosts`, which `require_listed` explains.

    origin: base URL of the call; what lies there is fetched as it is, since the call itself went there. Raises
    LinkRejected with cause scheme | host | address | dns | expired | status | too_large | timeout | network.
    """

    async def check(target: httpx.URL) -> list[str] | None:
        if same_origin(target, origin):
            return None
        require_listed(target, hosts)
        return await public_addresses(target)

    return await _follow(client, url, check, REDIRECTS)


async def fetch_photo(client: httpx.AsyncClient, url: str, *, any_address: bool = False) -> bytes:
    """The photo behind `url`, which a caller gave to the offline server: any public host, http too, no redirects.

    any_address: private ones as well, for a developer's machine. Raises LinkRejected as `fetch` does.
    """

    async def check(target: httpx.URL) -> list[str] | None:
        return None if any_address else await public_addresses(target)

    return await _follow(client, url, check, 0)


async def read_bounded(response: httpx.Response, limit: int) -> bytes:
    """The body of an open response, unpacked; never holds much more than `limit` bytes.

    Raises TooLarge, or httpx.HTTPError: DecodingError for what cannot be unpacked.
    """
    parts: list[bytes] = []
    size = 0
    async with aclosing(_pieces(response)) as pieces:
        async for part in pieces:
            size += len(part)
            if size > limit:
                raise TooLarge
            parts.append(part)
    return b"".join(parts)


async def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body, unpacked here: httpx lets a whole piece from the network swell at once, and packings in packings."""
    packing = response.headers.get("content-encoding", "").strip().lower()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    if packing not in PACKED:
        if packing not in ("", "identity"):
            raise httpx.DecodingError("unknown packing")
        async for raw in response.stream:
            yield raw
        return
    unpacker = zlib.decompressobj(EITHER)
    try:
        async for raw in response.stream:
            while raw:
                if unpacker.eof:  # a gzip may be several in a row
                    unpacker = zlib.decompressobj(EITHER)
                yield unpacker.decompress(raw, PIECE)
                raw = unpacker.unconsumed_tail or unpacker.unused_data
        yield unpacker.flush()
    except zlib.error:
        raise httpx.DecodingError("not what it says") from None


async def _follow(client: httpx.AsyncClient, url: str, check: Check, redirects: int) -> bytes:
    """Each hop is checked like the first, and all of them share the time."""
    try:
        async with asyncio.timeout(WHOLE_S):
            target = web_address(url)
            while True:
                found = await _reach(client, target, await check(target), follow=redirects > 0)
                if isinstance(found, bytes):
                    return found
                target, redirects = web_address(found, target), redirects - 1
    except (httpx.TimeoutException, TimeoutError):
        raise LinkRejected(cause="timeout") from None
    except httpx.HTTPError:
        raise LinkRejected(cause="network") from None
    except (httpx.InvalidURL, ValueError):  # httpx reads a redirect's place, whether or not it is to follow it
        raise LinkRejected(cause="scheme") from None


async def _reach(
    client: httpx.AsyncClient, target: httpx.URL, addresses: list[str] | None, *, follow: bool
) -> bytes | str:
    """Read from one of the addresses that were checked: a second look-up might answer with a private one."""
    if addresses is None:
        return await _read(client, target, {}, {}, follow)
    headers = {"host": target.netloc.decode("ascii")}
    extensions = {"sni_hostname": target.raw_host.decode("ascii")}
    for address in addresses[:-1]:
        try:
            return await _read(client, target.copy_with(host=address), headers, extensions, follow)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await _read(client, target.copy_with(host=addresses[-1]), headers, extensions, follow)


async def _read(
    client: httpx.AsyncClient, target: httpx.URL, headers: dict[str, str], extensions: dict[str, str], follow: bool
) -> bytes | str:
    """The bytes; or, where redirects are followed, where to look instead."""
    asked = ASK_FOR | headers
    async with client.stream("GET", target, headers=asked, extensions=extensions, follow_redirects=False) as response:
        status = response.status_code
        if follow and status in MOVED and response.headers.get("location"):
            return str(response.headers["location"])
        if status in GONE:
            raise LinkRejected(cause="expired", http_status=status)
        if status != 200:
            raise LinkRejected(cause="status", http_status=status)
        try:
            return await read_bounded(response, MAX_BYTES)
        except TooLarge:
            raise LinkRejected(cause="too_large", limit=MAX_BYTES) from None
