"""What the demo uses of the state of Gradio's app. Written for Gradio 6.31.0."""

from collections.abc import Mapping

from gradio.routes import App


def is_logged_in(gradio_app: App, cookies: Mapping[str, str]) -> bool:
    """Whether one of `cookies` is a login token that Gradio handed out. It has one name for https and one for http."""
    names = (f"access-token-{gradio_app.cookie_id}", f"access-token-unsecure-{gradio_app.cookie_id}")
    return any(cookies.get(name) in gradio_app.tokens for name in names)


def end_streams(gradio_app: App) -> None:
    """End the event stream that each open page holds; otherwise they would delay a shutdown."""
    gradio_app.stop_event.set()
