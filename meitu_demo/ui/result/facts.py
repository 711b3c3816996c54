"""The line of facts below a result: who made it, for how much, how long it took; take it along, or on to another panel.

Pure; every text is escaped here.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ...calls.pipeline import CallResult
from ...domain.model import PhotoChange
from ...domain.translations import translate
from ...endpoints import CATALOGUE
from ...redaction.secrets import redact

if TYPE_CHECKING:
    from .result_view import PictureUrls

from typing import Any

from ...photos.safe_open import format_file_size

# MERGED ui/result/naming.py: File names that say what a file is.

FILE_SUFFIXES = {"image/png": "png", "image/webp": "webp"}  # all else leaves as JPEG, see `delivery`


def build_file_name(result: CallResult, now: datetime | None = None) -> str:
    """For instance ``facial-aesthetics_8_0.5_20260308-142501.jpg``; ASCII, safe on every system."""
    timestamp = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    parts = [result.endpoint.slug, *(redact(str(value)) for value in result.values.values()), timestamp]
    suffix = FILE_SUFFIXES.get(result.result_photo.media_type, "jpg")
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', '_'.join(parts))}.{suffix}"


# MERGED ui/result/changes.py: What was done to a photo before it was sent, in one line of words.


def translate_changes(changes: Iterable[PhotoChange], language: str) -> list[str]:
    """One text for each change."""
    return [translate(f"changes.{change.slug}", language, **change.facts) for change in changes]


def describe_changes(changes: Iterable[PhotoChange], language: str) -> str:
    """All of them in one line, or the words for "nothing"."""
    texts = translate_changes(changes, language)
    return translate("changes.between", language).join(texts) or translate("changes.none", language)


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


# MERGED ui/result/receipt.py: The privacy receipt of a run: what was found in the photo and dropped, what went where,
# when all of it is deleted. Pure functions of an outcome; the same facts as HTML for the page and as a report for
# programs.


def build_receipt(result: CallResult, keep_minutes: int) -> dict[str, Any]:
    """For the API: metadata (none, dropped), gps, sent_to (a host or None), bytes_sent, kept_minutes, result_id."""
    metadata_change = next((change for change in result.changes if change.slug == "metadata_dropped"), None)
    return {
        "metadata_dropped": metadata_change is not None,
        "gps_dropped": bool(metadata_change and metadata_change.facts["gps"]),
        "sent_to": result.host or None,
        "bytes_sent": result.bytes_sent if result.host else 0,
        "kept_minutes": keep_minutes,
        "result_id": result.id,
    }


def render_receipt(result: CallResult, keep_minutes: int, recipient: str, language: str) -> str:
    """A folded section for below the result."""
    report = build_receipt(result, keep_minutes)

    def translate_receipt(key: str, **params: object) -> str:
        return translate(f"receipt.{key}", language, **params)

    metadata = "gps" if report["gps_dropped"] else "dropped" if report["metadata_dropped"] else "none"
    sent_text = (
        translate_receipt(
            "sent", size=format_file_size(report["bytes_sent"]), host=report["sent_to"], recipient=recipient
        )
        if report["sent_to"]
        else translate_receipt("stayed")
    )
    rows = (
        (translate_receipt("metadata"), translate_receipt(f"metadata_{metadata}")),
        (translate_receipt("way"), sent_text),
        (translate_receipt("kept"), translate_receipt("kept_text", minutes=keep_minutes)),
        (translate_receipt("id"), result.id),
        (translate_receipt("run"), result.run_id),
    )
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows if text)
    return f'<details class="receipt"><summary>{escape(translate_receipt("title"))}</summary><dl>{cells}</dl></details>'
