"""The calls of an evaluation as CSV: a row for each, for spreadsheets and programs."""

import csv
import io
import json
from collections.abc import Mapping

from .outcomes import Outcome
from .plan import Plan

COLUMNS = ("photo", "sha256", "width", "height", "bytes", "endpoint", "values", "target", "outcome", "code", "title",
           "seconds", "charge", "bytes_sent", "bytes_received", "request_id", "ended_at")  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets run a cell that begins so


def format_csv(plan: Plan, outcomes: Mapping[str, Outcome], language: str) -> str:
    """CSV with a header; calls that were not made have no outcome. The title is in `language`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for job in plan.jobs:
        photo, outcome = job.photo, outcomes.get(job.key)
        row: list[object] = [
            photo.name, photo.sha256, *photo.size, photo.size_bytes, job.setup.endpoint.id,
            json.dumps(dict(job.setup.values), ensure_ascii=False), job.target,
        ]  # fmt: skip
        if outcome is not None:
            row += [
                outcome.kind, outcome.code, outcome.words[language][0] if outcome.words else "",
                "" if outcome.seconds is None else f"{outcome.seconds:.3f}", outcome.charge, outcome.bytes_sent,
                outcome.bytes_received, outcome.request_id, outcome.ended_at,
            ]  # fmt: skip
        writer.writerow([defuse(cell) for cell in row])
    return text.getvalue()


def defuse(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
