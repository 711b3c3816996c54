"""Where a link may lead: the form of its address, the hosts that are allowed, and what their names stand for.

For `links`, which connects to what was checked here and to nothing else. The same class reads an address here and
there (`httpx.URL`), or the two could understand it differently. Imports `errors`.
"""

import asyncio
import ipaddress
import socket

import httpx

from ..domain.errors import LinkRejected
from ..redaction.secrets import redact

MAX_HOST_CHARS = 80  # characters of a host's name that an error carries: the last ones, which say whose it is
GLOBAL_UNICAST = ipaddress.ip_network(
    "2000::/3"
)  # all that is given out of IPv6; the rest holds IPv4 in disguise, site-local, …
BLOCKED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "2002::/16",  # 6to4: an IPv4 address inside (RFC 3056)
        "192.88.99.0/24",  # and its relays (RFC 7526)
        "168.63.129.16/32",  # public by number; where every machine at Azure finds the services of its host
        "192.0.0.0/24",  # protocols' own (RFC 6890), a cloud's metadata among them; Python 3.11 takes most for public
        "3fff::/20",  # for documents (RFC 9637), which Python 3.11 does not know
    )
)


def parse_http_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """`url` as an address of the web; where a redirect stood, `base` is what it may be relative to.

    Raises LinkRejected(scheme) for another scheme, a name and password in it, a bad port, or what is no address.
    """
    try:
        parsed = base.join(url) if base else httpx.URL(url)
        is_valid = parsed.scheme in ("http", "https") and bool(parsed.host) and not parsed.userinfo
    except (httpx.InvalidURL, ValueError):  # ValueError: a name that is no IDNA
        is_valid = False
    if not is_valid or not 0 < (parsed.port or 80) < 65536:
        raise LinkRejected(cause="scheme")
    return parsed


def is_same_origin(url: httpx.URL, origin: str) -> bool:
    """Whether `target` is on the very scheme, host and port of the base URL `origin`."""
    base = httpx.URL(origin or "http://none.invalid")
    return (url.scheme, url.raw_host, _effective_port(url)) == (base.scheme, base.raw_host, _effective_port(base))


def check_allowed_host(url: httpx.URL, allowed_hosts: tuple[str, ...]) -> None:
    """Raises LinkRejected(scheme | host) unless `target` is https, on its usual port, at one of `hosts`.

    hosts: names in small letters; one that begins with a dot stands for every name below it.
    """
    if url.scheme != "https" or _effective_port(url) != 443:
        raise LinkRejected(cause="scheme")
    name = url.raw_host.decode("ascii")
    is_valid = all(label.replace("-", "").isalnum() for label in name.split("."))
    if not is_valid or not any(name.endswith(host) if host.startswith(".") else name == host for host in allowed_hosts):
        raise LinkRejected(cause="host", host=redact(name)[-MAX_HOST_CHARS:])


async def resolve_public_addresses(url: httpx.URL) -> list[str]:
    """What the host of `target` stands for, at least one, if all are public. Raises LinkRejected(dns | address)."""
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
