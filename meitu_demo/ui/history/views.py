"""What the history's stage shows: one run again, or two results side by side, with what can be done next."""

from html import escape

from ...domain.translations import translate
from ..context import Context
from ..result import facts, stage
from . import beside, wording
from .entries import Entry
from .listing import is_free

LATEST_KEY = "latest"  # instead of a key: the newest result there is


def render_single(context: Context, session: str, entry: Entry, language: str) -> str:
    """One run: before and after, its explanation, or the word that its pictures are gone."""
    actions = ["rerun" if is_free(entry) else "open"]
    if entry.failure:
        return stage.with_actions(stage.render_explanation(entry.failure, language), actions)
    if not entry.success or not beside.has_pictures(context.pictures, entry):
        return stage.with_actions(_render_notice("gone_title", "gone_text", language), actions)
    latest = _find_latest(context, session)
    if latest and latest.key != entry.key:
        actions.append("put")
    success, provider = entry.success, wording.provider(entry, language)
    facts_html = _render_facts("", wording.describe_run(entry, language), entry, language)
    return stage.with_actions(
        stage.render_comparison(success.result, success.pictures, provider, language, facts_html=facts_html), actions
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
        and await beside.compare_two(context.pictures, entry.success, right.success, session)
    )
    if not compared:
        return stage.with_actions(_render_notice("gone_title", "one_gone_text", language), actions)
    names = wording.distinguish_runs(entry, right, language)
    if right == _find_latest(context, session):
        names = names[0], translate("history.current", language, name=names[1])
    result, pictures = compared
    facts_html = _render_facts("left", names[0], entry, language) + _render_facts("right", names[1], right, language)
    html = stage.render_comparison(result, pictures, "", language, labels=names, facts_html=facts_html)
    return stage.with_actions(html, actions)


def _render_facts(side: str, name: str, entry: Entry, language: str) -> str:
    """Name and facts of a result. side: left or right, where there are two."""
    assert entry.success
    facts_html = facts.render_facts(
        entry.success.result, entry.success.pictures, wording.provider(entry, language), language
    )
    side_label = f"<b>{escape(translate(f'history.{side}', language))}</b> " if side else ""
    return f'<div class="side" role="status"><p>{side_label}{escape(name)}</p>{facts_html}</div>'


def _find_latest(context: Context, session: str) -> Entry | None:
    """The newest result whose pictures are there."""
    return next((run for run in context.history.list_runs(session) if beside.has_pictures(context.pictures, run)), None)


def render_expired(context: Context, language: str) -> str:
    """The word that a run is no longer kept."""
    return _render_notice("expired_title", "expired_text", language, minutes=context.settings.keep_minutes)


def _render_notice(title_key: str, text_key: str, language: str, **params: object) -> str:
    return stage.render_notice(*(translate(f"history.{key}", language, **params) for key in (title_key, text_key)))
