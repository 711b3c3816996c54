"""Who sends a web request: the service's `Caller`, the client's address, and who the page says pays."""

import re
from collections.abc import Sequence

import gradio as gr
from starlette.requests import Request

from ..runtime.client_address import resolve_client_address
from ..service import Caller
from ..settings import Network

VISITOR_COOKIE = "visitor"
PAYERS_HEADER = "x-payers"  # who pays for each vendor's calls, as the page shows it: "meitu=visitor ailab=owner"
TAB_ID_PATTERN = re.compile(r"[0-9a-f]{32}")  # a random id from assets/js/navigation.js


def identify_caller(request: gr.Request | None, tab_id: object = "") -> Caller:
    """The caller of a page event, or of an API call, which has no tab.

    A tab keeps its id when it is reloaded, so that the next click does not pay a second time; Gradio's session changes.
    The id cannot be guessed, and is sent to nobody else.
    """
    if request is None:
        return Caller("")
    is_valid_tab_id = isinstance(tab_id, str) and TAB_ID_PATTERN.fullmatch(tab_id)
    return create_caller(f"tab {tab_id}" if is_valid_tab_id else f"session {request.session_hash}", request)


def create_caller(session_id: str, request: gr.Request | Request) -> Caller:
    """The caller with that session, from the request's cookie, peer address and X-Forwarded-For."""
    return Caller(session_id, request.cookies.get(VISITOR_COOKIE), *_read_hops(request))


def resolve_address(request: Request, trusted_proxies: Sequence[Network]) -> str:
    """The client's address; that in X-Forwarded-For if a trusted proxy wrote it."""
    return resolve_client_address(*_read_hops(request), trusted_proxies)


def _read_hops(request: gr.Request | Request) -> tuple[str, str]:
    """(the peer's address, X-Forwarded-For)."""
    return request.client.host if request.client else "", request.headers.get("x-forwarded-for", "")


def get_shown_payer(request: gr.Request | None, vendor_id: str) -> str:
    """Who pays for the vendor's calls, as the badge on the visitor's page said at the click; "" if it said nothing."""
    payers = request.headers.get(PAYERS_HEADER, "") if request else ""
    return dict(pair.split("=", 1) for pair in payers.split() if "=" in pair).get(vendor_id, "")
