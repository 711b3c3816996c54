"""Which route a provider's calls take, with whose keys, and what its badge says of that.

Above service and offline server, which do not know each other; below the screens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pydantic import SecretStr

from .errors import MissingKey
from .settings import Settings
from .spec import Credentials, Route

OFFLINE_URL = "http://offline.invalid"  # a reserved name: whatever happens, it never resolves
RETIRED = {"ailab"}  # facial aesthetics: switched off by its vendor in February 2026
KEY_NAMES = {"meitu": "MEITU_API_KEY", "ailab": "AILAB_API_KEY"}
Keyed = tuple[Credentials, str, str | None]  # keys, base URL, a path instead of the endpoint's own


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


class Routes:
    """Decides, once and for every door, where a provider's calls go.

    own: keys that a visitor brought, by provider; where there are none, the owner's count.
    """

    def __init__(self, settings: Settings, own: Mapping[str, Credentials] | None = None) -> None:
        self._settings = settings
        self._own = own or {}

    def with_keys(self, own: Mapping[str, Credentials] | None) -> "Routes":
        """The same for a visitor who brought keys."""
        return Routes(self._settings, own) if own else self

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
        word = SecretStr("none")  # short, or it would be guarded as a secret
        return Route(provider, OFFLINE_URL, Credentials(word, word), paid=False)

    def live(self, provider: str) -> Route | None:
        """The vendor's route, or None without a key (and in mode `offline`)."""
        settings = self._settings
        if settings.mode == "offline":
            return None
        keys, home, path = self._own_keys(provider) or self._owners_keys(provider) or (None, "", None)
        if keys is None:
            return None
        payer = "visitor" if provider in self._own else "owner"
        hosts = settings.result_hosts
        return Route(provider, home, keys, paid=True, path=path, payer=payer, result_hosts=hosts)

    def _own_keys(self, provider: str) -> Keyed | None:
        keys, settings = self._own.get(provider), self._settings
        if keys is None:
            return None
        if provider == "meitu":
            return keys, settings.meitu_base_url, None
        marketplace = settings.rapidapi_key is not None and settings.ailab_key is None
        # Keys that are brought are direct ones, which the marketplace does not know.
        return keys, Settings().ailab_base_url if marketplace else settings.ailab_base_url, None

    def _owners_keys(self, provider: str) -> Keyed | None:
        settings = self._settings
        if provider == "meitu" and settings.meitu_key and settings.meitu_secret:
            return Credentials(settings.meitu_key, settings.meitu_secret), settings.meitu_base_url, None
        if provider == "ailab" and settings.ailab_key:
            return Credentials(settings.ailab_key), settings.ailab_base_url, settings.ailab_path
        if provider == "ailab" and settings.rapidapi_key:
            keys = Credentials(settings.rapidapi_key, host=settings.rapidapi_host)
            return keys, settings.ailab_base_url, settings.ailab_path
        return None

    def any_live(self) -> bool:
        """Whether any call can cost money."""
        return any(self.is_live(provider) for provider in KEY_NAMES)

    def is_live(self, provider: str) -> bool:
        """Whether the provider's calls can cost money."""
        return self.live(provider) is not None

    def status(self, provider: str) -> Status:
        """What the provider's badge shows."""
        if self.is_live(provider):
            reason = "key_own" if provider in self._own else "key_set"
            return Status(State.RETIRED if provider in RETIRED else State.LIVE, reason)
        if self._settings.mode == "offline":
            return Status(State.RETIRED if provider in RETIRED else State.OFFLINE, "mode_offline")
        if self._settings.mode == "live":
            return Status(State.OFFLINE, "key_missing_live", KEY_NAMES[provider])
        return Status(State.RETIRED if provider in RETIRED else State.OFFLINE, "key_missing", KEY_NAMES[provider])
