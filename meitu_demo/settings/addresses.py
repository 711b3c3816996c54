"""What hosts, addresses and URLs may be set. Pure."""

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

_DNS_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name of two parts at least, whose last is no number: ".com" would allow the world, and an address is no name.
RESULT_HOST_PATTERN = re.compile(rf"\.?(?=.{{3,250}}$)(?:{_DNS_LABEL}\.)+(?!\d+$){_DNS_LABEL}")


def is_result_host(host: str) -> bool:
    """Whether a vendor's result may be said to lie at `host`, in small letters; a dot before it: all below it."""
    return RESULT_HOST_PATTERN.fullmatch(host) is not None


def is_base_url(url: str) -> bool:
    """Whether a path can be hung on `url`: http or https, a host, and nothing that names a person or a page."""
    try:
        parts = urlsplit(url)
        has_host = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_host and not (parts.query or parts.fragment or parts.username) and is_url_safe(url)


def is_private_host(host: str) -> bool:
    """Whether only people nearby reach what listens on `host`: loopback or a private network, and not every address."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_private and not address.is_unspecified


def is_publicly_reachable(host: str, proxies: Collection[object], *, space: bool) -> bool:
    """Whether more than people nearby may reach a demo that listens on `host`.

    A proxy before it, which the owner has named, stands for whoever reaches that.
    """
    return space or bool(proxies) or not is_private_host(host)


def is_loopback_host(host: str) -> bool:
    """Whether what listens on `host`, a name or an address, is reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_url_safe(text: str) -> bool:
    """Whether `text` can stand in a URL or a header as it is."""
    return text.isascii() and text.isprintable() and " " not in text
