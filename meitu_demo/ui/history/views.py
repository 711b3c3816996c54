"""The history's list of runs, and its result view: one run, or two results side by side, with the next actions.

assets/js/history.js highlights the selected rows and reports clicks.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import anyio
from markupsafe import Markup

from ...calls.pipeline import CallResult
from ...domain.translations import describe_service, translate
from ...engine.imaging.comparison import align_to_result
from ...offline.faults import FAULTS
from ...photos import codec
from ...runtime import cpu_slots
from ...runtime.picture_store import PictureStore
from ..context import Context
from ..html import render
from ..result import facts, result_view
from ..result.pictures import PICTURE_PATH, PictureUrls, load_picture
from .archive import ARCHIVE_PATH
from .entries import Entry, Success

LAB_PANEL_SLUG = "failure-lab"  # in the page's element ids
LATEST_KEY = "latest"  # instead of a run's key, for the newest result


def get_panel_name(entry: Entry, language: str) -> str:
    """The name of the run's panel."""
    return translate(f"panels.{entry.endpoint.id}.tab", language)


def describe_settings(entry: Entry, language: str) -> str:
    """The settings in one line, for instance "Slim jaw · Strength 0.5"; "" for a run without any."""
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
    """Short names that distinguish two runs: without the parts that both have in common, unless nothing remains."""
    parts_by_run = [
        [get_panel_name(entry, language), describe_settings(entry, language), describe_source(entry, language)]
        for entry in (left, right)
    ]
    differing_indices = [index for index in range(3) if parts_by_run[0][index] != parts_by_run[1][index]] or [1]
    short_names = [
        " · ".join(filter(None, (parts[index] for index in differing_indices))) or parts[0] for parts in parts_by_run
    ]
    if short_names[0] == short_names[1]:
        return translate("history.first", language, name=short_names[0]), translate(
            "history.second", language, name=short_names[1]
        )
    return short_names[0], short_names[1]


def describe_source(entry: Entry, language: str) -> str:
    """The live vendor, the offline engine or the failure lab."""
    return translate(f"history.{entry.mode}", language, vendor=get_vendor_name(entry, language))


def get_vendor_name(entry: Entry, language: str) -> str:
    """The vendor's name, or the host of a server of the owner's own."""
    return describe_service(entry.endpoint.vendor_id, entry.service, language)


def _describe_fault(fault: str, language: str) -> str:
    if fault in FAULTS:
        return translate(f"faults.{fault}", language)
    return fault or translate("failure_lab.no_fault", language)


def render_listing(
    entries: Sequence[Entry],
    available_keys: Container[str],
    selected_key: str,
    archive_token: str,
    keep_minutes: int,
    language: str,
) -> Markup:
    """The runs of a session, newest first. available_keys: of the entries whose pictures are still stored."""
    if not entries:
        return render("history.empty", language)
    now = datetime.now(UTC)
    rows = [
        {
            "key": entry.key,
            "panel_slug": LAB_PANEL_SLUG if entry.fault is not None else entry.endpoint.slug,
            "panel_name": get_panel_name(entry, language),
            "summary": entry.failure.title if entry.failure else describe_settings(entry, language)
            or translate("history.plain", language),
            "description": describe_run(entry, language),
            "time": entry.created_at.isoformat(timespec="seconds"),
            "ago": result_view.format_ago(entry.created_at, now, language).strip(),
            "mode": entry.mode,
            "source": describe_source(entry, language),
            "failure": entry.failure,
            # Only vendors' codes, which contain a space; the app's slugs are for programs.
            "vendor_code": entry.failure.code if entry.failure and " " in entry.failure.code else "",
            "thumbnail": entry.success.pictures.thumbnail if entry.success and entry.key in available_keys else None,
            "is_available": entry.key in available_keys,
            "is_selected": entry.key == selected_key,
            "is_free": is_free(entry),
        }
        for entry in entries
    ]  # fmt: skip
    has_archive = any(entry.key in available_keys for entry in entries)
    archive_url = f"{ARCHIVE_PATH}/{archive_token}/runs.zip" if has_archive else ""
    return render("history.listing", language, rows=rows, minutes=keep_minutes, archive_url=archive_url)


