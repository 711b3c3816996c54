"""Fetches a link that somebody else named: a vendor's result, or a photo given to the offline server by URL.

Such a URL is hostile until shown otherwise: only http(s), no userinfo, and no address that is private, unless the link
stays on the very origin that the call went to. What was checked is what is connected to: the name is not looked up a
second time. Redirects are not followed; size and time are bounded while reading.
"""

import asyncio
import ipaddress
import socket
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from .errors import LinkRejected

MAX_BYTES = 30 * 1024 * 1024
# IPv4 addresses in disguise, private ones too: NAT64 (RFC 6052, 8215) and 6to4 (RFC 3056).
TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))
WHOLE_S = 60.0  # for all of it, however slowly it drips
PACKED = ("gzip", "x-gzip", "deflate")
EITHER = zlib.MAX_WBITS | 32  # gzip's or zlib's head
PIECE = 1024 * 1024  # bytes unpacked at a time
ASK_FOR = {"accept-encoding": "gzip"}


class TooLarge(Exception):
    """A body is longer than its reader takes."""


async def fetch(client: httpx.AsyncClient, url: str, *, origin: str = "", any_address: bool = False) -> bytes:
    """The bytes behind `url`. `origin` is a base URL whose links need no further check (the call went there already).

    Raises LinkRejected(cause) with cause scheme | address | dns | status | too_large | timeout | network.
    """
    target = _web_address(url)
    try:
        async with asyncio.timeout(WHOLE_S):
            if any_address or _same_origin(target, origin):
                return await _read(client, target)
            return await _read_public(client, target)
    except (httpx.TimeoutException, TimeoutError):
        raise LinkRejected(cause="timeout") from None
    except httpx.HTTPError:
        raise LinkRejected(cause="network") from None


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


def _web_address(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
        plain = target.scheme in ("http", "https") and bool(target.host) and not target.userinfo
    except (httpx.InvalidURL, ValueError):  # ValueError: a name that is no IDNA
        plain = False
    if not plain or not 0 < (target.port or 80) < 65536:
        raise LinkRejected(cause="scheme")
    return target


def _same_origin(target: httpx.URL, origin: str) -> bool:
    home = httpx.URL(origin or "http://none.invalid")
    return (target.scheme, target.host, target.port) == (home.scheme, home.host, home.port)


async def _read_public(client: httpx.AsyncClient, target: httpx.URL) -> bytes:
    """Read from one of the addresses that were checked: a second look-up might answer with a private one."""
    name = target.raw_host.decode("ascii")
    addresses = await _public_addresses(name, target.port or (443 if target.scheme == "https" else 80))
    headers, extensions = {"host": target.netloc.decode("ascii")}, {"sni_hostname": name}
    for address in addresses[:-1]:
        try:
            return await _read(client, target.copy_with(host=address), headers, extensions)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await _read(client, target.copy_with(host=addresses[-1]), headers, extensions)


async def _public_addresses(host: str, port: int) -> list[str]:
    """What `host` resolves to, if all of it is public."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise LinkRejected(cause="dns") from None
    addresses = [str(address[0]) for *_, address in found]
    for text in addresses:
        ip = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None) or ip
        if not mapped.is_global or mapped.is_multicast or any(ip in net for net in TRANSLATED):
            raise LinkRejected(cause="address")
    return addresses


async def _read(
    client: httpx.AsyncClient,
    target: httpx.URL,
    headers: dict[str, str] | None = None,
    extensions: dict[str, str] | None = None,
) -> bytes:
    asked = {**ASK_FOR, **(headers or {})}
    async with client.stream("GET", target, headers=asked, extensions=extensions, follow_redirects=False) as response:
        if response.status_code != 200:
            raise LinkRejected(cause="status", http_status=response.status_code)
        try:
            return await read_bounded(response, MAX_BYTES)
        except TooLarge:
            raise LinkRejected(cause="too_large", limit=MAX_BYTES) from None
