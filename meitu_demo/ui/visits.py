"""Who is asking: the session, which is one tab, and the visitor behind it, whom paid calls are counted against."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from .guard.visitors import COOKIE

if TYPE_CHECKING:
    from ..accounts import PaidCallRecorder

TAB = re.compile(r"[0-9a-f]{32}")  # what assets/js/window.js draws


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. session: unguessable; results are shared within it and never beyond."""

    session: str
    cookie: str | None = None
    peer: str = ""
    forwarded_for: str = ""

    @classmethod
    def of(cls, request: gr.Request | None, tab: object = "") -> "Visit":
        """From a request and the name that its tab goes by.

        A tab keeps its name when it is reloaded, so that the click after that does not pay a second time; Gradio's
        session would be another one. Somebody else's name cannot be guessed, nor is it ever sent to anybody.
        """
        if request is None:
            return cls("")
        named = isinstance(tab, str) and TAB.fullmatch(tab)
        session = f"tab {tab}" if named else f"session {request.session_hash}"
        peer = request.client.host if request.client else ""
        return cls(session, request.cookies.get(COOKIE), peer, request.headers.get("x-forwarded-for", ""))

    def visitor(self, accounts: "PaidCallRecorder") -> str:
        """Whom a paid call is counted against: the visitor of our cookie, else the client's address."""
        return accounts.identify_visitor(self.cookie, self.peer, self.forwarded_for)
