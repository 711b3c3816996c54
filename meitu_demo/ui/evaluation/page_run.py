"""An evaluation on the page: what is chosen, the plan in words, starting it, and the updates while it runs.

A run is a task of its own, so it outlives the event that started it: after a reload, the tab's first event follows it.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import anyio
import gradio as gr
from markupsafe import Markup

from ...domain.errors import DemoError, ImageRejected, JournalUnusable
from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import describe_service, translate
from ...evaluation.outcomes import Outcome, OutcomeKind
from ...evaluation.photo_set import collect_photos
from ...evaluation.plan import TARGETS, Plan, Setup, estimate_cost
from ...evaluation.runner import Authority, EvaluationRun
from ...evaluation.sessions import Evaluation
from ...redaction.secrets import format_stack_trace
from ...runtime.picture_store import PictureStore
from ...service import VisitorKeys
from ..context import Context
from ..html import EMPTY_HTML, render
from ..result.pictures import PICTURE_PATH
from ..result.result_view import EXAMPLE_PATH
from ..security import upload_validation
from . import report
from .downloads import DOWNLOAD_KINDS, EVALUATION_PATH
from .pictures import SessionPictures

log = logging.getLogger(__name__)
MAX_PAGE_CALLS = 800
MIN_ESTIMATE_S = 5.0  # before the remaining time is estimated
EXAMPLE_ENDPOINT = "face_fuse"  # in the empty state
UPDATE_INTERVAL_S = 0.5
SHEET_INTERVAL_S = 4.0  # the sheet is large, so it is sent more rarely than the progress
Update = tuple[Any, Any]  # progress, sheet


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen on the page: endpoints with their unchecked values, and "offline", "live" or "both"."""

    endpoints: Sequence[tuple[Endpoint, Mapping[str, Any]]]
    target: str

    def build_plan(self, context: Context, evaluation: Evaluation) -> Plan:
        """Raises ValueRejected."""
        setups = tuple(Setup(endpoint, endpoint.validate(values)) for endpoint, values in self.endpoints)
        return Plan(evaluation.photos, setups, TARGETS.get(self.target, ("offline",)), context.service.prices)


async def read_photos(context: Context, evaluation: Evaluation, session_id: str, payloads: Any) -> None:
    """Check the uploads and put their photos into the evaluation; a file that is no upload is refused by name.

    Photos of the last plan that were given again are read from there.
    """
    files, strangers = [], []
    for payload in payloads if isinstance(payloads, list) else []:
        name = str(payload.get("orig_name") or "?") if isinstance(payload, dict) else "?"
        try:
            path = await anyio.to_thread.run_sync(upload_validation.resolve_upload_path, payload, context.uploads_dir)
        except ImageRejected as error:
            strangers.append((name, error))
        else:
            context.session_data.track(session_id, path)
            files.append((name, path))
    found = await anyio.to_thread.run_sync(collect_photos, files)
    evaluation.photos = replace(found, refused=(*strangers, *found.refused))
    if evaluation.plan and not evaluation.is_running:
        evaluation.plan = evaluation.plan.with_files_of(evaluation.photos)


def render_plan(
    context: Context, evaluation: Evaluation, choice: Choice, visitor_keys: VisitorKeys, language: str
) -> Markup:
    """What would be called and what it costs. Raises ValueRejected."""
    if not choice.endpoints or not (evaluation.photos.photos or evaluation.photos.refused):
        key = "plan_no_photos" if choice.endpoints else "plan_no_apis"
        notes = [_say("photos_info", language)]
        return render("evaluation.plan", language, counts=_say(key, language), price="", paid_vendors=(), notes=notes)
    plan, targets = choice.build_plan(context, evaluation), context.service.targets.with_visitor_keys(visitor_keys)
    answered = {key for key, outcome in evaluation.outcomes.items() if outcome.is_final}
    live = [job for job in plan.jobs if job.target == "live"]
    vendors = list(dict.fromkeys(job.setup.endpoint.vendor_id for job in live))
    open_paid = [job for job in live if job.key not in answered and targets.is_live(job.setup.endpoint.vendor_id)]
    notes = [
        _say("plan_no_key", language, vendor=describe_service(vendor, targets.get_live_service(vendor), language))
        for vendor in vendors
        if not targets.is_live(vendor)
    ]
    counted = {
        "plan_answered": sum(job.key in answered for job in plan.jobs),
        "plan_duplicates": len(plan.photos.duplicates),
    }
    notes += [_say(key, language, count=count) for key, count in counted.items() if count]
    if len(plan.jobs) > MAX_PAGE_CALLS:
        notes.append(_say("plan_too_many", language, calls=len(plan.jobs), limit=MAX_PAGE_CALLS))
    price = estimate_cost(open_paid, plan.prices)
    price_key = "plan_paid" if price else "plan_paid_unpriced"
    files = report.describe_refused_files(plan.photos, language)
    html = render(
        "evaluation.plan",
        language,
        counts=_say("plan", language, photos=len(plan.photos.photos), calls=len(plan.jobs)),
        price=_say(price_key, language, count=len(open_paid), price=price) if open_paid else "",
        paid_vendors=[vendor for vendor in vendors if targets.is_live(vendor)],
        notes=notes,
    )
    more = len(plan.photos.refused) - len(files)
    return html + (render("evaluation.refused_files", language, files=files, more=more) if files else EMPTY_HTML)


