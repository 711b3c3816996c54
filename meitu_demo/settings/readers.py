"""Parses values of the environment. Errors are collected, so that one message can name them all."""

import re
from collections.abc import Collection, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..redaction.secrets import MIN_SECRET_CHARS

Network = IPv4Network | IPv6Network
_DNS_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# At least two labels, because ".com" would allow every .com host; the last is no number, to exclude IP addresses.
HOST_NAME_PATTERN = re.compile(rf"(?=.{{1,250}}$){_DNS_LABEL}(?:\.{_DNS_LABEL})*")
RESULT_HOST_PATTERN = re.compile(rf"\.?(?=.{{3,250}}$)(?:{_DNS_LABEL}\.)+(?!\d+$){_DNS_LABEL}")


def is_result_host(host: str) -> bool:
    """Whether `host`, in lower case, is a host name, or a leading dot and a domain, for every name below it."""
    return RESULT_HOST_PATTERN.fullmatch(host) is not None


def is_base_url(url: str) -> bool:
    """Whether a path can be appended to `url`: http or https, a host, no user, query or fragment."""
    try:
        parts = urlsplit(url)
        has_host = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_host and not (parts.query or parts.fragment or parts.username) and is_url_safe(url)


def is_private_host(host: str) -> bool:
    """Whether `host` is a loopback or private address; 0.0.0.0 and :: are not."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_private and not address.is_unspecified


def is_publicly_reachable(host: str, proxies: Collection[object], *, space: bool) -> bool:
    """Whether strangers may reach a demo that listens on `host`, directly, through a proxy or on a Space."""
    return space or bool(proxies) or not is_private_host(host)


def is_loopback_host(host: str) -> bool:
    """Whether `host`, a name or an address, is reachable from this machine only."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


# The vendors' names of the fields with keys. Each key is redacted wherever it occurs, and a part of such a name would
# take the name away by which the inspector finds other keys.
KEY_FIELDS = ("api_key", "api_secret", "ailabapi-api-key", "x-rapidapi-key")


def is_url_safe(text: str) -> bool:
    """Whether `text` can be put into a URL or a header without escaping."""
    return text.isascii() and text.isprintable() and " " not in text


