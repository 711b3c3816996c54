"""One click on a panel's button, with everything that came with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ...calls.single_flight import FORCE_NONE
from ...domain.model import Credentials, Endpoint
from ...domain.translations import translate
from ..texts import detect_language
from ..visits import Caller
from .onward import Fallback


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One click, with everything that came with it.

    fault: a rehearsal in the lab, and how it is to end. on_stage: the page says so of itself (/?stage=1), and anybody
    may say it; it decides no more than whether a live run that the network fails goes on offline. instead: of which.
    """

    endpoint: Endpoint
    caller: Caller
    language: str
    photo: Any
    values: Mapping[str, Any]
    visitor_keys: Mapping[str, Credentials] | None
    consent: bool
    force: int
    force_offline: bool
    fault: str | None = None
    is_kiosk: bool = False
    fallback: Fallback | None = None

    @classmethod
    def from_inputs(
        cls,
        endpoint: Endpoint,
        request: gr.Request,
        inputs: tuple[Any, ...],
        *,
        force_offline: bool,
        is_repeat: bool,
        fault: str | None = None,
    ) -> "RunRequest":
        """From the values of a panel's inputs: photo, controls, consent, the tab, own keys, number of the last call."""
        photo, *rest, consent, tab, visitor_keys, call_id = inputs
        names = [control.name for control in endpoint.controls] if fault is None else []  # the lab takes the defaults
        values = dict(zip(names, rest, strict=True))
        force = call_id if is_repeat else FORCE_NONE
        caller = Caller.from_request(request, tab)
        language = detect_language(request)
        is_kiosk = request.query_params.get("stage") == "1"  # Gradio's page sends its own query with each event
        return cls(
            endpoint,
            caller,
            language,
            photo,
            values,
            visitor_keys,
            consent is True,
            force,
            force_offline,
            fault,
            is_kiosk,
        )

    @property
    def provider(self) -> str:
        """The vendor's name."""
        return translate(f"providers.{self.endpoint.provider}.name", self.language)
