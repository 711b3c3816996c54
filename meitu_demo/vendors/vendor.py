"""`Vendor`: everything that the rest of the program needs to know of one vendor, as one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

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
    """How the owner's settings reach a vendor. path_override: a path instead of the endpoint's own."""

    credentials: Credentials
    base_url: str
    path_override: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor. `id` names its words in `locales/`, its codes in ``data/errors.toml`` and its dialect in `offline/`.

    base_url: the vendor's own host. keys: in the order of `Credentials`: key, then secret. marketplace_keys: those of
    the edition that is sold by another host. visitor_fields: the fields in which visitors type keys of their own.
    build, parse: the client's codec, pure. parse raises VendorError, InvalidResponse or OutcomeUnknown.

    The code samples are made from these: build_body: the JSON body for wire fields and base64 text, None for a form.
    photo_part: the form's part with the photo. reply_path: where a reply holds the result. always_links: the result is
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

    @property
    def key_setting(self) -> str:
        """The setting to name when there is no key."""
        return self.keys[0].setting

    def get_keys(self, *, marketplace: bool) -> tuple[KeyField, ...]:
        """The credentials of one edition."""
        return self.marketplace_keys if marketplace else self.keys
