"""Builds the service's `Caller` from a web request."""

import re

import gradio as gr
from starlette.requests import Request

from ..service import Caller
from .security.visitor_cookie import VISITOR_COOKIE

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
    peer_address = request.client.host if request.client else ""
    forwarded_for = request.headers.get("x-forwarded-for", "")
    return Caller(session_id, request.cookies.get(VISITOR_COOKIE), peer_address, forwarded_for)


def get_shown_payer(request: gr.Request | None, vendor_id: str) -> str:
    """Who pays for the vendor's calls, as the badge on the visitor's page said at the click; "" if it said nothing."""
    payers = request.headers.get(PAYERS_HEADER, "") if request else ""
    return dict(pair.split("=", 1) for pair in payers.split() if "=" in pair).get(vendor_id, "")
