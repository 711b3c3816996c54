"""Proxies and certificates for calls: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR.

httpx would read them by itself, and raises on values that curl and browsers take, already while Gradio is imported.
"""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from ..redaction.secrets import register_secret
from .readers import is_loopback_host

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")  # in lower or upper case


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How calls leave this machine.

    http_proxy, https_proxy: URLs of the proxies for calls to http and https addresses. no_proxy: hosts, domains,
    addresses and networks that are called directly. certificate_file, certificate_folder: authorities to trust instead
    of the common ones. errors: one sentence for each value that cannot be used; a proxy that cannot be used is kept.
    """

    http_proxy: SecretStr | None = None
    https_proxy: SecretStr | None = None
    no_proxy: tuple[str, ...] = ()
    certificate_file: str | None = None
    certificate_folder: str | None = None
    errors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for proxy in (self.http_proxy, self.https_proxy):
            if proxy:
                register_secret(proxy, *password_spellings(proxy.get_secret_value()))

    def choose_proxy(self, scheme: str, host: str, port: int) -> SecretStr | None:
        """The proxy for an address; None for a direct connection. This machine is always called directly."""
        proxy = self.https_proxy if scheme == "https" else self.http_proxy
        host = host.lower().strip("[]").rstrip(".")
        if (
            proxy is None
            or is_loopback_host(host)
            or any(_matches(entry, scheme, host, port) for entry in self.no_proxy)
        ):
            return None
        return proxy


def read_network_settings(environ: Mapping[str, str]) -> NetworkSettings:
    """The network settings in `environ`; variables in lower case count before those in upper case."""
    variables = {name.lower(): (name, value.strip()) for name, value in sorted(environ.items()) if value.strip()}
    errors: dict[str, None] = {}

    def read_proxy(variable: str) -> SecretStr | None:
        name, value = variables.get(variable) or variables.get("all_proxy") or ("", "")
        if not value:
            return None
        url = normalise_proxy_url(value)
        if not is_proxy_url(url):
            errors[f"{name} must be a proxy such as http://host:3128 or socks5://host:1080"] = None
        return SecretStr(url)

    def read_certificates(variable: str, is_usable: Callable[[str], bool], kind: str) -> str | None:
        name, path = variables.get(variable) or ("", "")
        if path and not is_usable(path):
            errors[f"{name} must be a {kind}"] = None
            return None
        return path or None

    return NetworkSettings(
        http_proxy=read_proxy("http_proxy"),
        https_proxy=read_proxy("https_proxy"),
        no_proxy=tuple(variables.get("no_proxy", ("", ""))[1].replace(",", " ").lower().split()),
        certificate_file=read_certificates("ssl_cert_file", _is_certificate_file, "file that holds certificates"),
        certificate_folder=read_certificates("ssl_cert_dir", os.path.isdir, "folder that exists"),
        errors=tuple(errors),
    )


def normalise_proxy_url(value: str) -> str:
    """`value` as a URL: desktops write socks:// for SOCKS 5, and a bare host:port is an HTTP proxy."""
    scheme, separator, rest = value.partition("://")
    if not separator:
        return f"http://{value}"
    return f"{'socks5' if scheme.lower() == 'socks' else scheme.lower()}://{rest}"


def is_proxy_url(url: str) -> bool:
    """Whether calls can go through the proxy at `url`."""
    try:
        parts = urlsplit(url)
        return parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:  # a bad port or address
        return False


def password_spellings(url: str) -> tuple[str, ...]:
    """The password in `url`, percent-encoded and decoded: libraries may print either."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return ()
    return password, unquote(password)


def _is_certificate_file(path: str) -> bool:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError):  # SSLError is an OSError
        return False
    return True


def _matches(entry: str, scheme: str, host: str, port: int) -> bool:
    """Whether `entry` of NO_PROXY names the address. An entry that cannot be read names none."""
    if "://" in entry:
        entry_scheme, _, entry = entry.partition("://")
        if entry_scheme not in ("all", scheme):
            return False
    if entry == "*":
        return True
    try:
        return ip_address(host) in ip_network(entry.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        pass
    try:
        parts = urlsplit(f"//{entry}")
        name, entry_port = (parts.hostname or "").removeprefix("*").strip("."), parts.port
    except ValueError:
        return False
    return bool(name) and entry_port in (None, port) and (host == name or host.endswith(f".{name}"))
