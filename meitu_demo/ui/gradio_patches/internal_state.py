"""What the demo reads or sets of Gradio's internal state. Written for Gradio 6.31.0."""

from collections.abc import Mapping
from typing import Any

from gradio.context import Context
from gradio.routes import App


def is_logged_in(gradio_app: App, cookies: Mapping[str, str]) -> bool:
    """Whether one of `cookies` is a login token that Gradio handed out. It has one name for https and one for http."""
    return any(cookies.get(name) in gradio_app.tokens for name in _list_login_cookies(gradio_app))


def forget_login(gradio_app: App, cookies: Mapping[str, str]) -> None:
    """Make the login tokens in `cookies` invalid; Gradio's own logout leaves the one for http valid."""
    for name in _list_login_cookies(gradio_app):
        gradio_app.tokens.pop(cookies.get(name), None)


def _list_login_cookies(gradio_app: App) -> tuple[str, str]:
    return f"access-token-{gradio_app.cookie_id}", f"access-token-unsecure-{gradio_app.cookie_id}"


def end_streams(gradio_app: App) -> None:
    """End the event stream that each open page holds; otherwise they would delay a shutdown."""
    gradio_app.stop_event.set()


def page_load_trigger() -> Any:
    """The load event of the Blocks that are being built, for `gr.on`, where the Blocks are not at hand."""
    assert Context.root_block is not None
    return Context.root_block.load
