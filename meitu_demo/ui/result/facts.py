"""The line of facts below a result: who made it, for how much, how long it took; take it along, or on to another panel.

Pure; every text is escaped here.
"""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ...calls.pipeline import CallResult
from ...domain.translations import translate
from ...endpoints import CATALOGUE

if TYPE_CHECKING:
    from .stage import PictureUrls

DESTINATION_SCREENS = (*CATALOGUE, "recipe")  # the screens that a result may be sent on to


class Maker(NamedTuple):
    """Who worked on a result: `CallResult.mode`, and the vendor's name."""

    mode: str
    provider: str


def render_facts(result: CallResult, pictures: "PictureUrls", provider: str, language: str, screen: str = "") -> str:
    """The line for one call. source: the screen that it stands on, if not the endpoint's own."""
    size = (result.result_photo.width, result.result_photo.height)
    paid_call_count = int(result.mode != "offline")
    makers = [Maker(result.mode, provider)]
    return render_facts_line(
        makers, paid_call_count, result.elapsed_s, size, pictures, screen or result.endpoint.id, language
    )


def render_facts_line(
    makers: Iterable[Maker],
    paid_call_count: int,
    elapsed_s: float,
    size: tuple[int, int],
    pictures: "PictureUrls",
    screen: str,
    language: str,
) -> str:
    """paid: how many calls were. size: width and height in pixels. source: the screen that the result stands on."""

    def translate_html(key: str, **params: object) -> str:
        return escape(translate(f"result.{key}", language, **params))

    badges = "".join(
        f'<span class="badge {mode}">{translate_html(f"made_{mode}", provider=provider)}</span>'
        for mode, provider in dict.fromkeys(makers)
    )
    cost = (
        f"<span>{translate_html('paid') if paid_call_count == 1 else translate_html('paid_calls', count=paid_call_count)}</span>"  # noqa: E501
        if paid_call_count
        else ""
    )
    return f"""<div class="facts">
  {badges}{cost}
  <span>{translate_html("seconds", seconds=f"{elapsed_s:.2f}")}</span>
  <span>{size[0]}×{size[1]}</span>
  {_render_send_on_menu(pictures.token, screen, language)}
  <a class="download" href="{escape(pictures.download)}" download="{escape(pictures.file_name)}">
    {translate_html("download")}</a>
</div>"""


def _render_send_on_menu(token: str, screen: str, language: str) -> str:
    """Where the result may go from the screen `source`; nothing for one that is not kept. See ui/screens/send_on.py."""
    if not token:
        return ""
    buttons = "".join(
        f'<button type="button" data-token="{escape(token)}" data-target="{target}">'
        f"{escape(translate(f'panels.{target}.tab', language))}</button>"
        for target in DESTINATION_SCREENS
        if target != screen
    )
    title = escape(translate("send_on.menu", language))
    return f'<details class="use-in"><summary>{title}</summary><div>{buttons}</div></details>'