async def start(context: Context, evaluation: Evaluation, plan: Plan, authority: Authority) -> None:
    """Start the calls of `plan` that have no final outcome yet, unless calls are under way. Raises JournalUnusable."""
    session = authority.caller.session_id
    context.count_pictures_by_address(authority.caller)
    async with evaluation.start_lock:  # a double click starts once
        if evaluation.is_running or not plan.jobs or len(plan.jobs) > MAX_PAGE_CALLS:
            return
        evaluation.plan, evaluation.consents, evaluation.failure = plan, authority.consents, None
        journal = await context.evaluations.write_plan(session, evaluation)
        pictures = SessionPictures(context.evaluations, evaluation, session, context.pictures)
        evaluation.run = EvaluationRun(context.service, plan, journal, pictures.save, authority)
        evaluation.started_at = time.monotonic()
        evaluation.task = asyncio.create_task(_run_logged(evaluation, evaluation.run))


async def _run_logged(evaluation: Evaluation, run: EvaluationRun) -> None:
    try:
        await run.run()
    except Exception as error:
        evaluation.failure = JournalUnusable() if isinstance(error, OSError) else DemoError()
        log.error("an evaluation failed\n%s", format_stack_trace(error))


async def follow(context: Context, evaluation: Evaluation, language: str) -> AsyncIterator[Update]:
    """Progress and sheet now, and again while they change, until the run has ended."""
    if evaluation.plan is None:
        yield render_empty_state(language), EMPTY_HTML
        return
    last_progress: Markup | None = None
    last_sheet_at, last_count = -SHEET_INTERVAL_S, -1
    while True:
        is_running, count = evaluation.is_running, len(evaluation.outcomes)
        evaluation.touched_at = time.monotonic()
        progress = render_progress(evaluation, language)
        is_sheet_due = not is_running or time.monotonic() - last_sheet_at >= SHEET_INTERVAL_S
        sheet: Any = gr.skip()
        # At the end in any case: an outcome counts before its pictures are encoded.
        if is_sheet_due and (not is_running or count != last_count):
            get_url = _build_url_getter(context.pictures, evaluation)
            sheet = await anyio.to_thread.run_sync(
                report.render_report, evaluation.plan, dict(evaluation.outcomes), get_url, language
            )
            last_sheet_at, last_count = time.monotonic(), count
        if progress != last_progress or not isinstance(sheet, dict):
            yield progress, sheet
            last_progress = progress
        if not is_running:
            return
        await asyncio.sleep(UPDATE_INTERVAL_S)


def render_empty_state(language: str) -> Markup:
    """What a report will hold, with the example photo and its result."""
    urls = {side: f"{EXAMPLE_PATH}/{EXAMPLE_ENDPOINT}/{side}.jpg" for side in ("before", "after")}
    return render(
        "evaluation.empty_state", language, name=translate(f"panels.{EXAMPLE_ENDPOINT}.tab", language), **urls
    )


def render_progress(evaluation: Evaluation, language: str) -> Markup:
    """How far the run is, what may be done next, and the downloads once there is something in them."""
    plan = evaluation.plan
    if plan is None:
        return render_empty_state(language)
    ended = [outcome for job in plan.jobs if (outcome := evaluation.outcomes.get(job.key))]
    counts = Counter(outcome.kind for outcome in ended)
    done, total = len(ended) - counts[OutcomeKind.NOT_SENT], len(plan.jobs)
    text = _say(
        "progress", language, done=done, total=total, success=counts[OutcomeKind.SUCCESS],
        refused=counts[OutcomeKind.REFUSED], failed=counts[OutcomeKind.FAILED],
    )  # fmt: skip
    elapsed_s, actions, notes = time.monotonic() - evaluation.started_at, [], []
    if evaluation.is_running:
        actions = ["stop"]
        if done and elapsed_s > MIN_ESTIMATE_S:
            rest_s = elapsed_s / done * (total - done)
            text = _say("progress_rest", language, text=text, rest=f"{rest_s // 60:.0f}:{rest_s % 60:02.0f}")
    else:
        is_stopped = evaluation.run is not None and evaluation.run.is_stopped
        state = "done" if done == total else "stopped" if is_stopped else "ended"
        text = _say(f"progress_{state}", language, text=text)
        notes = _describe_rest(plan, evaluation, ended, language)
        actions = ["resume"] if done < total and any(photo.path for photo in plan.photos.photos) else []
    return render(
        "evaluation.progress",
        language,
        text=text,
        notes=notes,
        done=done,
        total=total,
        actions=actions,
        downloads=_list_downloads(evaluation, language) if done else (),
    )


def _describe_rest(plan: Plan, evaluation: Evaluation, ended: Sequence[Outcome], language: str) -> list[str]:
    """Why calls were not made, and what is missing."""
    notes = []
    unsent = [outcome for outcome in ended if outcome.kind is OutcomeKind.NOT_SENT]
    reason = next((outcome for outcome in unsent if outcome.words), None)
    if evaluation.failure:
        notes.append(explain(evaluation.failure, language, is_billable=False).as_text())
    elif reason:
        notes.append(_say("progress_not_sent", language, count=len(unsent), reason=" ".join(reason.words[language])))
    if not all(photo.path for photo in plan.photos.photos):
        notes.append(_say("progress_restarted", language))
    return notes


def _list_downloads(evaluation: Evaluation, language: str) -> list[tuple[str, str]]:
    return [
        (_say(f"download_{kind}", language), f"{EVALUATION_PATH}/{evaluation.token}/{name}?lang={language}")
        for kind, name in DOWNLOAD_KINDS.items()
    ]


def _build_url_getter(store: PictureStore, evaluation: Evaluation) -> report.PictureUrl:
    urls = {
        name: f"{PICTURE_PATH}/{token}/result.jpg"
        for name, token in evaluation.pictures.items()
        if store.get(token) is not None
    }
    return lambda name: urls.get(name, "")


def _say(key: str, language: str, **params: object) -> str:
    return translate(f"evaluation.{key}", language, **params)
