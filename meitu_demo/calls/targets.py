"""Which route a provider's calls take, with whose keys, and what its badge says of that.

Above service and offline server, which do not know each other; below the screens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pydantic import SecretStr

from ..domain.errors import MissingKey
from ..domain.model import CallTarget, Credentials
from ..settings import Settings

OFFLINE_URL = "http://offline.invalid"  # a reserved name: whatever happens, it never resolves
RETIRED_VENDORS = {"ailab"}  # facial aesthetics: switched off by its vendor in February 2026
KEY_SETTINGS = {"meitu": "MEITU_API_KEY", "ailab": "AILAB_API_KEY"}
_VendorAccess = tuple[Credentials, str, str | None]  # keys, base URL, a path instead of the endpoint's own


class VendorState(Enum):
    """A provider's badge."""

    LIVE = "live"
    OFFLINE = "offline"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class VendorStatus:
    """A provider's badge and its reason: a slug for `locales` and, where one is missing, the setting's name."""

    state: VendorState
    reason: str
    setting: str = ""


class TargetResolver:
    """Decides, once and for every door, where a provider's calls go.

    own: keys that a visitor brought, by provider; where there are none, the owner's count.
    """

    def __init__(self, settings: Settings, visitor_keys: Mapping[str, Credentials] | None = None) -> None:
        self._settings = settings
        self._visitor_keys = visitor_keys or {}

    def with_visitor_keys(self, visitor_keys: Mapping[str, Credentials] | None) -> "TargetResolver":
        """The same for a visitor who brought keys."""
        return TargetResolver(self._settings, visitor_keys) if visitor_keys else self

    def resolve(self, provider: str) -> CallTarget:
        """The route for a provider's calls. Raises MissingKey in mode `resolve_live` without a key."""
        if self._settings.mode == "offline":
            return self.resolve_offline(provider)
        live = self.resolve_live(provider)
        if live is None and self._settings.mode == "live":
            raise MissingKey(provider=provider, setting=KEY_SETTINGS[provider])
        return live or self.resolve_offline(provider)

    def resolve_offline(self, provider: str) -> CallTarget:
        """The offline server's route; it takes any key."""
        dummy_key = SecretStr("none")  # short, or it would be guarded as a secret
        return CallTarget(provider, OFFLINE_URL, Credentials(dummy_key, dummy_key), is_billable=False)

    def resolve_live(self, provider: str) -> CallTarget | None:
        """The vendor's route, or None without a key (and in mode `resolve_offline`)."""
        settings = self._settings
        if settings.mode == "offline":
            return None
        keys, base_url, path = (
            self._find_visitor_access(provider) or self._find_owner_access(provider) or (None, "", None)
        )
        if keys is None:
            return None
        billed_to = "visitor" if provider in self._visitor_keys else "owner"
        hosts = settings.result_hosts
        return CallTarget(
            provider, base_url, keys, is_billable=True, path_override=path, billed_to=billed_to, result_hosts=hosts
        )

    def _find_visitor_access(self, provider: str) -> _VendorAccess | None:
        keys, settings = self._visitor_keys.get(provider), self._settings
        if keys is None:
            return None
        if provider == "meitu":
            return keys, settings.meitu_base_url, None
        uses_marketplace = settings.rapidapi_key is not None and settings.ailab_key is None
        # Keys that are brought are direct ones, which the marketplace does not know.
        return keys, Settings().ailab_base_url if uses_marketplace else settings.ailab_base_url, None

    def _find_owner_access(self, provider: str) -> _VendorAccess | None:
        settings = self._settings
        if provider == "meitu" and settings.meitu_key and settings.meitu_secret:
            return Credentials(settings.meitu_key, settings.meitu_secret), settings.meitu_base_url, None
        if provider == "ailab" and settings.ailab_key:
            return Credentials(settings.ailab_key), settings.ailab_base_url, settings.ailab_path
        if provider == "ailab" and settings.rapidapi_key:
            keys = Credentials(settings.rapidapi_key, host=settings.rapidapi_host)
            return keys, settings.ailab_base_url, settings.ailab_path
        return None

    def is_any_live(self) -> bool:
        """Whether any call can cost money."""
        return any(self.is_live(provider) for provider in KEY_SETTINGS)

    def is_live(self, provider: str) -> bool:
        """Whether the provider's calls can cost money."""
        return self.resolve_live(provider) is not None

    def get_status(self, provider: str) -> VendorStatus:
        """What the provider's badge shows."""
        if self.is_live(provider):
            reason = "key_own" if provider in self._visitor_keys else "key_set"
            return VendorStatus(VendorState.RETIRED if provider in RETIRED_VENDORS else VendorState.LIVE, reason)
        if self._settings.mode == "offline":
            return VendorStatus(
                VendorState.RETIRED if provider in RETIRED_VENDORS else VendorState.OFFLINE, "mode_offline"
            )
        if self._settings.mode == "live":
            return VendorStatus(VendorState.OFFLINE, "key_missing_live", KEY_SETTINGS[provider])
        return VendorStatus(
            VendorState.RETIRED if provider in RETIRED_VENDORS else VendorState.OFFLINE,
            "key_missing",
            KEY_SETTINGS[provider],
        )
