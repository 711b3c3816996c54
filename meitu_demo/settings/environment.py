"""`Settings`, read from the environment once: variables, defaults, contradictions and warnings.

`Settings` is one frozen dataclass. Its secrets are redacted everywhere for as long as it lives.
"""

import codecs
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urlsplit
from urllib.request import getproxies, getproxies_environment

from dotenv import dotenv_values
from pydantic import SecretStr

from ..redaction.secrets import register_secret
from .network import PROXY_VARIABLES, NetworkSettings, password_spellings, read_network_settings
from .readers import EnvReader, Network, Price, is_loopback_host, is_private_host

Mode = Literal["auto", "live", "offline", "replay"]
LogFormat = Literal["text", "json"]
ENV_FILE = Path(__file__).resolve().parents[2] / ".env"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
PUBLIC_CALLS_PER_DAY = 100  # the default caps of a demo that others than this machine reach
PUBLIC_CALLS_PER_HOUR = 10
MARKETPLACE_HOST = "facial-aesthetics.p.rapidapi.com"
DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "sqlite", "sqlite+pysqlite")
MAX_OFFLINE_RUNS = 60  # concurrent runs on the offline engine, of all visitors together
MARKETPLACE_PATH = "/face/editing/face-tidyup"
# Hosts of the vendors' results. Whole domains of object stores (such as Aliyun's or Huawei's) are not included, because
# anybody can rent a name below them.
RESULT_HOSTS = (
    ".meitu.com",  # obs.mtlab.meitu.com in published replies; the API's host as well
    ".meitudata.com",  # Meitu's CDN; not seen in a reply yet
    ".ailabtools.com",  # ai-result-rapidapi.ailabtools.com in published replies, to direct and marketplace keys alike
    ".ailabapi.com",  # AILabTools' API; not seen in a reply yet
    "ailab-outputs.oss-accelerate.aliyuncs.com",  # AILabTools' own bucket, in replies since 2026
)


