"""What the history's stage shows: one run again, or two results side by side, with what can be done next."""

from collections.abc import Container, Sequence
from datetime import UTC, datetime
from html import escape

from ...domain.translations import translate
from ...offline.faults import FAULTS
from ..context import Context
from ..result import facts, result_view
from . import compare_two
from .archive import ARCHIVE_PATH
from .entries import Entry

# MERGED ui/history/wording.py: A run in words: its panel, its settings, who made it. Plain text: whoever renders it
# escapes it.


def get_panel_name(entry: Entry, language: str) -> str:
    """The name of its panel."""
    return translate(f"panels.{entry.endpoint.id}.tab", language)


def describe_settings(entry: Entry, language: str) -> str:
    """Its settings in one line, for instance "Slim jaw · Strength 0.5"; "" for a run that has none."""
    if entry.fault is not None:
        return _describe_fault(entry.fault, language)
    values = entry.values
    return " · ".join(
        control.describe_setting(values[control.name], language)
        for control in entry.endpoint.controls
        if control.name in values
    )


def describe_run(entry: Entry, language: str) -> str:
    """Panel and settings in one line."""
    return " · ".join(filter(None, (get_panel_name(entry, language), describe_settings(entry, language))))


def distinguish_runs(left: Entry, right: Entry, language: str) -> tuple[str, str]:
    """Short names that tell the two apart: what both have in common is left out where something else remains."""
    parts_by_run = [
        [get_panel_name(entry, language), describe_settings(entry, language), describe_source(entry, language)]
        for entry in (left, right)
    ]
    differing_indices = [at for at in range(3) if parts_by_run[0][at] != parts_by_run[1][at]] or [1]
    short_names = [" · ".join(parts[at] for at in differing_indices if parts[at]) or parts[0] for parts in parts_by_run]
    if short_names[0] == short_names[1]:
        return translate("history.first", language, name=short_names[0]), translate(
            "history.second", language, name=short_names[1]
        )
    return short_names[0], short_names[1]


def describe_source(entry: Entry, language: str) -> str:
    """Live and whose, offline, or the lab."""
    return translate(f"history.{entry.mode}", language, provider=get_vendor_name(entry, language))


def get_vendor_name(entry: Entry, language: str) -> str:
    """The vendor's name."""
    return translate(f"providers.{entry.endpoint.provider}.name", language)


def _describe_fault(fault: str, language: str) -> str:
    if fault in FAULTS:
        return translate(f"faults.{fault}", language)
    return fault or translate("lab.well", language)


# MERGED ui/history/listing.py: The list of a session's runs as HTML: a button for each, the chosen one marked, and the
# way to all of them as a file. Pure functions of entries; every text is escaped here. assets/js/history.js moves the
# marks and tells the screen.


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
    ago = result_view.format_ago(entry.created_at, now, language).strip()
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


LATEST_KEY = "latest"  # instead of a key: the newest result there is


def render_single(context: Context, session: str, entry: Entry, language: str) -> str:
    """One run: before and after, its explanation, or the word that its pictures are gone."""
    actions = ["rerun" if is_free(entry) else "open"]
    if entry.failure:
        return result_view.with_actions(result_view.render_explanation(entry.failure, language), actions)
    if not entry.success or not compare_two.has_pictures(context.pictures, entry):
        return result_view.with_actions(_render_notice("gone_title", "gone_text", language), actions)
    latest = _find_latest(context, session)
    if latest and latest.key != entry.key:
        actions.append("put")
    success, vendor_name = entry.success, get_vendor_name(entry, language)
    facts_html = _render_facts("", describe_run(entry, language), entry, language)
    return result_view.with_actions(
        result_view.render_comparison(success.result, success.pictures, vendor_name, language, facts_html=facts_html),
        actions,
    )


async def render_run_pair(context: Context, session: str, entry: Entry, other: object, language: str) -> str:
    """The chosen run on the left, on the right the one with the key `other`, or the LATEST."""
    right = _find_latest(context, session) if other == LATEST_KEY else context.history.find(session, other)
    if right is None:
        return render_expired(context, language)
    actions = ["single", "rerun" if is_free(entry) else "open"]
    compared = (
        entry.success
        and right.success
        and await compare_two.compare_two(context.pictures, entry.success, right.success, session)
    )
    if not compared:
        return result_view.with_actions(_render_notice("gone_title", "one_gone_text", language), actions)
    names = distinguish_runs(entry, right, language)
    if right == _find_latest(context, session):
        names = names[0], translate("history.current", language, name=names[1])
    result, pictures = compared
    facts_html = _render_facts("left", names[0], entry, language) + _render_facts("right", names[1], right, language)
    html = result_view.render_comparison(result, pictures, "", language, labels=names, facts_html=facts_html)
    return result_view.with_actions(html, actions)


def _render_facts(side: str, name: str, entry: Entry, language: str) -> str:
    """Name and facts of a result. side: left or right, where there are two."""
    assert entry.success
    facts_html = facts.render_facts(
        entry.success.result, entry.success.pictures, get_vendor_name(entry, language), language
    )
    side_label = f"<b>{escape(translate(f'history.{side}', language))}</b> " if side else ""
    return f'<div class="side" role="status"><p>{side_label}{escape(name)}</p>{facts_html}</div>'


def _find_latest(context: Context, session: str) -> Entry | None:
    """The newest result whose pictures are there."""
    return next(
        (run for run in context.history.list_runs(session) if compare_two.has_pictures(context.pictures, run)), None
    )


def render_expired(context: Context, language: str) -> str:
    """The word that a run is no longer kept."""
    return _render_notice("expired_title", "expired_text", language, minutes=context.settings.keep_minutes)


def _render_notice(title_key: str, text_key: str, language: str, **params: object) -> str:
    return result_view.render_notice(
        *(translate(f"history.{key}", language, **params) for key in (title_key, text_key))
    )
