"""The list of a session's runs as HTML: a button for each, the chosen one marked, and the way to all of them as a file.

Pure functions of entries; every text is escaped here. assets/js/history.js moves the marks and tells the screen.
"""

from collections.abc import Container, Sequence
from datetime import UTC, datetime
from html import escape

from ...domain.translations import translate
from ..result import stage
from .archive import ARCHIVE_PATH
from .entries import Entry
from .wording import describe_run, describe_settings, describe_source, get_panel_name

LAB_PANEL_SLUG = "failure-lab"  # its panel's name in the page


def render_listing(
    entries: Sequence[Entry],
    available_keys: Container[str],
    selected_key: str,
    archive_token: str,
    keep_minutes: int,
    language: str,
) -> str:
    """The list, newest first. there: keys of those whose pictures are. chosen: a key. token: of the archive."""
    if not entries:
        return f'<p class="runs-none" role="status">{escape(translate("history.none", language))}</p>'

    def translate_html(key: str, **params: object) -> str:
        return escape(translate(f"history.{key}", language, **params))

    now = datetime.now(UTC)
    rows = "".join(
        _render_row(entry, entry.key in available_keys, entry.key == selected_key, now, language) for entry in entries
    )
    has_pictures = any(entry.key in available_keys for entry in entries)
    link = (
        f'<a class="runs-all" href="{ARCHIVE_PATH}/{archive_token}/runs.zip" download>{translate_html("download")}</a>'
        if has_pictures
        else ""
    )
    return f"""<ol class="runs" role="list" aria-label="{translate_html("list")}">{rows}</ol>
<div class="runs-foot"><p>{translate_html("count", count=len(entries), minutes=keep_minutes)}</p>{link}</div>"""


def _render_row(entry: Entry, is_available: bool, is_selected: bool, now: datetime, language: str) -> str:
    def translate_html(key: str, **params: object) -> str:
        return escape(translate(f"history.{key}", language, **params))

    picture = (
        f'<img src="{escape(entry.success.pictures.thumbnail)}" alt="">'
        if is_available and entry.success
        else "<i></i>"
    )
    summary = (
        entry.failure.title
        if entry.failure
        else describe_settings(entry, language) or translate("history.plain", language)
    )
    ago = stage.format_ago(entry.created_at, now, language).strip()
    meta_html = f'<time datetime="{entry.created_at.isoformat(timespec="seconds")}">{escape(ago)}</time>'
    meta_html += f'<span class="badge {entry.mode}">{escape(describe_source(entry, language))}</span>'
    if not is_available:
        state = "failed" if entry.failure else "gone"
        meta_html += f'<span class="badge {state}">{translate_html(state)}</span>'
    if entry.failure and " " in entry.failure.code:  # a vendor's; our own are for programs
        meta_html += f"<code>{escape(entry.failure.code)}</code>"
    data_attributes = (
        f'data-run="{entry.key}" data-opens="{_get_panel_slug(entry)}" data-free="{str(is_free(entry)).lower()}"'
    )
    compare_label = translate_html("beside_of", name=describe_run(entry, language))
    compare_button = (
        f'<button type="button" class="put" data-put="{entry.key}" aria-pressed="false" aria-label="{compare_label}">'
    )
    return f"""<li class="{"failed" if entry.failure else ""}">
<button type="button" class="run-of" {data_attributes}{' aria-current="true"' if is_selected else ""}>{picture}
<span><b>{escape(get_panel_name(entry, language))}</b><span>{escape(summary)}</span><span
class="how">{meta_html}</span></span></button>
{f"{compare_button}{translate_html('beside')}</button>" if is_available else ""}</li>"""


def is_free(entry: Entry) -> bool:
    """Whether it can be run again without a further word: it ran on the offline engine, and will there again."""
    return entry.mode == "offline"


def _get_panel_slug(entry: Entry) -> str:
    return LAB_PANEL_SLUG if entry.fault is not None else entry.endpoint.slug
