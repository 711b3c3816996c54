"""Client address, from X-Forwarded-For where a trusted proxy wrote it; and the key for fair queueing.

Paid calls are counted by address if there is no cookie; logins and offline work are always counted by address.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ..settings import Network

MAX_FORWARDED_FOR_CHARS = 2000  # from the right, the trustworthy end


def resolve_client_address(peer_address: str, forwarded_for: str, trusted_proxies: Sequence[Network]) -> str:
    """The client's address: `peer_address` (the socket's), or the one that trusted proxies put into X-Forwarded-For.

    The header is read from the right. Each entry was written by the next hop, so the first one that is not a trusted
    proxy is the client; everything to the left of it can be forged. An IPv6 address becomes its /64, which belongs to
    one household or machine. "unknown" if there is no valid address.
    """
    address = _parse_address(peer_address)
    hops = forwarded_for[-MAX_FORWARDED_FOR_CHARS:].split(",") if forwarded_for else []
    while address is not None and hops and any(address in network for network in trusted_proxies):
        previous_hop = _parse_address(hops.pop())
        if previous_hop is None:  # "unknown" or garbage: only the proxy is known
            break
        address = previous_hop
    if address is None:
        return "unknown"
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


def fairness_key(session: str, address: str) -> str:
    """The key that identifies a visitor in a fair queue: `address` if it is public, else the session.

    address: from `resolve_client_address`. Hardly anybody has many public addresses, but anybody can drop a cookie or
    open another tab. Loopback and private addresses are shared by all visitors of a kiosk, of a router's network or of
    a proxy that is not trusted, so there the session distinguishes them.
    """
    return address if is_public(address) else session


def is_public(address: str) -> bool:
    """Whether an address from `resolve_client_address` is public; "unknown" is not."""
    try:
        return ip_network(address).network_address.is_global
    except ValueError:
        return False


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
