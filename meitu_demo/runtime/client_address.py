"""Where a visitor comes from, as far as proxies that the owner trusts vouch for it. Pure; imports nothing of ours.

Everybody may import it: paid calls are counted against an address where there is no cookie, offline work always.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
MAX_FORWARDED_FOR_CHARS = 2000  # characters of the header, from its trustworthy end, that are looked at


def resolve_client_address(peer_address: str, forwarded_for: str, trusted_proxies: Sequence[Network]) -> str:
    """The address to count against: `peer` (the socket's), or what trusted proxies put into X-Forwarded-For.

    Read from the right: each entry was written by the hop behind it, so the first one that is not a trusted proxy is
    the last that anybody trustworthy has seen; further left, anyone may have written anything. An IPv6 address counts
    as its /64, which one household or machine has to itself.
    """
    address = _parse_address(peer_address)
    hops = forwarded_for[-MAX_FORWARDED_FOR_CHARS:].split(",") if forwarded_for else []
    while address is not None and hops and any(address in network for network in trusted_proxies):
        previous_hop = _parse_address(hops.pop())
        if previous_hop is None:  # "unknown", or garbage: the proxy itself is all that is known
            break
        address = previous_hop
    if address is None:
        return "unknown"
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


def fairness_key(session: str, address: str) -> str:
    """Who counts as one visitor where work is shared out: everybody at `address` (of `resolve_client_address`), or a
    session.

    Of a public address nobody has many, while a cookie is dropped and a tab opened as often as one likes. But behind a
    loopback or private address stand all visitors alike: of a laptop at a fair, of one router's network, of a proxy
    that the owner has not named. There the session alone tells them apart.
    """
    try:
        return address if ip_network(address).network_address.is_global else session
    except ValueError:  # "unknown"
        return session


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
