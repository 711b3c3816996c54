"""Parses values of the environment. Errors are collected, so that one message can name them all."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..redaction.secrets import MIN_SECRET_CHARS

Default = TypeVar("Default")
Network = IPv4Network | IPv6Network
_DNS_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME_PATTERN = re.compile(rf"(?=.{{1,250}}$){_DNS_LABEL}(?:\.{_DNS_LABEL})*")
# At least two labels, because ".com" would allow every .com host; the last is no number, to exclude IP addresses.
RESULT_HOST_PATTERN = re.compile(rf"\.?(?=.{{3,250}}$)(?:{_DNS_LABEL}\.)+(?!\d+$){_DNS_LABEL}")
MAX_PRICE = Decimal(1_000_000)
PRICE_PATTERN = re.compile(r"([a-z][a-z0-9_]*)\s*=\s*([0-9]{1,7}(?:\.[0-9]{1,6})?)\s*([A-Z]{3})")
# The vendors' names of the fields with keys. Each key is redacted wherever it occurs, and a part of such a name would
# take the name away by which the inspector finds other keys.
KEY_FIELDS = ("api_key", "api_secret", "ailabapi-api-key", "x-rapidapi-key")


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


def is_loopback_host(host: str) -> bool:
    """Whether `host`, a name or an address, is reachable from this machine only."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_url_safe(text: str) -> bool:
    """Whether `text` can be put into a URL or a header without escaping."""
    return text.isascii() and text.isprintable() and " " not in text


def is_key_field_name(text: str) -> bool:
    """Whether `text` is one of KEY_FIELDS or a part of one, and long enough to be redacted."""
    return len(text) >= MIN_SECRET_CHARS and any(text.lower() in field for field in KEY_FIELDS)


@dataclass(frozen=True, slots=True)
class Price:
    """What one live call of an endpoint costs. currency: three capital letters, such as CNY."""

    endpoint_id: str
    amount: Decimal
    currency: str

    def format_total(self, calls: int = 1) -> str:
        """What that many calls cost, with the decimals of the setting: "0.30 CNY"."""
        return f"{self.amount * calls:,f} {self.currency}"


class EnvReader:
    """Reads values of an environment by name. errors: one sentence for each bad value, with its name."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.errors: list[str] = []
        self._environ = environ

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding space; a blank value counts as not set."""
        return self._environ.get(name, "").strip() or default

    def words(self, name: str) -> tuple[str, ...]:
        """Words separated by commas or spaces."""
        return tuple(self.text(name).replace(",", " ").split())

    def secret(self, name: str) -> SecretStr | None:
        """A key or a password; the error does not show it."""
        text = self.text(name)
        if text and not (text.isascii() and text.isprintable()):
            self.errors.append(f"{name} holds characters that no key has; copy it again")
        elif is_key_field_name(text):
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
        try:
            return tuple(map(ip_network, self.words(name)))
        except ValueError:
            self.errors.append(f"{name} must be addresses or networks such as 10.0.0.0/8, separated by commas")
            return ()

    def result_hosts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Host names; one with a leading dot stands for every name below."""
        words = (word.lower() for word in self.words(name))
        hosts = tuple(word.removeprefix("*") if word.startswith("*.") else word for word in words)
        if not all(map(RESULT_HOST_PATTERN.fullmatch, hosts)):
            self.errors.append(
                f"{name} must be hosts such as img.example.com, or .example.com for all below it, separated by commas"
            )
        return hosts or default

    def allowed_hosts(self, name: str) -> tuple[str, ...]:
        """Host names without ports."""
        hosts = tuple(word.lower() for word in self.words(name))
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

    def prices(self, name: str) -> tuple[Price, ...]:
        """Prices by endpoint, such as face_fuse=0.30 CNY, anime_avatar=0.20 CNY. The service knows the endpoints."""
        prices: dict[str, Price] = {}
        for entry in filter(None, (part.strip() for part in self.text(name).split(","))):
            match = PRICE_PATTERN.fullmatch(entry)
            if match is None or Decimal(match[2]) > MAX_PRICE:
                self.errors.append(f"{name} must be prices such as face_fuse=0.30 CNY, separated by commas")
                break
            if match[1] in prices:
                self.errors.append(f"{name} names {match[1]} twice")
            prices[match[1]] = Price(match[1], Decimal(match[2]), match[3])
        return tuple(prices.values())

    def port(self, name: str, default: int) -> int:
        """A port to listen on; 0 for any free one."""
        return self._integer(name, default, 0, 65535, "a number from 0 to 65535")

    def cap(self, name: str, default: int | None) -> int | None:
        """A number of calls, from 1 to 1,000,000; None for off."""
        if self.text(name).lower() in ("", "off"):
            return None if self.text(name) else default
        return self._integer(name, default, 1, 1_000_000, "a number of calls from 1 to 1000000, or off")

    def count(self, name: str, default: int, *, maximum: int) -> int:
        """A whole number from 1 to `maximum`."""
        return self._integer(name, default, 1, maximum, f"a number from 1 to {maximum}")

    def minutes(self, name: str, default: int) -> int:
        """Whole minutes, 1 to 1440."""
        return self._integer(name, default, 1, 1440, "a number of minutes from 1 to 1440")

    def rate(self, name: str, default: float | None) -> float | None:
        """Calls a second, from 0.01 to 1000; None for off."""
        if self.text(name).lower() in ("", "off"):
            return None if self.text(name) else default
        return self._number(name, default, lambda rate: 0.01 <= rate <= 1000, "a number from 0.01 to 1000, or off")

    def seconds(self, name: str, default: float) -> float:
        """Seconds above 0, up to 600."""
        return self._number(
            name, default, lambda seconds: 0 < seconds <= 600, "a number of seconds above 0, at most 600"
        )

    def switch(self, name: str, default: bool) -> bool:
        text = self.text(name).lower()
        if text not in ("", "on", "off", "1", "0"):
            self.errors.append(f"{name} must be on or off")
        return text in ("on", "1") if text in ("on", "off", "1", "0") else default

    def _integer(self, name: str, default: Default, minimum: int, maximum: int, kind: str) -> int | Default:
        text = self.text(name, str(default))
        number = int(text) if text.isdecimal() and len(text) < 10 else -1  # so short that Python converts it at once
        if not minimum <= number <= maximum:
            self.errors.append(f"{name} must be {kind}")
            return default
        return number

    def _number(self, name: str, default: Default, is_valid: Callable[[float], bool], kind: str) -> float | Default:
        try:
            number = float(self.text(name, str(default)))
        except ValueError:
            number = math.nan
        if not is_valid(number):
            self.errors.append(f"{name} must be {kind}")
            return default
        return number
