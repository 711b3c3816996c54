"""The line of facts below a result: who made it, for how much, how long it took; take it along, or on to another panel.

Pure; every text is escaped here.
"""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ...endpoints import CATALOGUE
from ...service import CallResult
from ...words import translate

if TYPE_CHECKING:
    from .stage import Pictures

TARGETS = (*CATALOGUE, "recipe")  # the screens that a result may be sent on to


class Maker(NamedTuple):
    """Who worked on a result: `CallResult.mode`, and the vendor's name."""

    mode: str
    provider: str


def of(outcome: CallResult, pictures: "Pictures", provider: str, language: str, source: str = "") -> str:
    """The line for one call. source: the screen that it stands on, if not the endpoint's own."""
    size = (outcome.result_photo.width, outcome.result_photo.height)
    paid = int(outcome.mode != "offline")
    makers = [Maker(outcome.mode, provider)]
    return line(makers, paid, outcome.elapsed_s, size, pictures, source or outcome.endpoint.id, language)


def line(
    makers: Iterable[Maker],
    paid: int,
    seconds: float,
    size: tuple[int, int],
    pictures: "Pictures",
    source: str,
    language: str,
) -> str:
    """paid: how many calls were. size: width and height in pixels. source: the screen that the result stands on."""

    def say(key: str, **facts: object) -> str:
        return escape(translate(f"result.{key}", language, **facts))

    badges = "".join(
        f'<span class="badge {mode}">{say(f"made_{mode}", provider=provider)}</span>'
        for mode, provider in dict.fromkeys(makers)
    )
    cost = f"<span>{say('paid') if paid == 1 else say('paid_calls', count=paid)}</span>" if paid else ""
    return f"""<div class="facts">
  {badges}{cost}
  <span>{say("seconds", seconds=f"{seconds:.2f}")}</span>
  <span>{size[0]}×{size[1]}</span>
  {_menu(pictures.token, source, language)}
  <a class="download" href="{escape(pictures.download)}" download="{escape(pictures.file_name)}">
    {say("download")}</a>
</div>"""


def _menu(token: str, source: str, language: str) -> str:
    """Where the result may go from the screen `source`; nothing for one that is not kept. See ui/screens/send_on.py."""
    if not token:
        return ""
    buttons = "".join(
        f'<button type="button" data-token="{escape(token)}" data-target="{target}">'
        f"{escape(translate(f'panels.{target}.tab', language))}</button>"
        for target in TARGETS
        if target != source
    )
    title = escape(translate("send_on.menu", language))
    return f'<details class="use-in"><summary>{title}</summary><div>{buttons}</div></details>'
