"""Fetches a link that somebody else named: a vendor's result, or a photo given to the offline server by URL.

Such a URL is hostile until shown otherwise: only http(s), no userinfo, and no address that is private, unless the link
stays on the very origin that the call went to. Redirects are not followed, and the size is bounded while reading.
"""

import asyncio
import ipaddress
import socket

import httpx

from .errors import LinkRejected

MAX_BYTES = 30 * 1024 * 1024


async def fetch(client: httpx.AsyncClient, url: str, *, origin: str = "", any_address: bool = False) -> bytes:
    """The bytes behind `url`. `origin` is a base URL whose links need no further check (the call went there already).

    Raises LinkRejected(cause) with cause scheme | address | dns | status | too_large | timeout | network.
    """
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise LinkRejected(cause="scheme") from None
    if target.scheme not in ("http", "https") or not target.host or target.userinfo:
        raise LinkRejected(cause="scheme")
    if not (any_address or _same_origin(target, origin)):
        await _require_public(target.host, target.port or (443 if target.scheme == "https" else 80))
    try:
        return await _read(client, target)
    except httpx.TimeoutException:
        raise LinkRejected(cause="timeout") from None
    except httpx.HTTPError:
        raise LinkRejected(cause="network") from None


def _same_origin(target: httpx.URL, origin: str) -> bool:
    home = httpx.URL(origin or "http://none.invalid")
    return (target.scheme, target.host, target.port) == (home.scheme, home.host, home.port)


async def _require_public(host: str, port: int) -> None:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise LinkRejected(cause="dns") from None
    for *_, address in found:
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None) or ip
        if not mapped.is_global or mapped.is_multicast:
            raise LinkRejected(cause="address")


async def _read(client: httpx.AsyncClient, target: httpx.URL) -> bytes:
    async with client.stream("GET", target, follow_redirects=False) as response:
        if response.status_code != 200:
            raise LinkRejected(cause="status", http_status=response.status_code)
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > MAX_BYTES:
                raise LinkRejected(cause="too_large", limit=MAX_BYTES)
            parts.append(part)
    return b"".join(parts)