class TextReader:
    """Reads texts of an environment by name. errors: one sentence for each bad value, with its name."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.errors: list[str] = []
        self._environ = environ

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding space; a blank value counts as not set."""
        return self._environ.get(name, "").strip() or default

    def secret(self, name: str) -> SecretStr | None:
        """A key or a password; the error does not show it."""
        text = self.text(name)
        if text and not (text.isascii() and text.isprintable()):
            self.errors.append(f"{name} holds characters that no key has; copy it again")
        elif len(text) >= MIN_SECRET_CHARS and any(text.lower() in field for field in KEY_FIELDS):
            self.errors.append(f"{name} is a word that stands in every request, not a key; copy the whole key")
        return SecretStr(text) if text else None

    def login(self, name: str) -> tuple[tuple[str, SecretStr], ...]:
        """Pairs of user and password, such as ann:secret, bob:secret."""
        parts = [part.strip() for part in self.text(name).replace("\n", ",").split(",")]
        pairs = [part.partition(":") for part in parts if part]
        users = [user.strip() for user, _, _ in pairs]
        passwords = [password.strip() for _, _, password in pairs]
        if not all(users) or not all(passwords):
            self.errors.append(f"{name} must be pairs such as user:password, separated by commas")
        elif len(set(users)) < len(users):
            self.errors.append(f"{name} names a user twice")
        return tuple(zip(users, map(SecretStr, passwords), strict=True))

    def host(self, name: str, default: str) -> str:
        """A host name."""
        host = self.text(name, default)
        if not is_url_safe(host) or "/" in host:
            self.errors.append(f"{name} must be a host's name such as {default}")
            return default
        return host

    def url(self, name: str, default: str) -> str:
        """A base URL, without a slash at its end."""
        url = self.text(name, default).rstrip("/")
        if not is_base_url(url):
            self.errors.append(f"{name} must be a plain URL such as https://host or http://127.0.0.1:8700")
        return url

    def path(self, name: str, default: str | None) -> str | None:
        """The path of a request."""
        path = self.text(name) or default
        if path is not None and not (path.startswith("/") and is_url_safe(path)):
            self.errors.append(f"{name} must start with / and hold no spaces")
        return path

    def folder(self, name: str) -> Path | None:
        """A folder that exists."""
        text = self.text(name)
        if text and not Path(text).is_dir():
            self.errors.append(f"{name} must be a folder that exists")
        return Path(text) if text else None

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        """One of `options`, in upper or lower case."""
        text = self.text(name, default)
        match = next((word for word in options if word.lower() == text.lower()), None)
        if match is None:
            self.errors.append(f"{name} must be {', '.join(options[:-1])} or {options[-1]}")
        return match or default

    def networks(self, name: str) -> tuple[Network, ...]:
        """IP addresses and networks."""
        try:
            return tuple(ip_network(part) for part in self.text(name).replace(",", " ").split())
        except ValueError:
            self.errors.append(f"{name} must be addresses or networks such as 10.0.0.0/8, separated by commas")
            return ()

    def result_hosts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Host names; one with a leading dot stands for every name below."""
        parts = self.text(name).lower().replace(",", " ").split()
        hosts = tuple(part.removeprefix("*") if part.startswith("*.") else part for part in parts)
        if not all(map(is_result_host, hosts)):
            self.errors.append(
                f"{name} must be hosts such as img.example.com, or .example.com for all below it, separated by commas"
            )
        return hosts or default

    def allowed_hosts(self, name: str) -> tuple[str, ...]:
        """Host names without ports."""
        hosts = tuple(self.text(name).lower().replace(",", " ").split())
        if not all(map(HOST_NAME_PATTERN.fullmatch, hosts)):
            self.errors.append(
                f"{name} must be names such as demo.example.com or nas, without ports, separated by commas"
            )
        return hosts

    def single_line(self, name: str, default: str) -> str:
        """One line of text, at most 80 characters."""
        text = self.text(name, default)
        if not text.isprintable() or len(text) > 80:
            self.errors.append(f"{name} must be one line of at most 80 characters")
        return text


class EnvReader(TextReader):
    """Reads numbers and switches as well."""

    def port(self, name: str, default: int) -> int:
        """A port to listen on; 0 for any free one."""
        text = self.text(name, str(default))
        if not text.isdecimal() or not 0 <= int(text[:9]) <= 65535:
            self.errors.append(f"{name} must be a number from 0 to 65535")
            return default
        return int(text)

    def cap(self, name: str, default: int | None) -> int | None:
        """A number of calls, from 1 to 1,000,000; None for off."""
        text = self.text(name)
        if not text:
            return default
        if text.lower() == "off":
            return None
        if not text.isdecimal() or not 1 <= int(text[:9]) <= 1_000_000:
            self.errors.append(f"{name} must be a number of calls from 1 to 1000000, or off")
            return default
        return int(text)

    def count(self, name: str, default: int, *, maximum: int) -> int:
        """A whole number from 1 to `maximum`."""
        text = self.text(name, str(default))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= maximum:
            self.errors.append(f"{name} must be a number from 1 to {maximum}")
            return default
        return int(text)

    def rate(self, name: str, default: float | None) -> float | None:
        """Calls a second, from 0.01 to 1000; None for off."""
        text = self.text(name)
        if not text:
            return default
        if text.lower() == "off":
            return None
        try:
            rate = float(text)
        except ValueError:
            rate = -1.0
        if not 0.01 <= rate <= 1000:
            self.errors.append(f"{name} must be a number from 0.01 to 1000, or off")
            return default
        return rate

    def switch(self, name: str, default: bool) -> bool:
        """On or off."""
        text = self.text(name).lower()
        if text not in ("", "on", "off", "1", "0"):
            self.errors.append(f"{name} must be on or off")
        return text in ("on", "1") if text in ("on", "off", "1", "0") else default

    def minutes(self, name: str, default: int) -> int:
        """Whole minutes, 1 to 1440."""
        text = self.text(name, str(default))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= 1440:
            self.errors.append(f"{name} must be a number of minutes from 1 to 1440")
            return default
        return int(text)

    def seconds(self, name: str, default: float) -> float:
        """Seconds above 0, up to 600."""
        text = self.text(name, str(default))
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds <= 600:
            self.errors.append(f"{name} must be a number of seconds above 0, at most 600")
            return default
        return seconds
