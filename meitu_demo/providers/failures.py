"""What a failure of the transport means: never arrived, or sent and nobody knows. One table; the first match wins."""

import socket
import ssl

import httpx

from ..errors import BadReply, DemoError, OutcomeUnknown, Unreachable

# Unreachable: the request provably never arrived. OutcomeUnknown: its body may have reached the vendor.
TRANSLATION: tuple[tuple[type[httpx.HTTPError], type[DemoError], str], ...] = (
    (httpx.ConnectTimeout, Unreachable, "connect_timeout"),
    (httpx.PoolTimeout, Unreachable, "busy"),
    (httpx.ConnectError, Unreachable, "refused"),
    (httpx.ProxyError, Unreachable, "refused"),
    (httpx.UnsupportedProtocol, Unreachable, "refused"),
    (httpx.LocalProtocolError, Unreachable, "refused"),
    (httpx.DecodingError, BadReply, "not_json"),
    (httpx.TimeoutException, OutcomeUnknown, "read_timeout"),
    (httpx.HTTPError, OutcomeUnknown, "reset"),
)


def translate(provider: str, error: httpx.HTTPError) -> DemoError:
    """`error` as one of ours, with facts and without its text: that may hold the URL, and the URL holds the key."""
    translated, cause = next((to, cause) for kind, to, cause in TRANSLATION if isinstance(error, kind))
    facts: dict[str, object] = {"provider": provider, "cause": _cause(error) if cause == "refused" else cause}
    if cause == "read_timeout":
        facts["seconds"] = round(error.request.extensions.get("timeout", {}).get("read") or 0)
    return translated(**facts)


def _cause(error: BaseException) -> str:
    """dns | tls | refused, by the system's own exceptions underneath; some versions leave only their text."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) or "CERTIFICATE" in str(seen) or "SSL" in str(seen):
            return "tls"
        if isinstance(seen, socket.gaierror) or "Name or service not known" in str(seen):
            return "dns"
        seen = seen.__cause__ or seen.__context__
    return "refused"
