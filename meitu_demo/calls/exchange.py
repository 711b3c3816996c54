"""Sends one HTTP request and reads the whole response, bounded in size and time; translates transport errors."""

import asyncio
import socket
import ssl
from contextlib import aclosing

import httpx

from ..domain.errors import DemoError, InvalidResponse, OutcomeUnknown, Unreachable
from ..domain.model import CallTarget
from . import download

MAX_RESPONSE_BYTES = 40_000_000  # decompressed; a base64 JPEG of the largest photo that is sent is far smaller
# The first match wins. Unreachable: provably never arrived. OutcomeUnknown: the body may have reached the vendor.
TRANSPORT_ERRORS: tuple[tuple[type[httpx.HTTPError], type[DemoError], str], ...] = (
    (httpx.ConnectTimeout, Unreachable, "connect_timeout"),
    (httpx.PoolTimeout, Unreachable, "busy"),
    (httpx.ConnectError, Unreachable, "refused"),
    (httpx.ProxyError, Unreachable, "refused"),
    (httpx.UnsupportedProtocol, Unreachable, "refused"),
    (httpx.LocalProtocolError, Unreachable, "refused"),
    (httpx.DecodingError, InvalidResponse, "not_json"),
    (httpx.TimeoutException, OutcomeUnknown, "read_timeout"),
    (httpx.HTTPError, OutcomeUnknown, "reset"),
)


def classify_transport_error(vendor_id: str, error: httpx.HTTPError) -> DemoError:
    """`error` as a DemoError with facts. Its text is dropped: it may contain the URL, and the URL contains the key."""
    error_type, cause = next(
        (error_type, cause) for kind, error_type, cause in TRANSPORT_ERRORS if isinstance(error, kind)
    )
    facts: dict[str, object] = {
        "vendor": vendor_id,
        "cause": _classify_connect_error(error) if cause == "refused" else cause,
    }
    if cause == "read_timeout":
        facts["seconds"] = round(error.request.extensions.get("timeout", {}).get("read") or 0)
    return error_type(**facts)


def _classify_connect_error(error: BaseException) -> str:
    """dns | tls | proxy | refused, from the chained exceptions or, in some versions of httpx, from their text."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, ssl.SSLError) or "CERTIFICATE" in str(current) or "SSL" in str(current):
            return "tls"
        if not isinstance(error, httpx.ProxyError) and (
            isinstance(current, socket.gaierror) or "Name or service not known" in str(current)
        ):
            return "dns"
        current = current.__cause__ or current.__context__
    return "proxy" if isinstance(error, httpx.ProxyError) else "refused"


async def exchange(client: httpx.AsyncClient, target: CallTarget, request: httpx.Request) -> httpx.Response:
    """Send `request` and return its whole response.

    The read timeout bounds the whole response head, then the whole body, so that a slow drip cannot extend it.
    Raises Unreachable, OutcomeUnknown or InvalidResponse.
    """
    timeout_s = target.timeout_s or client.timeout.read
    original_extensions = request.extensions  # restored at the end: the request may be retried
    request.headers.update(download.ACCEPT_ENCODING)
    try:
        async with asyncio.timeout(None) as deadline:

            async def on_trace(event: str, info: object) -> None:
                if event.endswith("receive_response_headers.started"):
                    _reschedule(deadline, timeout_s)
                if "trace" in original_extensions:
                    await original_extensions["trace"](event, info)

            request.extensions = {
                **original_extensions,
                "timeout": {**client.timeout.as_dict(), "read": timeout_s},
                "trace": on_trace,
            }
            async with aclosing(await client.send(request, stream=True, follow_redirects=False)) as response:
                _reschedule(deadline, timeout_s)
                body = await download.read_limited(response, MAX_RESPONSE_BYTES)
    except download.BodyTooLarge:
        raise InvalidResponse(vendor=target.vendor_id, cause="too_large") from None
    except TimeoutError:
        raise classify_transport_error(target.vendor_id, httpx.ReadTimeout("", request=request)) from None
    except (httpx.InvalidURL, ValueError):  # a bad Location: httpx parses it even if it is not followed
        raise InvalidResponse(vendor=target.vendor_id, cause="redirect") from None
    except httpx.HTTPError as error:
        error.request = request
        # Not chained: the text may contain the URL, and the URL contains the key.
        raise classify_transport_error(target.vendor_id, error) from None
    finally:
        request.extensions = original_extensions
    # Raw bytes: httpx accepts header characters in a response that it refuses in a str.
    headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=body)


def _reschedule(deadline: asyncio.Timeout, seconds: float | None) -> None:
    deadline.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)


def parse_retry_after(response: httpx.Response) -> dict[str, int]:
    """{"retry_after": seconds} from a Retry-After in seconds (RFC 9110, section 10.2.3); {} for a date or none."""
    value = response.headers.get("retry-after", "").strip()
    return {"retry_after": int(value)} if value.isdecimal() and len(value) < 6 else {}
