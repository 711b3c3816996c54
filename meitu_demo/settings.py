"""Settings: the only reader of the environment. A wrong or half-set value is named in one clear message at start."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values
from pydantic import SecretStr

from .redaction import guard

Network = IPv4Network | IPv6Network
Mode = Literal["auto", "live", "offline"]
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
ENV_FILE = Path(__file__).resolve().parents[1] / ".env"
MARKETPLACE_HOST = "facial-aesthetics.p.rapidapi.com"
PUBLIC_CALLS_PER_DAY = 100  # the caps where strangers come, unless the owner says otherwise
PUBLIC_CALLS_PER_HOUR = 10
OFFLINE_PLACES = 60  # runs on the offline engine that all visitors together may have under way
MARKETPLACE_PATH = "/face/editing/face-tidyup"
# Where the vendors leave results. No whole object store is among them (such as that of Aliyun or Huawei): anybody can
# rent a name there.
RESULT_HOSTS = (
    ".meitu.com",  # obs.mtlab.meitu.com in answers of Meitu's that clients have published; its API is below it, too
    ".meitudata.com",  # Meitu's own network for pictures; not seen in an answer yet
    ".ailabtools.com",  # ai-result-rapidapi.ailabtools.com in published answers, to direct and marketplace keys alike
    ".ailabapi.com",  # where AILabTools' API is; not seen in an answer yet
)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name of two parts at least, whose last is no number: ".com" would allow the world, and an address is no name.
RESULT_HOST = re.compile(rf"\.?(?=.{{3,250}}$)(?:{_LABEL}\.)+(?!\d+$){_LABEL}")


class SettingsError(ValueError):
    """One or more settings are wrong; the message names each of them and never shows a secret's value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment decides. Times in seconds; secrets hide in `repr`."""

    meitu_key: SecretStr | None = None
    meitu_secret: SecretStr | None = None
    meitu_base_url: str = "https://openapi.mtlab.meitu.com"
    meitu_template_ids: tuple[str, ...] = ()
    templates_dir: Path | None = None
    ailab_key: SecretStr | None = None
    rapidapi_key: SecretStr | None = None
    rapidapi_host: str = MARKETPLACE_HOST
    ailab_base_url: str = "https://www.ailabapi.com"
    ailab_path: str | None = None
    mode: Mode = "auto"
    login: tuple[tuple[str, SecretStr], ...] = ()  # names and passwords; none: everybody may come in
    space: bool = False  # on a Hugging Face Space, in a frame of its page and behind its proxy
    host: str = "127.0.0.1"
    port: int = 7860
    log_level: str = "INFO"
    data_dir: str = "data"
    database_url: SecretStr | None = None
    calls_per_day: int | None = None
    calls_per_hour: int | None = None
    calls_per_second: float | None = 1.0
    longest_wait: float = 20.0
    breaker: bool = True
    failure_lab: bool = True
    mcp: bool = False  # the endpoints as tools for assistants
    photo_urls: bool = False  # those may name a photo by an address of the web
    mirror: bool = True
    offline_each: int = 4  # runs on the offline engine that a visitor may have under way
    trusted_proxies: tuple[Network, ...] = ()
    meitu_recipient: str = "Meitu, China"
    ailab_recipient: str = "AILabTools, China"
    keep_minutes: int = 30
    visible_label: bool = True
    result_hosts: tuple[str, ...] = RESULT_HOSTS  # in small letters; with a dot before it, every name below
    connect_timeout: float = 5.0
    write_timeout: float = 30.0
    read_timeout: float = 60.0

    def __post_init__(self) -> None:
        if self.database_url:
            guard(self.database_url, *_passwords(self.database_url.get_secret_value()))
        keys = (self.meitu_key, self.meitu_secret, self.ailab_key, self.rapidapi_key)
        for secret in (*keys, *(password for _, password in self.login)):
            if secret:
                guard(secret)

    def ledger_url(self) -> str:
        """Where paid calls are written down: the database that is set, else a file in the data folder."""
        url = self.database_url
        return url.get_secret_value() if url else f"sqlite:///{Path(self.data_dir).resolve()}/ledger.db"

    def recipient(self, provider: str) -> str:
        """Whom a photo for `provider` is sent to, by name and country."""
        return {"meitu": self.meitu_recipient, "ailab": self.ailab_recipient}[provider]

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read `environ`, or the process's environment with ``.env`` behind it. Raises SettingsError."""
        if environ is None:
            filed = dotenv_values(ENV_FILE, interpolate=False)
            environ = {**{name: value for name, value in filed.items() if value is not None}, **os.environ}
        return _Reader(environ).settings()


