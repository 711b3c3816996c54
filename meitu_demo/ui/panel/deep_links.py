"""Deep links: an address like `/#facial-aesthetics?shape=8&strength=0.6` names a panel and its settings.

assets/js/deep_links.js writes it as people click, and follows it when the page opens and when they go back. What a link
says is untrusted: the controls validate it, and what they refuse keeps its default.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from ...domain.controls import Control
from ...domain.errors import ValueRejected
from ...domain.model import Endpoint
from ...endpoints import CATALOGUE
from ..events import PRIVATE_EVENT
from .shared_photo import ScreenComponents

MAX_LINK_CHARS = 500
# Reads what the script is following.
FOLLOWED_LINK_JS = "() => [window.deepLink?.slug ?? '', window.deepLink?.query ?? '']"


def get_link_name(control: Control) -> str:
    """The name of a control's value in a link: the first word of the control's own."""
    return control.name.partition("_")[0]


def describe_settings(endpoint: Endpoint, inputs: Sequence[gr.components.Component]) -> str:
    """JSON for assets/js/deep_links.js: for each control its name in a link, default, and the values to choose from.

    A value that was typed in is not among them and stays out of the address: it may be a key in the wrong field.
    """
    settings = [
        [get_link_name(control), widget.value, _list_choices(widget)]
        for control, widget in zip(endpoint.controls, inputs, strict=True)
    ]
    return json.dumps(settings)


def _list_choices(widget: gr.components.Component) -> list[Any] | None:
    return [value for _, value in widget.choices] if isinstance(widget, gr.Dropdown) else None


def parse_settings(endpoint: Endpoint, query: str, defaults: Sequence[Any]) -> list[Any]:
    """The controls' values in a link's query, in the order of the controls; a default for each that is not valid."""
    values: Mapping[str, list[str]] = parse_qs(query[:MAX_LINK_CHARS])

    def read(control: Control, default: Any) -> Any:
        try:
            return control.validate(values[get_link_name(control)][0])
        except (KeyError, ValueRejected):
            return default

    return [read(control, default) for control, default in zip(endpoint.controls, defaults, strict=True)]


def build(screens: Sequence[ScreenComponents], tab_id: gr.components.Component) -> None:
    """The hidden button that sets a panel's controls by a link; assets/js/deep_links.js clicks it once that is open."""
    panels = [screen for screen in screens if screen.name in CATALOGUE]
    slug = query = tab_id  # a field of text, whose value the script replaces
    button = gr.Button(visible="hidden", elem_id="follow-link")

    def set_controls(slug: Any, query: Any) -> list[Any]:
        values: list[Any] = []
        for panel in panels:
            endpoint = CATALOGUE[panel.name]
            is_linked = slug == endpoint.slug and isinstance(query, str)
            defaults = [widget.value for widget in panel.inputs]
            values += parse_settings(endpoint, query, defaults) if is_linked else [gr.skip() for _ in panel.inputs]
        return values

    outputs = [widget for panel in panels for widget in panel.inputs]
    event = button.click(set_controls, [slug, query], outputs, js=FOLLOWED_LINK_JS, preprocess=False, **PRIVATE_EVENT)
    event.then(None, js="() => window.endLinkNavigation()", **PRIVATE_EVENT)
