"""The report of an evaluation in HTML: figures and contact sheet on the page, and as one file that needs no server.

Filter and order of the contact sheet are rules of assets/css/evaluation.css, without a script.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ...domain.explanations import explain
from ...domain.translations import describe_service, translate
from ...evaluation.outcomes import Outcome, OutcomeKind
from ...evaluation.photo_set import PhotoSet
from ...evaluation.plan import Job, Plan
from ...evaluation.summary import PERCENTILES, Summary, format_cost, summarize
from ...photos.codec import format_file_size
from ..html import render

ASSETS_DIR = Path(__file__).resolve().parents[3] / "assets"
FILTERS = ("all", *OutcomeKind)
LATENCY_COLUMNS = tuple(f"p{percent}" for percent in PERCENTILES)
ORDERS = ("name", "seconds", "outcome")
MAX_LISTED_REFUSED_FILES = 20
PictureUrl = Callable[[str], str]  # a name in `Evaluation.pictures` → a URL, "" for none


def render_controls(language: str) -> Markup:
    """The filter and the order of the contact sheet, which CSS applies."""
    return render("evaluation.controls", language, filters=FILTERS, orders=ORDERS)


def render_report(plan: Plan, outcomes: Mapping[str, Outcome], get_url: PictureUrl, language: str) -> Markup:
    """Figures, refusals and contact sheet. get_url: of the pictures."""
    summaries = summarize(plan, outcomes)
    has_cost = any(summary.billed or summary.maybe_billed for summary in summaries)
    return render(
        "evaluation.report",
        language,
        rows=[_build_summary_row(summary, plan, outcomes, language) for summary in summaries],
        refusals=_list_refusals(summaries, outcomes, language),
        costs=(format_cost(summaries), format_cost(summaries, with_maybe=True)) if has_cost else ("", ""),
        tiles=_build_tiles(plan, outcomes, get_url, language),
        files=describe_refused_files(plan.photos, language),
        refused_count=len(plan.photos.refused),
    )


def render_document(plan: Plan, outcomes: Mapping[str, Outcome], get_url: PictureUrl, language: str) -> str:
    """One HTML file with everything in it. get_url: of the pictures, as data URLs."""
    css = "\n".join((ASSETS_DIR / "css" / f"{name}.css").read_text("utf-8") for name in ("base", "evaluation"))
    now = datetime.now(UTC)
    document = render(
        "evaluation.document",
        language,
        css=Markup(css),
        date=now.strftime("%Y-%m-%d %H:%M UTC"),
        photo_count=len(plan.photos.photos),
        call_count=sum(job.key in outcomes and outcomes[job.key].is_final for job in plan.jobs),
        controls=render_controls(language),
        report=render_report(plan, outcomes, get_url, language),
    )
    return str(document)


def describe_maker(job: Job, outcome: Outcome | None, language: str) -> str:
    """Who answered a call: the offline engine, the vendor, or the host of a server of the owner's own.

    Only an answer tells: before there is one, it is the name of the target.
    """
    if outcome is None or not outcome.is_final:
        return translate(f"evaluation.target_name_{job.target}", language)
    return describe_service(job.setup.endpoint.vendor_id, outcome.service, language)


def _build_summary_row(summary: Summary, plan: Plan, outcomes: Mapping[str, Outcome], language: str) -> dict[str, Any]:
    jobs = [job for job in plan.jobs if (job.setup, job.target) == (summary.setup, summary.target)]
    ended = next((job for job in jobs if job.key in outcomes and outcomes[job.key].is_final), jobs[0])
    cost = format_cost([summary]) if summary.target == "live" else translate("evaluation.free", language)
    return {
        "setup": summary.setup.describe(language),
        "target": summary.target,
        "maker": describe_maker(ended, outcomes.get(ended.key), language),
        "rate": format_percent(summary.rate),
        "interval": " – ".join(map(format_percent, summary.interval)) if summary.rate is not None else "",
        "counts": {kind.value: count for kind, count in summary.counts.items()},
        "planned": summary.planned,
        "figures": [
            *zip(LATENCY_COLUMNS, map(format_seconds, summary.seconds or [None] * 3), strict=True),
            ("bytes", " / ".join(map(format_bytes, (summary.bytes_sent, summary.bytes_received)))),
            *((kind.value, summary.counts[kind]) for kind in OutcomeKind if kind is not OutcomeKind.SUCCESS),
        ],
        "cost": cost or "–",
        "maybe_billed": summary.maybe_billed,
    }


def _list_refusals(
    summaries: list[Summary], outcomes: Mapping[str, Outcome], language: str
) -> list[tuple[str, str, str, str, str, int]]:
    return [
        (summary.setup.describe(language), summary.target, outcome.code, *outcome.words[language][:2], count)
        for summary in summaries
        for outcome, count in summary.refusals
        if outcome.words
    ]


def describe_refused_files(photos: PhotoSet, language: str) -> list[tuple[str, str]]:
    """Names and reasons of the first files that were refused."""
    return [
        (name, explain(error, language, is_billable=False).title)
        for name, error in photos.refused[:MAX_LISTED_REFUSED_FILES]
    ]


def _build_tiles(
    plan: Plan, outcomes: Mapping[str, Outcome], get_url: PictureUrl, language: str
) -> list[dict[str, Any]]:
    """A tile for each photo and endpoint, with a cell for each target."""
    tiles: list[dict[str, Any]] = []
    for start in range(0, len(plan.jobs), len(plan.targets)):
        jobs = plan.jobs[start : start + len(plan.targets)]
        ended = [outcomes.get(job.key) for job in jobs]
        kinds = [outcome.kind.value if outcome else "pending" for outcome in ended]
        seconds = [outcome.seconds for outcome in ended if outcome and outcome.seconds is not None]
        photo = jobs[0].photo
        tiles.append({
            "name": photo.name,
            "size": "{} × {}".format(*photo.size),
            "setup": jobs[0].setup.describe(language) if len(plan.setups) > 1 else "",
            "url": get_url(photo.sha256),
            "kinds": kinds,
            "by_seconds": round(max(seconds, default=9999.0) * 1000),
            "by_outcome": min((_rank(kind) for kind in kinds), default=9),
            "cells": [
                _build_cell(job, outcome, get_url, language) for job, outcome in zip(jobs, ended, strict=True)
            ],
        })  # fmt: skip
    return tiles


def _rank(kind: str) -> int:
    """Refusals first, then failures: what a person looks for."""
    return ("refused", "failed", "not_sent", "success", "pending").index(kind)


def _build_cell(job: Job, outcome: Outcome | None, get_url: PictureUrl, language: str) -> dict[str, Any]:
    title, why, _ = outcome.words.get(language, ("", "", "")) if outcome else ("", "", "")
    return {
        "target": job.target,
        "maker": describe_maker(job, outcome, language),
        "kind": outcome.kind.value if outcome else "pending",
        "url": get_url(f"thumbnail {job.key}"),
        "link": get_url(f"picture {job.key}"),
        "seconds": format_seconds(outcome.seconds) if outcome and outcome.seconds is not None else "",
        "charge": outcome.charge.value if outcome and job.target == "live" else "",
        "title": title, "why": why,
        "code": outcome.code if outcome else "",
    }  # fmt: skip


def format_percent(rate: float | None) -> str:
    """A share from 0 to 1 as per cent, without decimals; "–" for None."""
    return "–" if rate is None else f"{rate * 100:.0f} %"


def format_seconds(seconds: float | None) -> str:
    """Seconds with two significant decimals below ten: "0.84 s", "12.3 s"; "–" for None."""
    if seconds is None:
        return "–"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"


def format_bytes(count: int) -> str:
    """A number of bytes for people; "–" for 0."""
    return format_file_size(count) if count else "–"