class SettingsError(ValueError):
    """One or more settings are wrong; the message names each of them and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Times in seconds unless the name says otherwise; `repr` hides secrets."""

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
    recordings: Path | None = None  # folder of recorded live calls; None: none are recorded
    login: tuple[tuple[str, SecretStr], ...] = ()  # names and passwords; none: no login
    space: bool = False  # on a Hugging Face Space, in a frame of its page and behind its proxy
    host: str = "127.0.0.1"
    port: int = 7860
    log_level: str = "INFO"
    log_format: LogFormat = "text"
    data_dir: str = "data"
    temp_dir: str = ""  # for uploads; empty: the system's
    database_url: SecretStr | None = None
    calls_per_day: int | None = None
    calls_per_hour: int | None = None
    calls_per_second: float | None = 1.0
    longest_wait: float = 20.0
    price_per_call: tuple[Price, ...] = ()
    breaker: bool = True
    failure_lab: bool = True
    mcp: bool = False  # the endpoints as tools for assistants
    photo_urls: bool = True  # whether assistants may pass a photo by URL
    mirror: bool = True
    offline_each: int = 4  # concurrent runs on the offline engine, of one visitor
    trusted_proxies: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()  # names of the demo, lower case, without ports
    root_path: str | None = None  # below which a proxy serves the demo, such as /demo
    meitu_recipient: str = "Meitu, China"
    ailab_recipient: str = "AILabTools, China"
    keep_minutes: int = 30
    visible_label: bool = True
    result_hosts: tuple[str, ...] = RESULT_HOSTS  # lower case; with a leading dot, every name below
    connect_timeout: float = 5.0
    write_timeout: float = 30.0
    read_timeout: float = 60.0

    network: NetworkSettings = field(default_factory=NetworkSettings)

    def __post_init__(self) -> None:
        if self.database_url:
            register_secret(self.database_url, *password_spellings(self.database_url.get_secret_value()))
        values = (getattr(self, each.name) for each in fields(self))
        for secret in (*values, *(password for _, password in self.login)):
            if isinstance(secret, SecretStr):
                register_secret(secret)

    @property
    def allows_live(self) -> bool:
        """Whether the mode allows live calls; they also need keys."""
        return self.mode in ("auto", "live")

    def ledger_url(self) -> str:
        """The ledger's database: the one that is set, else a file in the data folder."""
        url = self.database_url
        return url.get_secret_value() if url else f"sqlite:///{Path(self.data_dir).resolve()}/ledger.db"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read `environ`, by default the result of `load_environment`. Raises SettingsError."""
        return parse_settings(load_environment() if environ is None else environ)


def load_environment() -> Mapping[str, str]:
    """The process's environment; for variables that are not set, ``.env`` and the proxies of Windows and macOS.

    Raises SettingsError when ``.env`` cannot be read.
    """
    dotenv = dotenv_values(stream=io.StringIO(_read_env_file()), interpolate=False)
    found = {} if getproxies_environment() else getproxies()
    system_proxies = {f"{scheme}_proxy": url for scheme, url in found.items()}
    return {**system_proxies, **{name: value for name, value in dotenv.items() if value is not None}, **os.environ}


def _read_env_file() -> str:
    """The text of ``.env`` in UTF-8, or in UTF-16 with a byte order mark, as Windows' editors save it; "" if none."""
    try:
        data = ENV_FILE.read_bytes()
        is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(f"{ENV_FILE.name} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without its mark, or UTF-32
        raise SettingsError(f"{ENV_FILE.name} is not text in UTF-8; save it with the encoding UTF-8")
    return text


def hide_network_settings(network: NetworkSettings) -> None:
    """Remove proxies and unusable certificates from the process's environment, on which importing Gradio would fail.

    Calls follow `Settings.network`.
    """
    certificates = {"SSL_CERT_FILE": network.certificate_file, "SSL_CERT_DIR": network.certificate_folder}
    unusable = [name for name, path in certificates.items() if path is None]
    for name in (*PROXY_VARIABLES, *map(str.upper, PROXY_VARIABLES), *unusable):
        os.environ.pop(name, None)


def parse_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises SettingsError."""
    values = EnvReader(environ)
    default = Settings()
    rapidapi_key = values.secret("RAPIDAPI_KEY")
    rapidapi_host = values.host("RAPIDAPI_HOST", MARKETPLACE_HOST)
    uses_marketplace = rapidapi_key is not None and not values.text("AILAB_API_KEY")
    host = values.text("HOST") or values.text("GRADIO_SERVER_NAME")
    space, proxies = bool(values.text("SPACE_ID")), values.networks("TRUSTED_PROXIES")
    host = host or ("0.0.0.0" if space else default.host)  # a Space's page is reached from outside the container
    is_private = is_private_host(host) and not (space or proxies)  # strangers cannot reach the demo
    is_local = is_private and is_loopback_host(host)  # only this machine's users spend the owner's money
    default_ailab_url = f"https://{rapidapi_host}" if uses_marketplace else default.ailab_base_url
    settings = Settings(
        meitu_key=values.secret("MEITU_API_KEY"),
        meitu_secret=values.secret("MEITU_API_SECRET"),
        meitu_base_url=values.url("MEITU_BASE_URL", default.meitu_base_url),
        meitu_template_ids=values.words("MEITU_TEMPLATE_IDS"),
        templates_dir=values.folder("TEMPLATES_DIR"),
        ailab_key=values.secret("AILAB_API_KEY"),
        rapidapi_key=rapidapi_key,
        rapidapi_host=rapidapi_host,
        ailab_base_url=values.url("AILAB_BASE_URL", default_ailab_url),
        ailab_path=values.path("AILAB_PATH", MARKETPLACE_PATH if uses_marketplace else None),
        mode=cast(Mode, values.choice("MODE", get_args(Mode), default.mode)),
        recordings=Path(values.text("RECORDINGS")) if values.text("RECORDINGS") else None,
        login=values.login("LOGIN"),
        space=space,
        host=host,
        port=values.port("PORT" if values.text("PORT") else "GRADIO_SERVER_PORT", default.port),
        log_level=values.choice("LOG_LEVEL", LOG_LEVELS, default.log_level),
        log_format=cast(LogFormat, values.choice("LOG_FORMAT", get_args(LogFormat), default.log_format)),
        data_dir=values.text("DATA_DIR", default.data_dir),
        temp_dir=values.text("GRADIO_TEMP_DIR", default.temp_dir),
        database_url=values.secret("DATABASE_URL"),
        calls_per_day=values.cap("CALLS_PER_DAY", None if is_local else PUBLIC_CALLS_PER_DAY),
        calls_per_hour=values.cap("CALLS_PER_HOUR", None if is_local else PUBLIC_CALLS_PER_HOUR),
        calls_per_second=values.rate("CALLS_PER_SECOND", default.calls_per_second),
        longest_wait=values.seconds("LONGEST_WAIT", default.longest_wait),
        price_per_call=values.prices("PRICE_PER_CALL"),
        breaker=values.switch("BREAKER", True),
        failure_lab=values.switch("FAILURE_LAB", is_private),
        mcp=values.switch("MCP", default.mcp),
        photo_urls=values.switch("PHOTO_URLS", is_private),
        mirror=values.switch("MIRROR", is_private),
        offline_each=values.count("OFFLINE_EACH", default.offline_each, maximum=MAX_OFFLINE_RUNS),
        trusted_proxies=proxies,
        allowed_hosts=values.allowed_hosts("ALLOWED_HOSTS"),
        root_path=values.path("ROOT_PATH" if values.text("ROOT_PATH") else "GRADIO_ROOT_PATH", default.root_path),
        meitu_recipient=values.single_line("MEITU_RECIPIENT", default.meitu_recipient),
        ailab_recipient=values.single_line("AILAB_RECIPIENT", default.ailab_recipient),
        keep_minutes=values.minutes("KEEP_MINUTES", default.keep_minutes),
        visible_label=values.switch("VISIBLE_LABEL", default.visible_label),
        result_hosts=values.result_hosts("RESULT_HOSTS", default.result_hosts),
        connect_timeout=values.seconds("CONNECT_TIMEOUT", default.connect_timeout),
        write_timeout=values.seconds("WRITE_TIMEOUT", default.write_timeout),
        read_timeout=values.seconds("READ_TIMEOUT", default.read_timeout),
        network=read_network_settings(environ),
    )
    errors = values.errors + validate(settings)
    if errors:
        raise SettingsError("; ".join(errors))
    return settings


def validate(settings: Settings) -> list[str]:
    """List one sentence for each contradiction that prevents the start; it names the settings."""
    errors = []
    if (settings.meitu_key is None) != (settings.meitu_secret is None):
        missing = "MEITU_API_SECRET" if settings.meitu_key else "MEITU_API_KEY"
        errors.append(f"{missing} is missing: Meitu's key and secret come as a pair; set both or none")
    if settings.database_url and not _is_database_url(settings.database_url.get_secret_value()):
        errors.append("DATABASE_URL must begin with postgresql:// or sqlite:/// and be a URL that can be read")
    for name, folder in (("DATA_DIR", Path(settings.data_dir)), ("RECORDINGS", settings.recordings)):
        if folder and folder.exists() and not folder.is_dir():
            errors.append(f"{name} is a file; it must be a folder, or a place where one can be made")
    if settings.mode == "replay" and not settings.recordings:
        errors.append("MODE is replay, and RECORDINGS names no folder to replay from")
    if settings.space and is_loopback_host(settings.host):
        errors.append("HOST is this machine alone, and SPACE_ID says that this is a Space: nobody could reach it there")
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        errors.append(
            "TRUSTED_PROXIES holds every address there is, so anybody could say where they come from; name the proxies"
        )
    if _has_live_keys(settings):
        errors += settings.network.errors
    return errors


def _has_live_keys(settings: Settings) -> bool:
    return settings.allows_live and any((settings.meitu_key, settings.ailab_key, settings.rapidapi_key))


def warnings(settings: Settings) -> list[str]:
    """List one sentence for the log for each combination that works but may not be intended."""
    messages = [f"{error}; calls to the services may fail until then" for error in settings.network.errors]
    is_local = is_loopback_host(settings.host) and not (settings.space or settings.trusted_proxies)
    if settings.ailab_key and settings.rapidapi_key:
        messages.append("AILAB_API_KEY and RAPIDAPI_KEY are both set; AILAB_API_KEY is used, the other is not")
    if settings.mode == "live" and not _has_live_keys(settings):
        messages.append("MODE is live and no key is set: every run asks its visitor for keys")
    if _has_live_keys(settings) and not is_local:
        caps = {"CALLS_PER_DAY": settings.calls_per_day, "CALLS_PER_HOUR": settings.calls_per_hour}
        uncapped = [name for name, cap in caps.items() if cap is None]
        if uncapped:
            messages.append(f"{' and '.join(uncapped)} is off, and others reach the demo: they spend without a cap")
    for name, url, key in (
        ("MEITU_BASE_URL", settings.meitu_base_url, settings.meitu_key),
        ("AILAB_BASE_URL", settings.ailab_base_url, settings.ailab_key or settings.rapidapi_key),
    ):
        parts = urlsplit(url)
        if key and parts.scheme == "http" and not is_private_host(parts.hostname or ""):
            messages.append(f"{name} is not https: keys and photos go over the network unencrypted")
    return messages


def _is_database_url(url: str) -> bool:
    scheme, separator, rest = url.partition("://")
    try:
        urlsplit(url).port  # noqa: B018  # raises ValueError for a bad port
    except ValueError:
        return False
    return scheme in DATABASE_SCHEMES and bool(separator and rest)
