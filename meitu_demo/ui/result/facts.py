"""The facts below a result (who made it, cost, time, download, use in another panel) and the privacy receipt.

Also the names of saved files, and texts for the changes to a photo before it was sent.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from markupsafe import Markup

from ...calls.pipeline import CallResult
from ...domain.model import PhotoChange, RecordedCall
from ...domain.translations import translate
from ...endpoints import CATALOGUE
from ...photos.safe_open import format_file_size
from ...redaction.secrets import redact
from ..html import render
from .pictures import PictureUrls

FILE_SUFFIXES = {"image/png": "png", "image/webp": "webp"}  # `export` converts all other types to JPEG
DESTINATION_SCREENS = (*CATALOGUE, "recipe")  # a result can be sent to these


def build_file_name(result: CallResult, now: datetime | None = None) -> str:
    """For instance ``facial-aesthetics_8_0.5_20260308-142501.jpg``; ASCII, safe on every system."""
    timestamp = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    parts = [result.endpoint.slug, *(redact(str(value)) for value in result.values.values()), timestamp]
    suffix = FILE_SUFFIXES.get(result.result_photo.media_type, "jpg")
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', '_'.join(parts))}.{suffix}"


def translate_changes(changes: Iterable[PhotoChange], language: str) -> list[str]:
    """One text for each change."""
    return [translate(f"changes.{change.slug}", language, **change.facts) for change in changes]


def describe_changes(changes: Iterable[PhotoChange], language: str) -> str:
    """All changes in one line; a text for "none" if there are none."""
    texts = translate_changes(changes, language)
    return translate("changes.between", language).join(texts) or translate("changes.none", language)


class Maker(NamedTuple):
    """Who made a result: `CallResult.mode`, the vendor's name, and of a recording the call that was recorded."""

    mode: str
    vendor_name: str
    recorded: RecordedCall | None = None


def describe_maker(maker: Maker, language: str) -> str:
    """The badge's text, such as "Recorded from Meitu, 12 Nov 2026, 1.8 s"."""
    details: dict[str, object] = {}
    if maker.recorded:
        made_at = maker.recorded.made_at.astimezone(UTC)
        month = translate("result.months", language).split()[made_at.month - 1]
        details = {"day": made_at.day, "month": month, "year": made_at.year}
        details["seconds"] = f"{maker.recorded.elapsed_s:.1f}"
    return translate(f"result.made_{maker.mode}", language, vendor=maker.vendor_name, **details)


def render_facts(
    result: CallResult, pictures: PictureUrls, vendor_name: str, language: str, screen: str = ""
) -> Markup:
    """The line for one call. screen: where it is shown; by default the endpoint's panel."""
    size = (result.result_photo.width, result.result_photo.height)
    return render_facts_line(
        [Maker(result.mode, vendor_name, result.recorded)],
        int(result.is_paid),
        result.elapsed_s,
        size,
        pictures,
        screen or result.endpoint.id,
        language,
    )


def render_facts_line(
    makers: Iterable[Maker],
    paid_call_count: int,
    elapsed_s: float,
    size: tuple[int, int],
    pictures: PictureUrls,
    screen: str,
    language: str,
) -> Markup:
    """The line for one or more calls. size: (width, height) in pixels. screen: where the result is shown; it is not
    offered as a destination. A result without a token is offered to none. elapsed_s is not shown with a recording,
    whose badge has the seconds that the vendor took.
    """
    unique_makers = list(dict.fromkeys(makers))
    is_recorded = any(maker.recorded for maker in unique_makers)
    return render(
        "result.facts",
        language,
        makers=[(maker.mode, describe_maker(maker, language)) for maker in unique_makers],
        paid_call_count=paid_call_count,
        elapsed_s=None if is_recorded else elapsed_s,
        size=size,
        pictures=pictures,
        destinations=[destination for destination in DESTINATION_SCREENS if destination != screen],
    )


def build_receipt(result: CallResult, keep_minutes: int) -> dict[str, Any]:
    """The privacy receipt for programs: metadata_dropped and gps_dropped (booleans), sent_to (a host or None),
    bytes_sent, kept_minutes, result_id, recorded (whether the answer was written to the owner's recordings).
    """
    metadata_change = next((change for change in result.changes if change.slug == "metadata_dropped"), None)
    return {
        "metadata_dropped": metadata_change is not None,
        "gps_dropped": bool(metadata_change and metadata_change.facts["gps"]),
        "sent_to": result.host or None,
        "bytes_sent": result.bytes_sent if result.host else 0,
        "kept_minutes": keep_minutes,
        "result_id": result.id,
        "recorded": result.is_saved,
    }


def render_receipt(result: CallResult, keep_minutes: int, recipient: str, language: str) -> Markup:
    """The privacy receipt as a folded section: which metadata was dropped, what was sent where, when it is deleted."""
    report = build_receipt(result, keep_minutes)

    def translate_receipt(key: str, **params: object) -> str:
        return translate(f"receipt.{key}", language, **params)

    metadata = "gps" if report["gps_dropped"] else "dropped" if report["metadata_dropped"] else "none"
    size = format_file_size(report["bytes_sent"])
    rows = [
        (translate_receipt("metadata"), translate_receipt(f"metadata_{metadata}")),
        (
            translate_receipt("destination"),
            translate_receipt("sent", size=size, host=report["sent_to"], recipient=recipient)
            if report["sent_to"]
            else translate_receipt("replayed" if result.recorded else "stayed"),
        ),
        (translate_receipt("kept"), translate_receipt("kept_text", minutes=keep_minutes)),
        (translate_receipt("recording"), translate_receipt("recording_text") if report["recorded"] else ""),
        (translate_receipt("id"), result.id),
        (translate_receipt("run"), result.run_id),
    ]
    return render("result.receipt", language, rows=[(name, text) for name, text in rows if text])
