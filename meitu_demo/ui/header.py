"""The line on top: wordmark, promise, the way to the reference, and a badge for each provider."""

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
    # In a tab of its own: leaving this one would lose the photo.
    reference = (
        f'<a href="reference?lang={language}" target="_blank">{escape(translate("reference.link", language))}</a>'
    )
    return f"""<header class="masthead"><div><h1>{name}</h1><p>{promise} {reference}</p></div>
<ul class="badges" aria-label="{escape(translate("page.badges", language))}">{badges}</ul>{render_connection_lost(language)}</header>"""  # noqa: E501


def render_connection_lost(language: str) -> str:
    """What assets/js/lost.js shows in a stage whose server is gone: the words have to be there before that."""
    title, why, fix = (translate(f"lost.{key}", language) for key in ("title", "why", "fix"))
    connection_lost = Explanation("lost", title, why, fix, "", (), language)
    return f'<template id="lost">{render_explanation(connection_lost, language)}</template>'


def render_badge(provider: str, status: VendorStatus, language: str, *, is_live: bool) -> str:
    """A provider's state in a word, a shape and a colour, with its reason; where it is live, a mark for the style."""
    name = escape(translate(f"providers.{provider}.name", language))
    state = escape(translate(f"badges.{status.state.value}", language))
    reason = escape(translate(f"badges.{status.reason}", language, setting=status.setting))
    live = f' data-live="{provider}"' if is_live else ""
    return (
        f'<li class="badge {status.state.value}"{live}><b>{name}</b> <span>{state}</span><small>{reason}</small></li>'
    )
