"""`Settings`: one frozen dataclass. Its secrets are redacted everywhere for as long as it lives."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from ..redaction.secrets import register_secret

Network = IPv4Network | IPv6Network
Mode = Literal["auto", "live", "offline"]
LogFormat = Literal["text", "json"]
MARKETPLACE_HOST = "facial-aesthetics.p.rapidapi.com"
DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "sqlite", "sqlite+pysqlite")
MAX_OFFLINE_RUNS = 60  # runs on the offline engine that all visitors together may have at once
MARKETPLACE_PATH = "/face/editing/face-tidyup"
# Hosts of the vendors' results. No whole object store is among them (such as Aliyun's or Huawei's): anybody can rent a
# name there.
RESULT_HOSTS = (
    ".meitu.com",  # obs.mtlab.meitu.com in replies that clients have published; the API is below it, too
    ".meitudata.com",  # Meitu's own network for pictures; not seen in a reply yet
    ".ailabtools.com",  # ai-result-rapidapi.ailabtools.com in published replies, to direct and marketplace keys alike
    ".ailabapi.com",  # AILabTools' API; not seen in a reply yet
)


class SettingsError(ValueError):
    """One or more settings are wrong; the message names each of them and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment decides. Times in seconds; `repr` hides secrets."""

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
    login: tuple[tuple[str, SecretStr], ...] = ()  # names and passwords; none: no login
    space: bool = False  # on a Hugging Face Space, in a frame of its page and behind its proxy
    host: str = "127.0.0.1"
    port: int = 7860
    log_level: str = "INFO"
    log_format: LogFormat = "text"
    data_dir: str = "data"
    database_url: SecretStr | None = None
    calls_per_day: int | None = None
    calls_per_hour: int | None = None
    calls_per_second: float | None = 1.0
    longest_wait: float = 20.0
    breaker: bool = True
    failure_lab: bool = True
    mcp: bool = False  # the endpoints as tools for assistants
    photo_urls: bool = True  # they may give a photo by its URL
    mirror: bool = True
    offline_each: int = 4  # runs on the offline engine that a visitor may have at once
    trusted_proxies: tuple[Network, ...] = ()
    meitu_recipient: str = "Meitu, China"
    ailab_recipient: str = "AILabTools, China"
    keep_minutes: int = 30
    visible_label: bool = True
    result_hosts: tuple[str, ...] = RESULT_HOSTS  # lower case; with a leading dot, every name below
    connect_timeout: float = 5.0
    write_timeout: float = 30.0
    read_timeout: float = 60.0

    def __post_init__(self) -> None:
        if self.database_url:
            register_secret(self.database_url, *_password_spellings(self.database_url.get_secret_value()))
        values = (getattr(self, field.name) for field in fields(self))
        for secret in (*values, *(password for _, password in self.login)):
            if isinstance(secret, SecretStr):
                register_secret(secret)

    def ledger_url(self) -> str:
        """The ledger's database: the one that is set, else a file in the data folder."""
        url = self.database_url
        return url.get_secret_value() if url else f"sqlite:///{Path(self.data_dir).resolve()}/ledger.db"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read `environ`, or the process's environment with ``.env`` behind it. Raises SettingsError."""
        from .environment import load_environment, parse_settings  # a circle: it imports Settings

        return parse_settings(load_environment() if environ is None else environ)


def _password_spellings(url: str) -> tuple[str, ...]:
    """The password in `url`, percent-encoded and decoded; libraries show the one or the other."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return ()
    return password, unquote(password)
