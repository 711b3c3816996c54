"""Who is asking: the session, which is one tab, and the visitor behind it, whom paid calls are counted against."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from .security.visitor_cookie import VISITOR_COOKIE

if TYPE_CHECKING:
    from ..ledger.paid_calls import PaidCallRecorder

TAB_ID_PATTERN = re.compile(r"[0-9a-f]{32}")  # what assets/js/window.js draws


@dataclass(frozen=True, slots=True)
class Caller:
    """One request. session: unguessable; results are shared within it and never beyond."""

    session_id: str
    cookie: str | None = None
    peer_address: str = ""
    forwarded_for: str = ""

    @classmethod
    def from_request(cls, request: gr.Request | None, tab_id: object = "") -> "Caller":
        """From a request and the name that its tab goes by.

        A tab keeps its name when it is reloaded, so that the click after that does not pay a second time; Gradio's
        session would be another one. Somebody else's name cannot be guessed, nor is it ever sent to anybody.
        """
        if request is None:
            return cls("")
        is_valid_tab_id = isinstance(tab_id, str) and TAB_ID_PATTERN.fullmatch(tab_id)
        session_id = f"tab {tab_id}" if is_valid_tab_id else f"session {request.session_hash}"
        peer_address = request.client.host if request.client else ""
        return cls(
            session_id, request.cookies.get(VISITOR_COOKIE), peer_address, request.headers.get("x-forwarded-for", "")
        )

    def identify_visitor(self, recorder: "PaidCallRecorder") -> str:
        """Whom a paid call is counted against: the visitor of our cookie, else the client's address."""
        return recorder.identify_visitor(self.cookie, self.peer_address, self.forwarded_for)