def is_free(entry: Entry) -> bool:
    """Whether repeating the run costs nothing, because it ran on the offline engine."""
    return entry.mode == "offline"


def render_single(context: Context, session: str, entry: Entry, language: str) -> Markup:
    """One run: before and after, its explanation, or a notice that its pictures were deleted."""
    actions = ["rerun" if is_free(entry) else "open"]
    if entry.failure:
        if entry.refetch_id:
            actions.insert(0, "fetch")
        return result_view.with_actions(result_view.render_explanation(entry.failure, language), actions)
    if not entry.success or not has_pictures(context.pictures, entry):
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


async def render_run_pair(context: Context, session: str, entry: Entry, other: object, language: str) -> Markup:
    """The selected run on the left; on the right the run with the key `other`, or the newest for LATEST_KEY."""
    right = _find_latest(context, session) if other == LATEST_KEY else context.history.find(session, other)
    if right is None:
        return render_expired(context, language)
    actions = ["single", "rerun" if is_free(entry) else "open"]
    compared = (
        entry.success and right.success and await compare_two(context.pictures, entry.success, right.success, session)
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


def _render_facts(side: str, name: str, entry: Entry, language: str) -> Markup:
    """Name and facts of a result. side: "left" or "right"; "" for a single result."""
    assert entry.success
    facts_html = facts.render_facts(
        entry.success.result, entry.success.pictures, get_vendor_name(entry, language), language
    )
    return render("history.facts", language, side=side, name=name, facts_html=facts_html)


def _find_latest(context: Context, session: str) -> Entry | None:
    """The newest result whose pictures are still stored."""
    return next((run for run in context.history.list_runs(session) if has_pictures(context.pictures, run)), None)


def render_expired(context: Context, language: str) -> Markup:
    """A notice that the run is no longer stored."""
    return _render_notice("expired_title", "expired_text", language, minutes=context.settings.keep_minutes)


def _render_notice(title_key: str, text_key: str, language: str, **params: object) -> Markup:
    return result_view.render_notice(
        *(translate(f"history.{key}", language, **params) for key in (title_key, text_key))
    )


async def compare_two(
    store: PictureStore, left: Success, right: Success, session: str
) -> tuple[CallResult, PictureUrls] | None:
    """(the result that gives the frame, the URLs of both as before and after); None if a picture was deleted.

    The right result gives the frame, unless only the left endpoint changes the framing: then its frame is inside the
    photo's.
    """
    left_data, right_data = (load_picture(store, success.pictures.after) for success in (left, right))
    if left_data is None or right_data is None:
        return None
    photos = [await anyio.to_thread.run_sync(codec.read_photo, data) for data in (left_data, right_data)]
    is_swapped = left.result.endpoint.changes_framing and not right.result.endpoint.changes_framing
    frame, other = (left, right) if is_swapped else (right, left)
    inner, outer = photos if is_swapped else photos[::-1]
    changes_framing = _needs_face_alignment(left, right)
    aligned = await cpu_slots.run_in_worker(partial(align_to_result, outer, inner, changes_framing=changes_framing))
    url = other.pictures.after if aligned is outer.data else f"{PICTURE_PATH}/{store.put(aligned, session)}/beside.jpg"
    urls = (frame.pictures.after, url) if is_swapped else (url, frame.pictures.after)
    return frame.result, replace(right.pictures, before=urls[0], after=urls[1])


def has_pictures(store: PictureStore, entry: Entry) -> bool:
    """Whether both pictures of a run are still stored."""
    success = entry.success
    return bool(
        success and load_picture(store, success.pictures.before) and load_picture(store, success.pictures.after)
    )


def _needs_face_alignment(left: Success, right: Success) -> bool:
    """Whether the person may have different positions in the two, so that they must be aligned by the face."""
    left_result, right_result = left.result, right.result
    is_same_call = left_result.endpoint is right_result.endpoint and left_result.values == right_result.values
    return not is_same_call and (left_result.endpoint.changes_framing or right_result.endpoint.changes_framing)
