"""SSRF guard: which URLs may be fetched, by scheme, host allowlist and resolved IP addresses.

Against DNS rebinding, `download` connects only to the addresses that were checked here. Both use `httpx.URL`, because
two URL parsers could disagree on the host.
"""

import asyncio
import ipaddress
import socket

import httpx

from ..domain.errors import LinkRejected
from ..redaction.secrets import redact

MAX_HOST_CHARS = 80  # of a host in an error message: the last ones, with the registered domain
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # other IPv6 addresses are mapped IPv4, site-local, multicast, …
BLOCKED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "2002::/16",  # 6to4: an IPv4 address inside (RFC 3056)
        "192.88.99.0/24",  # and its relays (RFC 7526)
        "168.63.129.16/32",  # looks public; Azure's host services, reachable from every machine there
        "192.0.0.0/24",  # protocol assignments (RFC 6890), a cloud's metadata among them; mostly public to Python 3.11
        "3fff::/20",  # documentation (RFC 9637), unknown to Python 3.11
    )
)


def parse_http_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Parse an http or https URL. base: the URL that a redirect's relative Location refers to.

    Raises LinkRejected(scheme) for any other scheme, a user name or password, a bad port, or an invalid URL.
    """
    try:
        parsed = base.join(url) if base else httpx.URL(url)
        is_valid = parsed.scheme in ("http", "https") and bool(parsed.host) and not parsed.userinfo
    except (httpx.InvalidURL, ValueError):  # ValueError: a host that is not valid IDNA
        is_valid = False
    if not is_valid or not 0 < (parsed.port or 80) < 65536:
        raise LinkRejected(cause="scheme")
    return parsed


def is_same_origin(url: httpx.URL, origin: str) -> bool:
    """Whether `url` has the scheme, host and port of the base URL `origin`."""
    base = httpx.URL(origin or "http://none.invalid")
    return (url.scheme, url.raw_host, _effective_port(url)) == (base.scheme, base.raw_host, _effective_port(base))


def check_allowed_host(url: httpx.URL, allowed_hosts: tuple[str, ...]) -> None:
    """Raises LinkRejected(scheme | host) unless `url` is https on port 443 at one of `allowed_hosts`.

    allowed_hosts: in lowercase; one that begins with a dot allows every subdomain.
    """
    if url.scheme != "https" or _effective_port(url) != 443:
        raise LinkRejected(cause="scheme")
    name = url.raw_host.decode("ascii")
    is_valid = all(label.replace("-", "").isalnum() for label in name.split("."))
    if not is_valid or not any(name.endswith(host) if host.startswith(".") else name == host for host in allowed_hosts):
        raise LinkRejected(cause="host", host=redact(name)[-MAX_HOST_CHARS:])


async def resolve_public_addresses(url: httpx.URL) -> list[str]:
    """Resolve the host of `url`: at least one address, all of them public. Raises LinkRejected(dns | address)."""
    lookup = asyncio.get_running_loop().getaddrinfo
    try:
        records = await lookup(url.raw_host.decode("ascii"), _effective_port(url), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise LinkRejected(cause="dns") from None
    addresses = [str(address[0]) for *_, address in records]
    if not addresses:
        raise LinkRejected(cause="dns")
    if not all(map(_is_public, addresses)):
        raise LinkRejected(cause="address")
    return addresses


def _effective_port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _is_public(text: str) -> bool:
    ip = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return _is_public(str(ip.ipv4_mapped))
        if ip not in GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in BLOCKED_NETWORKS)
