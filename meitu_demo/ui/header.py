"""The page's header: wordmark, promise, link to the reference, and a badge for each vendor with its style rules."""

from html import escape

from ..calls.targets import TargetResolver, VendorStatus
from ..domain.explanations import Explanation
from ..domain.translations import translate
from ..vendors import VENDORS
from .result.result_view import render_explanation


def render_header(targets: TargetResolver, language: str) -> str:
    """The page's header as HTML."""
    badges = "".join(
        render_badge(provider, targets.get_status(provider), language, is_live=targets.is_live(provider))
        for provider in VENDORS
    )
    name, promise = (escape(translate(f"page.{key}", language)) for key in ("name", "promise"))
    # It opens in a new tab: leaving this one would lose the photo.
    reference = (
        f'<a href="reference?lang={language}" target="_blank">{escape(translate("reference.link", language))}</a>'
    )
    return f"""<header class="masthead"><div><h1>{name}</h1><p>{promise} {reference}</p></div>
<ul class="badges" aria-label="{escape(translate("page.badges", language))}">{badges}</ul>{render_connection_lost(language)}</header>"""  # noqa: E501


def render_vendor_css() -> str:
    """Style rules for each vendor: what its badge shows or hides, because a visitor may bring keys at any time.

    While the vendor is live: the box that asks for consent, and the button and the text for "live beside offline". In a
    recipe the box is shown only where a step goes to the vendor.
    """
    return "".join(
        f"""\
.gradio-container:has([data-live={vendor}]) .consent-{vendor} {{ display: block; }}
.gradio-container:has([data-live={vendor}]) .fold :is(.beside-{vendor} .ready, button.both-{vendor}) {{
  display: block;
}}
.gradio-container:has([data-live={vendor}]) .beside-{vendor} .missing {{ display: none; }}
.ask:has(#recipe-list):not(:has([data-pays={vendor}])) .consent-{vendor} {{ display: none; }}
"""
        for vendor in VENDORS
    )


def render_connection_lost(language: str) -> str:
    """The message that assets/js/lost.js shows when the server is gone; it must be in the page before that."""
    title, why, fix = (translate(f"lost.{key}", language) for key in ("title", "why", "fix"))
    connection_lost = Explanation("lost", title, why, fix, "", (), language)
    return f'<template id="lost">{render_explanation(connection_lost, language)}</template>'


def render_badge(provider: str, status: VendorStatus, language: str, *, is_live: bool) -> str:
    """A vendor's state in a word, a shape and a colour, with its reason; `data-live` marks a live one."""
    name = escape(translate(f"providers.{provider}.name", language))
    state = escape(translate(f"badges.{status.state.value}", language))
    reason = escape(translate(f"badges.{status.reason}", language, setting=status.setting))
    live = f' data-live="{provider}"' if is_live else ""
    return (
        f'<li class="badge {status.state.value}"{live}><b>{name}</b> <span>{state}</span><small>{reason}</small></li>'
    )
