"""One request and its whole answer, bounded in size and in time; what fails on the way becomes an error of ours."""

import asyncio
import socket
import ssl
from contextlib import aclosing

import httpx

from ..domain.errors import DemoError, InvalidResponse, OutcomeUnknown, Unreachable
from ..domain.model import CallTarget
from . import download

# MERGED providers/failures.py: What a failure of the transport means: never arrived, or sent and nobody knows. One
# table; the first match wins.

# Unreachable: the request provably never arrived. OutcomeUnknown: its body may have reached the vendor.
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


def classify_transport_error(provider: str, error: httpx.HTTPError) -> DemoError:
    """`error` as one of ours, with facts and without its text: that may hold the URL, and the URL holds the key."""
    error_type, cause = next((to, cause) for kind, to, cause in TRANSPORT_ERRORS if isinstance(error, kind))
    facts: dict[str, object] = {
        "provider": provider,
        "cause": _classify_connect_error(error) if cause == "refused" else cause,
    }
    if cause == "read_timeout":
        facts["seconds"] = round(error.request.extensions.get("timeout", {}).get("read") or 0)
    return error_type(**facts)


def _classify_connect_error(error: BaseException) -> str:
    """dns | tls | refused, by the system's own exceptions underneath; some versions leave only their text."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, ssl.SSLError) or "CERTIFICATE" in str(current) or "SSL" in str(current):
            return "tls"
        if isinstance(current, socket.gaierror) or "Name or service not known" in str(current):
            return "dns"
        current = current.__cause__ or current.__context__
    return "refused"


MAX_RESPONSE_BYTES = 40_000_000  # bytes of an answer, unpacked; JPEGs of the largest size that is sent stay far below


async def exchange(client: httpx.AsyncClient, target: CallTarget, request: httpx.Request) -> httpx.Response:
    """The whole answer. Once the call has been sent, the read timeout is for the whole head of the answer, and then for
    all of its body, however steadily they drip.

    Raises Unreachable, OutcomeUnknown or BadReply.
    """
    timeout_s = target.timeout_s or client.timeout.read
    original_extensions = (
        request.extensions
    )  # by whoever listens as well; left as it is, because a request may be sent again
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
        raise InvalidResponse(provider=target.provider, cause="too_large") from None
    except TimeoutError:
        raise classify_transport_error(target.provider, httpx.ReadTimeout("", request=request)) from None
    except (httpx.InvalidURL, ValueError):  # a Location that is none: httpx looks at it whether it is followed or not
        raise InvalidResponse(provider=target.provider, cause="redirect") from None
    except httpx.HTTPError as error:
        error.request = request
        raise classify_transport_error(
            target.provider, error
        ) from None  # not chained: its text may hold the URL, and that the key
    finally:
        request.extensions = original_extensions
    # As they came: httpx reads letters in a header that it would not write.
    headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=body)


def _reschedule(deadline: asyncio.Timeout, seconds: float | None) -> None:
    """From now on."""
    deadline.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)


def parse_retry_after(response: httpx.Response) -> dict[str, int]:
    """Retry-After in seconds (RFC 9110, section 10.2.3) as a fact, where the vendor gives it so."""
    value = response.headers.get("retry-after", "").strip()
    return {"retry_after": int(value)} if value.isdecimal() and len(value) < 6 else {}
