"""Downloads from untrusted URLs, guarded against SSRF: vendors' results, and photos given to the offline server.

The URL and each redirect are checked by `url_policy`. Against DNS rebinding, the connection goes to the address that
was checked: the name is not resolved a second time. A proxy resolves names itself: through one, only
results of allowed hosts are fetched. Size and time are bounded while reading, decompression included.
No error contains the URL, because a result's URL carries a key.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import httpx

from ..domain.errors import LinkRejected
from .http_client import NetworkClient
from .url_policy import check_allowed_host, is_same_origin, parse_http_url, resolve_public_addresses

MAX_DOWNLOAD_BYTES = 20_000_000  # decompressed
MAX_DOWNLOAD_S = 60.0  # in all, redirects included
MAX_REDIRECTS = 3  # for a result; a photo's URL may not redirect
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
GONE_STATUSES = (403, 404, 410)  # 403: an object store's answer to an expired signed link
CONTENT_ENCODINGS = ("gzip", "x-gzip", "deflate")
GZIP_OR_ZLIB_WBITS = zlib.MAX_WBITS | 32  # detects which
MAX_CHUNK_BYTES = 1024 * 1024  # decompressed at a time
ACCEPT_ENCODING = {"accept-encoding": "gzip"}
# The IP addresses to connect to; None to connect by name. Raises LinkRejected.
UrlPolicy = Callable[[httpx.URL], Awaitable[list[str] | None]]


class BodyTooLarge(Exception):
    """The body is longer than the limit."""


async def download_result(client: httpx.AsyncClient, url: str, *, origin: str, allowed_hosts: tuple[str, ...]) -> bytes:
    """Download a vendor's result: https, from one of `allowed_hosts` (see `check_allowed_host`), at most 3 redirects.

    origin: base URL of the call; a URL of that origin is not checked, since the call itself went there.
    Raises LinkRejected with cause scheme | host | address | dns | expired | status | too_large | timeout | network.
    """

    async def check_result_url(hop_url: httpx.URL) -> list[str] | None:
        if is_same_origin(hop_url, origin):
            return None
        check_allowed_host(hop_url, allowed_hosts)
        if _is_proxied(client, hop_url):
            return None
        return await resolve_public_addresses(hop_url)

    return await _follow_redirects(client, url, check_result_url, MAX_REDIRECTS)


async def download_photo(client: httpx.AsyncClient, url: str, *, allow_private: bool = False) -> bytes:
    """Download a photo that a caller gave to the offline server by URL: any public host, http or https, no redirects.

    allow_private: private addresses as well, for a developer's machine. Raises LinkRejected as `download_result` does,
    and LinkRejected(address) where a proxy resolves the name, because nobody knows which machine it would reach.
    """

    async def check_photo_url(hop_url: httpx.URL) -> list[str] | None:
        if allow_private:
            return None
        if _is_proxied(client, hop_url):
            raise LinkRejected(cause="address")
        return await resolve_public_addresses(hop_url)

    return await _follow_redirects(client, url, check_photo_url, 0)


def _is_proxied(client: httpx.AsyncClient, url: httpx.URL) -> bool:
    return isinstance(client, NetworkClient) and client.is_proxied(url)


async def read_limited(response: httpx.Response, max_bytes: int) -> bytes:
    """The decompressed body of an open response. Safe from gzip bombs: memory stays near `max_bytes`.

    Raises BodyTooLarge, or httpx.HTTPError: DecodingError if it cannot be decompressed.
    """
    chunks: list[bytes] = []
    size = 0
    async with aclosing(_iter_decoded(response)) as decoded:
        async for chunk in decoded:
            size += len(chunk)
            if size > max_bytes:
                raise BodyTooLarge
            chunks.append(chunk)
    return b"".join(chunks)


async def _iter_decoded(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Decompress the body in bounded chunks; httpx would decompress a whole network chunk, and nested encodings."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    if encoding not in CONTENT_ENCODINGS:
        if encoding not in ("", "identity"):
            raise httpx.DecodingError("unsupported content-encoding")
        async for raw in response.stream:
            yield raw
        return
    decompressor = zlib.decompressobj(GZIP_OR_ZLIB_WBITS)
    try:
        async for raw in response.stream:
            while raw:
                if decompressor.eof:  # a gzip file may have several members
                    decompressor = zlib.decompressobj(GZIP_OR_ZLIB_WBITS)
                yield decompressor.decompress(raw, MAX_CHUNK_BYTES)
                raw = decompressor.unconsumed_tail or decompressor.unused_data
        yield decompressor.flush()
    except zlib.error:
        raise httpx.DecodingError("body does not match its content-encoding") from None


async def _follow_redirects(client: httpx.AsyncClient, url: str, policy: UrlPolicy, max_redirects: int) -> bytes:
    """Download, following redirects by hand: each hop is checked like the first, and all share the time limit."""
    try:
        async with asyncio.timeout(MAX_DOWNLOAD_S):
            current_url = parse_http_url(url)
            while True:
                body_or_location = await _connect(
                    client, current_url, await policy(current_url), follow=max_redirects > 0
                )
                if isinstance(body_or_location, bytes):
                    return body_or_location
                current_url, max_redirects = parse_http_url(body_or_location, current_url), max_redirects - 1
    except (httpx.TimeoutException, TimeoutError):
        raise LinkRejected(cause="timeout") from None
    except httpx.HTTPError:
        raise LinkRejected(cause="network") from None
    except (httpx.InvalidURL, ValueError):  # a bad Location: httpx parses it even if it is not followed
        raise LinkRejected(cause="scheme") from None


async def _connect(
    client: httpx.AsyncClient, url: httpx.URL, addresses: list[str] | None, *, follow: bool
) -> bytes | str:
    """GET from the checked addresses, one after another: against DNS rebinding, the name is not resolved again."""
    if addresses is None:
        return await _get(client, url, {}, {}, follow)
    headers = {"host": url.netloc.decode("ascii")}
    extensions = {"sni_hostname": url.raw_host.decode("ascii")}
    for address in addresses[:-1]:
        try:
            return await _get(client, url.copy_with(host=address), headers, extensions, follow)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await _get(client, url.copy_with(host=addresses[-1]), headers, extensions, follow)


async def _get(
    client: httpx.AsyncClient, url: httpx.URL, headers: dict[str, str], extensions: dict[str, str], follow: bool
) -> bytes | str:
    """The body (bytes), or the Location of a redirect (str) if `follow`."""
    request_headers = ACCEPT_ENCODING | headers
    async with client.stream(
        "GET", url, headers=request_headers, extensions=extensions, follow_redirects=False
    ) as response:
        status = response.status_code
        if follow and status in REDIRECT_STATUSES and response.headers.get("location"):
            return str(response.headers["location"])
        if status in GONE_STATUSES:
            raise LinkRejected(cause="expired", http_status=status)
        if status != 200:
            raise LinkRejected(cause="status", http_status=status)
        try:
            return await read_limited(response, MAX_DOWNLOAD_BYTES)
        except BodyTooLarge:
            raise LinkRejected(cause="too_large", limit=MAX_DOWNLOAD_BYTES) from None
