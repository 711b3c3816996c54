"""What the history's stage shows: one run again, or two results side by side, with what can be done next."""

from html import escape

from ...words import translate
from ..context import Context
from ..result import facts, stage
from . import beside, wording
from .entries import Entry
from .listing import is_free

LATEST = "latest"  # instead of a key: the newest result there is


def single(context: Context, owner: str, entry: Entry, language: str) -> str:
    """One run: before and after, its explanation, or the word that its pictures are gone."""
    can = ["rerun" if is_free(entry) else "open"]
    if entry.failure:
        return stage.offering(stage.explanation(entry.failure, language), can)
    if not entry.made or not beside.is_there(context.pictures, entry):
        return stage.offering(_told("gone_title", "gone_text", language), can)
    latest = _latest(context, owner)
    if latest and latest.key != entry.key:
        can.append("put")
    made, provider = entry.made, wording.provider(entry, language)
    facts = _facts("", wording.name(entry, language), entry, language)
    return stage.offering(stage.comparison(made.outcome, made.pictures, provider, language, line=facts), can)


async def pair(context: Context, owner: str, entry: Entry, other: object, language: str) -> str:
    """The chosen run on the left, on the right the one with the key `other`, or the LATEST."""
    right = _latest(context, owner) if other == LATEST else context.history.find(owner, other)
    if right is None:
        return expired(context, language)
    can = ["single", "rerun" if is_free(entry) else "open"]
    found = entry.made and right.made and await beside.pair(context.pictures, entry.made, right.made, owner)
    if not found:
        return stage.offering(_told("gone_title", "one_gone_text", language), can)
    names = wording.names(entry, right, language)
    if right == _latest(context, owner):
        names = names[0], translate("history.current", language, name=names[1])
    outcome, pictures = found
    facts = _facts("left", names[0], entry, language) + _facts("right", names[1], right, language)
    shown = stage.comparison(outcome, pictures, "", language, names=names, line=facts)
    return stage.offering(shown, can)


def _facts(side: str, name: str, entry: Entry, language: str) -> str:
    """Name and facts of a result. side: left or right, where there are two."""
    assert entry.made
    told = facts.of(entry.made.outcome, entry.made.pictures, wording.provider(entry, language), language)
    where = f"<b>{escape(translate(f'history.{side}', language))}</b> " if side else ""
    return f'<div class="side" role="status"><p>{where}{escape(name)}</p>{told}</div>'


def _latest(context: Context, owner: str) -> Entry | None:
    """The newest result whose pictures are there."""
    return next((run for run in context.history.runs(owner) if beside.is_there(context.pictures, run)), None)


def expired(context: Context, language: str) -> str:
    """The word that a run is no longer kept."""
    return _told("expired_title", "expired_text", language, minutes=context.settings.keep_minutes)


def _told(title: str, text: str, language: str, **facts: object) -> str:
    return stage.notice(*(translate(f"history.{key}", language, **facts) for key in (title, text)))
