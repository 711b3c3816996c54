"""Resolves where a vendor's calls go, with whose keys, and what the vendor's badge says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pydantic import SecretStr

from ..domain.errors import MissingKey
from ..domain.model import CallTarget, Credentials
from ..settings import Settings
from ..vendors import VENDORS, VendorAccess

OFFLINE_URL = "http://offline.invalid"  # a reserved name: it never resolves
RECORDED_URL = "http://recorded.invalid"


class VendorState(Enum):
    """The state on a vendor's badge."""

    LIVE = "live"
    OFFLINE = "offline"
    RECORDED = "recorded"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class VendorStatus:
    """A vendor's badge: state, reason (a slug for `locales`) and the name of the setting that is missing, if any."""

    state: VendorState
    reason: str
    setting: str = ""
    host: str = ""  # of a live server that is not the vendor's own


class TargetResolver:
    """Decides where a vendor's calls go, for the page, the API and MCP alike.

    visitor_keys: keys that a visitor brought, by vendor; the owner's keys are used for all other vendors.
    """

    def __init__(self, settings: Settings, visitor_keys: Mapping[str, Credentials] | None = None) -> None:
        self._settings = settings
        self._visitor_keys = visitor_keys or {}

    def with_visitor_keys(self, visitor_keys: Mapping[str, Credentials] | None) -> "TargetResolver":
        """The resolver for a visitor who brought keys."""
        return TargetResolver(self._settings, visitor_keys) if visitor_keys else self

    def resolve(self, vendor_id: str) -> CallTarget:
        """The target of a vendor's calls. Raises MissingKey in mode "live" without a key."""
        if not self._settings.allows_live:
            return self.resolve_offline(vendor_id, prefers_recording=self.is_replay)
        live = self.resolve_live(vendor_id)
        if live is None and self._settings.mode == "live":
            raise MissingKey(vendor=vendor_id, setting=VENDORS[vendor_id].key_setting)
        return live or self.resolve_offline(vendor_id)

    def resolve_offline(self, vendor_id: str, *, prefers_recording: bool = False) -> CallTarget:
        """The offline server, which takes any key. prefers_recording: see `CallTarget`."""
        dummy_key = SecretStr("none")  # shorter than the values that redaction treats as secrets
        credentials = Credentials(dummy_key, dummy_key)
        return CallTarget(vendor_id, OFFLINE_URL, credentials, is_billable=False, prefers_recording=prefers_recording)

    def resolve_live(self, vendor_id: str) -> CallTarget | None:
        """The vendor's server; None without a key and in a mode that makes no live calls."""
        if not self._settings.allows_live:
            return None
        access = self._get_visitor_access(vendor_id) or VENDORS[vendor_id].get_owner_access(self._settings)
        if access is None:
            return None
        return CallTarget(
            vendor_id,
            access.base_url,
            access.credentials,
            is_billable=True,
            path_override=access.path_override,
            custom_host=VENDORS[vendor_id].get_custom_host(access.base_url),
            billed_to="visitor" if vendor_id in self._visitor_keys else "owner",
            result_hosts=self._settings.result_hosts,
        )

    def get_live_service(self, vendor_id: str) -> str:
        """`CallTarget.service` of the vendor's live calls, now or once a visitor enters keys."""
        return VENDORS[vendor_id].get_custom_host(self._get_live_base_url(vendor_id))

    def describe_recipient(self, vendor_id: str) -> str:
        """Who gets the photo of a live call."""
        return VENDORS[vendor_id].describe_recipient(self._settings, self._get_live_base_url(vendor_id))

    def _get_live_base_url(self, vendor_id: str) -> str:
        target = self.resolve_live(vendor_id)
        return target.base_url if target else VENDORS[vendor_id].get_visitor_base_url(self._settings)

    def _get_visitor_access(self, vendor_id: str) -> VendorAccess | None:
        keys = self._visitor_keys.get(vendor_id)
        return VendorAccess(keys, VENDORS[vendor_id].get_visitor_base_url(self._settings)) if keys else None

    @property
    def is_replay(self) -> bool:
        """Whether recordings are shown in the vendors' place."""
        return self._settings.mode == "replay"

    @property
    def records_calls(self) -> bool:
        """Whether live calls are recorded, so that consent has to cover it."""
        return self._settings.allows_live and self._settings.recordings is not None

    def is_any_live(self) -> bool:
        """Whether any call can cost money."""
        return any(self.is_live(vendor_id) for vendor_id in VENDORS)

    def is_live(self, vendor_id: str) -> bool:
        """Whether the vendor's calls can cost money."""
        return self.resolve_live(vendor_id) is not None

    def get_payer(self, vendor_id: str) -> str:
        """Who pays for the vendor's live calls: "owner", "visitor", or "nobody" if there are none."""
        target = self.resolve_live(vendor_id)
        return target.billed_to if target else "nobody"

    def get_status(self, vendor_id: str) -> VendorStatus:
        """What the vendor's badge shows."""
        vendor, mode = VENDORS[vendor_id], self._settings.mode
        if self.is_live(vendor_id):
            reason = "key_own" if vendor_id in self._visitor_keys else "key_set"
            host = self.get_live_service(vendor_id)
            return VendorStatus(VendorState.RETIRED if vendor.is_retired else VendorState.LIVE, reason, host=host)
        if mode == "live":
            return VendorStatus(VendorState.OFFLINE, "key_missing_live", vendor.key_setting)
        if self.is_replay:
            return VendorStatus(VendorState.RECORDED, "mode_replay")
        state = VendorState.RETIRED if vendor.is_retired else VendorState.OFFLINE
        if mode == "offline":
            return VendorStatus(state, "mode_offline")
        return VendorStatus(state, "key_missing", vendor.key_setting)
