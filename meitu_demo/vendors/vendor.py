"""`Vendor`: everything that the rest of the program needs to know about a vendor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..domain.model import CallTarget, Credentials, Endpoint, ImageLimits, ParsedResponse, Photo, Values
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class KeyField:
    """A credential in a request. name: of the query parameter or header. setting: its environment variable."""

    name: str
    setting: str
    is_header: bool = False
    is_secret: bool = True


@dataclass(frozen=True, slots=True)
class VendorAccess:
    """How to reach a vendor. path_override: replaces the endpoint's path."""

    credentials: Credentials
    base_url: str
    path_override: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor. `id` names its texts in `locales/`, its codes in ``data/errors.toml`` and its module in `offline/`.

    base_url: the vendor's official host. keys: in the order of `Credentials`: key, then secret. marketplace_keys: those
    of a marketplace that resells the API on another host. visitor_fields: the form fields for a visitor's keys.
    build, parse: pure functions; parse raises VendorError, InvalidResponse or OutcomeUnknown.

    For the code samples: build_body: the JSON body from wire fields and base64 text; None if the request is a form.
    photo_part: the form part with the photo. reply_path: where the result is in a reply. always_links: the result is
    always a link, never base64.
    """

    id: str
    base_url: str
    limits: ImageLimits
    keys: tuple[KeyField, ...]
    marketplace_keys: tuple[KeyField, ...] = ()
    visitor_fields: tuple[str, ...]
    is_retired: bool = False
    get_owner_access: Callable[[Settings], VendorAccess | None]
    get_visitor_base_url: Callable[[Settings], str]
    get_recipient: Callable[[Settings], str]
    build: Callable[[Endpoint, CallTarget, Photo, Values], httpx.Request]
    parse: Callable[[httpx.Response], ParsedResponse]
    build_body: Callable[[Mapping[str, Any], str], dict[str, Any]] | None = None
    photo_part: str = ""
    reply_path: tuple[str | int, ...]
    always_links: bool = False

    def get_custom_host(self, base_url: str) -> str:
        """The host of `base_url`, which names who gets the photo; "" for the vendor's own."""
        host = urlsplit(base_url).hostname or ""
        return "" if host == urlsplit(self.base_url).hostname else host

    def describe_recipient(self, settings: Settings, base_url: str) -> str:
        """Who gets a photo that goes to `base_url`: the owner's words for it, the host, or the vendor."""
        recipient = self.get_recipient(settings)
        is_default = recipient == self.get_recipient(Settings())
        return (is_default and self.get_custom_host(base_url)) or recipient

    @property
    def key_setting(self) -> str:
        """The setting that is named when the key is missing."""
        return self.keys[0].setting

    def get_keys(self, *, marketplace: bool) -> tuple[KeyField, ...]:
        """The key fields of the marketplace or of the vendor's official API."""
        return self.marketplace_keys if marketplace else self.keys