class _Reader:
    """Reads one value after another and gathers what is wrong instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._wrong: list[str] = []

    def settings(self) -> Settings:
        default = Settings()
        rapidapi_key = self._secret("RAPIDAPI_KEY")
        rapidapi_host = self._host("RAPIDAPI_HOST", MARKETPLACE_HOST)
        marketplace = rapidapi_key is not None and not self._text("AILAB_API_KEY")
        host = self._text("HOST") or self._text("GRADIO_SERVER_NAME") or self._home(default.host)
        private = _is_private(host)
        ailab_home = f"https://{rapidapi_host}" if marketplace else default.ailab_base_url
        settings = Settings(
            meitu_key=self._secret("MEITU_API_KEY"),
            meitu_secret=self._secret("MEITU_API_SECRET"),
            meitu_base_url=self._url("MEITU_BASE_URL", default.meitu_base_url),
            meitu_template_ids=tuple(part for part in self._text("MEITU_TEMPLATE_IDS").replace(",", " ").split()),
            templates_dir=self._folder("TEMPLATES_DIR"),
            ailab_key=self._secret("AILAB_API_KEY"),
            rapidapi_key=rapidapi_key,
            rapidapi_host=rapidapi_host,
            ailab_base_url=self._url("AILAB_BASE_URL", ailab_home),
            ailab_path=self._path("AILAB_PATH", MARKETPLACE_PATH if marketplace else None),
            mode=self._mode(),
            login=self._login("LOGIN"),
            space=bool(self._text("SPACE_ID")),
            host=host,
            port=self._port(default.port),
            log_level=self._log_level(default.log_level),
            data_dir=self._text("DATA_DIR", default.data_dir),
            database_url=self._secret("DATABASE_URL"),
            calls_per_day=self._cap("CALLS_PER_DAY", None if private else PUBLIC_CALLS_PER_DAY),
            calls_per_hour=self._cap("CALLS_PER_HOUR", None if private else PUBLIC_CALLS_PER_HOUR),
            calls_per_second=self._rate("CALLS_PER_SECOND", default.calls_per_second),
            longest_wait=self._seconds("LONGEST_WAIT", default.longest_wait),
            breaker=self._switch("BREAKER", True),
            failure_lab=self._switch("FAILURE_LAB", private),
            mcp=self._switch("MCP", False),
            photo_urls=self._switch("PHOTO_URLS", private),
            mirror=self._switch("MIRROR", private),
            offline_each=self._count("OFFLINE_EACH", default.offline_each, most=OFFLINE_PLACES),
            trusted_proxies=self._networks("TRUSTED_PROXIES"),
            meitu_recipient=self._words("MEITU_RECIPIENT", default.meitu_recipient),
            ailab_recipient=self._words("AILAB_RECIPIENT", default.ailab_recipient),
            keep_minutes=self._minutes("KEEP_MINUTES", default.keep_minutes),
            visible_label=self._switch("VISIBLE_LABEL", default.visible_label),
            result_hosts=self._result_hosts("RESULT_HOSTS", default.result_hosts),
            connect_timeout=self._seconds("CONNECT_TIMEOUT", default.connect_timeout),
            write_timeout=self._seconds("WRITE_TIMEOUT", default.write_timeout),
            read_timeout=self._seconds("READ_TIMEOUT", default.read_timeout),
        )
        if (settings.meitu_key is None) != (settings.meitu_secret is None):
            missing = "MEITU_API_SECRET" if settings.meitu_key else "MEITU_API_KEY"
            self._wrong.append(f"{missing} is missing: Meitu's key and secret come as a pair; set both or none")
        if self._wrong:
            raise SettingsError("; ".join(self._wrong))
        return settings

    def _text(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def _secret(self, name: str) -> SecretStr | None:
        text = self._text(name)
        if text and not (text.isascii() and text.isprintable()):
            self._wrong.append(f"{name} holds characters that no key has; copy it again")
        return SecretStr(text) if text else None

    def _login(self, name: str) -> tuple[tuple[str, SecretStr], ...]:
        parts = [part.strip() for part in self._text(name).replace("\n", ",").split(",")]
        pairs = [part.partition(":") for part in parts if part]
        users = [user.strip() for user, _, _ in pairs]
        passwords = [password.strip() for _, _, password in pairs]
        if not all(users) or not all(passwords):
            self._wrong.append(f"{name} must be pairs such as user:password, separated by commas")
        elif len(set(users)) < len(users):
            self._wrong.append(f"{name} names a user twice")
        return tuple(zip(users, map(SecretStr, passwords), strict=True))

    def _host(self, name: str, default: str) -> str:
        host = self._text(name, default)
        if not is_plain(host) or "/" in host:
            self._wrong.append(f"{name} must be a host's name such as {default}")
            return default
        return host

    def _url(self, name: str, default: str) -> str:
        url = self._text(name, default).rstrip("/")
        try:
            parts = urlsplit(url)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            fine = fine and not (parts.query or parts.fragment or parts.username) and is_plain(url)
        except ValueError:
            fine = False
        if not fine:
            self._wrong.append(f"{name} must be a plain URL such as https://host or http://127.0.0.1:8700")
        return url

    def _path(self, name: str, default: str | None) -> str | None:
        path = self._text(name) or default
        if path is not None and not (path.startswith("/") and is_plain(path)):
            self._wrong.append(f"{name} must start with / and hold no spaces")
        return path

    def _folder(self, name: str) -> Path | None:
        text = self._text(name)
        if text and not Path(text).is_dir():
            self._wrong.append(f"{name} must be a folder that exists")
        return Path(text) if text else None

    def _mode(self) -> Mode:
        text = self._text("MODE", "auto").lower()
        for mode in get_args(Mode):
            if text == mode:
                return mode  # type: ignore[no-any-return]
        self._wrong.append("MODE must be auto, live or offline")
        return "auto"

    def _home(self, default: str) -> str:
        """On a Space the page is reached from outside its container, so it listens on every address there."""
        return "0.0.0.0" if self._text("SPACE_ID") else default

    def _port(self, default: int) -> int:
        name = "PORT" if self._text("PORT") else "GRADIO_SERVER_PORT"
        text = self._text(name, str(default))
        if not text.isdecimal() or not 0 <= int(text) <= 65535:
            self._wrong.append(f"{name} must be a number from 0 to 65535")
            return default
        return int(text)

    def _log_level(self, default: str) -> str:
        level = self._text("LOG_LEVEL", default).upper()
        if level not in LOG_LEVELS:
            self._wrong.append(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
        return level

    def _cap(self, name: str, default: int | None) -> int | None:
        text = self._text(name)
        if not text:
            return default
        if text.lower() == "off":
            return None
        if not text.isdecimal() or not 1 <= int(text[:9]) <= 1_000_000:
            self._wrong.append(f"{name} must be a number of calls from 1 to 1000000, or off")
            return default
        return int(text)

    def _count(self, name: str, default: int, *, most: int) -> int:
        text = self._text(name, str(default))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= most:
            self._wrong.append(f"{name} must be a number from 1 to {most}")
            return default
        return int(text)

    def _rate(self, name: str, default: float | None) -> float | None:
        text = self._text(name)
        if not text:
            return default
        if text.lower() == "off":
            return None
        try:
            rate = float(text)
        except ValueError:
            rate = -1.0
        if not 0.01 <= rate <= 1000:
            self._wrong.append(f"{name} must be a number from 0.01 to 1000, or off")
            return default
        return rate

    def _switch(self, name: str, default: bool) -> bool:
        text = self._text(name).lower()
        if text not in ("", "on", "off", "1", "0"):
            self._wrong.append(f"{name} must be on or off")
        return text in ("on", "1") if text in ("on", "off", "1", "0") else default

    def _networks(self, name: str) -> tuple[Network, ...]:
        try:
            return tuple(ip_network(part) for part in self._text(name).replace(",", " ").split())
        except ValueError:
            self._wrong.append(f"{name} must be addresses or networks such as 10.0.0.0/8, separated by commas")
            return ()

    def _result_hosts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        parts = self._text(name).lower().replace(",", " ").split()
        hosts = tuple(part.removeprefix("*") if part.startswith("*.") else part for part in parts)
        if not all(map(RESULT_HOST.fullmatch, hosts)):
            self._wrong.append(
                f"{name} must be hosts such as img.example.com, or .example.com for all below it, separated by commas"
            )
        return hosts or default

    def _words(self, name: str, default: str) -> str:
        text = self._text(name, default)
        if not text.isprintable() or len(text) > 80:
            self._wrong.append(f"{name} must be one line of at most 80 characters")
        return text

    def _minutes(self, name: str, default: int) -> int:
        text = self._text(name, str(default))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= 1440:
            self._wrong.append(f"{name} must be a number of minutes from 1 to 1440")
            return default
        return int(text)

    def _seconds(self, name: str, default: float) -> float:
        text = self._text(name, str(default))
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds <= 600:
            self._wrong.append(f"{name} must be a number of seconds above 0, at most 600")
            return default
        return seconds


def _passwords(url: str) -> tuple[str, ...]:
    """The password in `url`, as it stands there and as it is meant; libraries show the one or the other."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return ()
    return password, unquote(password)


def _is_private(host: str) -> bool:
    """Whether only people nearby reach what listens on `host`: loopback or a private network, and not every address."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_private and not address.is_unspecified


def is_plain(text: str) -> bool:
    """Whether `text` can stand in a URL or a header as it is."""
    return text.isascii() and text.isprintable() and " " not in text
