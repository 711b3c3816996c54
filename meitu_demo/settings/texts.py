"""Reads values that are text. What is wrong is gathered, so that all of it can be told at once."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path

from pydantic import SecretStr

from .addresses import is_base_url, is_result_host, is_url_safe
from .model import Network


class TextReader:
    """The values of an environment, by name. wrong: a sentence for each that cannot be read, with its name."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.errors: list[str] = []
        self._environ = environ

    def text(self, name: str, default: str = "") -> str:
        """What is set, without space around it; blank is not set."""
        return self._environ.get(name, "").strip() or default

    def secret(self, name: str) -> SecretStr | None:
        """A key or a password; the message about a bad one does not show it."""
        text = self.text(name)
        if text and not (text.isascii() and text.isprintable()):
            self.errors.append(f"{name} holds characters that no key has; copy it again")
        return SecretStr(text) if text else None

    def login(self, name: str) -> tuple[tuple[str, SecretStr], ...]:
        """Pairs of user and password."""
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
        """A host's name."""
        host = self.text(name, default)
        if not is_url_safe(host) or "/" in host:
            self.errors.append(f"{name} must be a host's name such as {default}")
            return default
        return host

    def url(self, name: str, default: str) -> str:
        """The root of a server that is called, without a slash at its end."""
        url = self.text(name, default).rstrip("/")
        if not is_base_url(url):
            self.errors.append(f"{name} must be a plain URL such as https://host or http://127.0.0.1:8700")
        return url

    def path(self, name: str, default: str | None) -> str | None:
        """The path of a call."""
        path = self.text(name) or default
        if path is not None and not (path.startswith("/") and is_url_safe(path)):
            self.errors.append(f"{name} must start with / and hold no spaces")
        return path

    def folder(self, name: str) -> Path | None:
        """A folder that is there."""
        text = self.text(name)
        if text and not Path(text).is_dir():
            self.errors.append(f"{name} must be a folder that exists")
        return Path(text) if text else None

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        """One of a few words, however it is written."""
        text = self.text(name, default)
        match = next((word for word in options if word.lower() == text.lower()), None)
        if match is None:
            self.errors.append(f"{name} must be {', '.join(options[:-1])} or {options[-1]}")
        return match or default

    def networks(self, name: str) -> tuple[Network, ...]:
        """Addresses and networks."""
        try:
            return tuple(ip_network(part) for part in self.text(name).replace(",", " ").split())
        except ValueError:
            self.errors.append(f"{name} must be addresses or networks such as 10.0.0.0/8, separated by commas")
            return ()

    def result_hosts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Names of hosts; with a dot before it, every name below."""
        parts = self.text(name).lower().replace(",", " ").split()
        hosts = tuple(part.removeprefix("*") if part.startswith("*.") else part for part in parts)
        if not all(map(is_result_host, hosts)):
            self.errors.append(
                f"{name} must be hosts such as img.example.com, or .example.com for all below it, separated by commas"
            )
        return hosts or default

    def single_line(self, name: str, default: str) -> str:
        """One line for a person to read."""
        text = self.text(name, default)
        if not text.isprintable() or len(text) > 80:
            self.errors.append(f"{name} must be one line of at most 80 characters")
        return text
