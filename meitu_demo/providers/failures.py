"""What a failure of the transport means: never arrived, or sent and nobody knows. One table; the first match wins."""

import socket
import ssl

import httpx

from ..domain.errors import DemoError, InvalidResponse, OutcomeUnknown, Unreachable

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
