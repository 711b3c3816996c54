"""The one HTTP client with its mounts, and which route a call takes.

Above service and offline server, which do not know each other; below the screens.
"""

import logging
from dataclasses import dataclass
from enum import Enum

import httpx
from pydantic import SecretStr
from starlette.types import ASGIApp

from .errors import MissingKey
from .settings import Settings
from .spec import Credentials, Route

OFFLINE_URL = "http://offline.invalid"  # a reserved name: whatever happens, it never resolves
RETIRED = {"ailab"}  # facial aesthetics: switched off by its vendor in February 2026
KEY_NAMES = {"meitu": "MEITU_API_KEY", "ailab": "AILAB_API_KEY"}


class State(Enum):
    """A provider's badge."""

    LIVE = "live"
    OFFLINE = "offline"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Status:
    """A provider's badge and its reason: a slug for `locales` and, where one is missing, the setting's name."""

    state: State
    reason: str
    setting: str = ""


def make_client(settings: Settings, offline: ASGIApp) -> httpx.AsyncClient:
    """The client for the life of the app: the vendors over the network, the offline server by a mount in process."""
    # httpx writes whole URLs at INFO, and Meitu's hold the keys; Pillow a photo's metadata at DEBUG.
    for name in ("httpx", "httpcore", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("httpx").addFilter(_without_urls)  # whoever turns its level up again
    timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout, pool=settings.connect_timeout)
    return httpx.AsyncClient(
        timeout=timeout,
        limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
        mounts={OFFLINE_URL: httpx.ASGITransport(offline, raise_app_exceptions=False)},
    )


def _without_urls(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


class Routes:
    """Decides, once and for every door, where a provider's calls go."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def choose(self, provider: str) -> Route:
        """The route for a provider's calls. Raises MissingKey in mode `live` without a key."""
        if self._settings.mode == "offline":
            return self.offline(provider)
        live = self.live(provider)
        if live is None and self._settings.mode == "live":
            raise MissingKey(provider=provider, setting=KEY_NAMES[provider])
        return live or self.offline(provider)

    def offline(self, provider: str) -> Route:
        """The offline server's route; it takes any key."""
        word = SecretStr("offline")
        return Route(provider, OFFLINE_URL, Credentials(word, word), paid=False)

    def live(self, provider: str) -> Route | None:
        """The vendor's route, or None without a key (and in mode `offline`)."""
        settings = self._settings
        if settings.mode == "offline":
            return None
        if provider == "meitu" and settings.meitu_key and settings.meitu_secret:
            keys = Credentials(settings.meitu_key, settings.meitu_secret)
            return Route(provider, settings.meitu_base_url, keys, paid=True, result_hosts=settings.result_hosts)
        if provider == "ailab" and settings.ailab_key:
            keys = Credentials(settings.ailab_key)
        elif provider == "ailab" and settings.rapidapi_key:
            keys = Credentials(settings.rapidapi_key, host=settings.rapidapi_host)
        else:
            return None
        home, path, hosts = settings.ailab_base_url, settings.ailab_path, settings.result_hosts
        return Route(provider, home, keys, paid=True, path=path, result_hosts=hosts)

    def any_live(self) -> bool:
        """Whether any call can cost money."""
        return any(self.is_live(provider) for provider in KEY_NAMES)

    def is_live(self, provider: str) -> bool:
        """Whether the provider's calls can cost money."""
        return self.live(provider) is not None

    def status(self, provider: str) -> Status:
        """What the provider's badge shows."""
        if self.is_live(provider):
            return Status(State.RETIRED if provider in RETIRED else State.LIVE, "key_set")
        if self._settings.mode == "offline":
            return Status(State.RETIRED if provider in RETIRED else State.OFFLINE, "mode_offline")
        if self._settings.mode == "live":
            return Status(State.OFFLINE, "key_missing_live", KEY_NAMES[provider])
        return Status(State.RETIRED if provider in RETIRED else State.OFFLINE, "key_missing", KEY_NAMES[provider])
