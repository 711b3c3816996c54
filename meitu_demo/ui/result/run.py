"""One click on a panel's button, with everything that came with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ...desk import FORCE_NONE
from ...spec import Credentials, Endpoint
from ...words import translate
from ..texts import language_of
from ..visits import Visit
from .onward import Instead


@dataclass(frozen=True, slots=True)
class Run:
    """One click, with everything that came with it.

    fault: a rehearsal in the lab, and how it is to end. on_stage: the page says so of itself (/?stage=1), and anybody
    may say it; it decides no more than whether a live run that the network fails goes on offline. instead: of which.
    """

    endpoint: Endpoint
    visit: Visit
    language: str
    photo: Any
    values: Mapping[str, Any]
    own: Mapping[str, Credentials] | None
    consent: bool
    again: int
    offline: bool
    fault: str | None = None
    on_stage: bool = False
    instead: Instead | None = None

    @classmethod
    def of(
        cls,
        endpoint: Endpoint,
        request: gr.Request,
        given: tuple[Any, ...],
        *,
        offline: bool,
        again: bool,
        fault: str | None = None,
    ) -> "Run":
        """From the values of a panel's inputs: photo, controls, consent, the tab, own keys, number of the last call."""
        photo, *rest, consent, tab, own, number = given
        names = [control.name for control in endpoint.controls] if fault is None else []  # the lab takes the defaults
        values = dict(zip(names, rest, strict=True))
        repeat = number if again else FORCE_NONE
        visit = Visit.of(request, tab)
        language = language_of(request)
        on_stage = request.query_params.get("stage") == "1"  # Gradio's page sends its own query with each event
        return cls(endpoint, visit, language, photo, values, own, consent is True, repeat, offline, fault, on_stage)

    @property
    def provider(self) -> str:
        """The vendor's name."""
        return translate(f"providers.{self.endpoint.provider}.name", self.language)
