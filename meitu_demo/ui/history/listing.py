"""The list of a session's runs as HTML: a button for each, the chosen one marked, and the way to all of them as a file.

Pure functions of entries; every text is escaped here. assets/js/history.js moves the marks and tells the screen.
"""

from collections.abc import Container, Sequence
from datetime import UTC, datetime
from html import escape

from ...words import translate
from ..result import stage
from .archive import ARCHIVE_PATH
from .entries import Entry
from .wording import name, panel, settings, source

LAB = "failure-lab"  # its panel's name in the page


def listing(
    entries: Sequence[Entry], there: Container[str], chosen: str, token: str, minutes: int, language: str
) -> str:
    """The list, newest first. there: keys of those whose pictures are. chosen: a key. token: of the archive."""
    if not entries:
        return f'<p class="runs-none" role="status">{escape(translate("history.none", language))}</p>'

    def say(key: str, **facts: object) -> str:
        return escape(translate(f"history.{key}", language, **facts))

    now = datetime.now(UTC)
    rows = "".join(_row(entry, entry.key in there, entry.key == chosen, now, language) for entry in entries)
    some = any(entry.key in there for entry in entries)
    link = f'<a class="runs-all" href="{ARCHIVE_PATH}/{token}/runs.zip" download>{say("download")}</a>' if some else ""
    return f"""<ol class="runs" role="list" aria-label="{say("list")}">{rows}</ol>
<div class="runs-foot"><p>{say("count", count=len(entries), minutes=minutes)}</p>{link}</div>"""


def _row(entry: Entry, there: bool, chosen: bool, now: datetime, language: str) -> str:
    def say(key: str, **facts: object) -> str:
        return escape(translate(f"history.{key}", language, **facts))

    picture = f'<img src="{escape(entry.made.pictures.small)}" alt="">' if there and entry.made else "<i></i>"
    said = entry.failure.title if entry.failure else settings(entry, language) or translate("history.plain", language)
    ago = stage.ago(entry.at, now, language).strip()
    how = f'<time datetime="{entry.at.isoformat(timespec="seconds")}">{escape(ago)}</time>'
    how += f'<span class="badge {entry.mode}">{escape(source(entry, language))}</span>'
    if not there:
        state = "failed" if entry.failure else "gone"
        how += f'<span class="badge {state}">{say(state)}</span>'
    if entry.failure and " " in entry.failure.code:  # a vendor's; our own are for programs
        how += f"<code>{escape(entry.failure.code)}</code>"
    marks = f'data-run="{entry.key}" data-opens="{_opens(entry)}" data-free="{str(is_free(entry)).lower()}"'
    beside = say("beside_of", name=name(entry, language))
    put = f'<button type="button" class="put" data-put="{entry.key}" aria-pressed="false" aria-label="{beside}">'
    return f"""<li class="{"failed" if entry.failure else ""}">
<button type="button" class="run-of" {marks}{' aria-current="true"' if chosen else ""}>{picture}
<span><b>{escape(panel(entry, language))}</b><span>{escape(said)}</span><span class="how">{how}</span></span></button>
{f"{put}{say('beside')}</button>" if there else ""}</li>"""


def is_free(entry: Entry) -> bool:
    """Whether it can be run again without a further word: it ran on the offline engine, and will there again."""
    return entry.mode == "offline"


def _opens(entry: Entry) -> str:
    return LAB if entry.fault is not None else entry.endpoint.slug
