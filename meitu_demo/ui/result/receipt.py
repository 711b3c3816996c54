"""The privacy receipt of a run: what was found in the photo and dropped, what went where, when all of it is deleted.

Pure functions of an outcome; the same facts as HTML for the page and as a report for programs.
"""

from html import escape
from typing import Any

from ...calls.pipeline import CallResult
from ...domain.translations import translate
from ...photos.safe_open import format_file_size


def build_receipt(result: CallResult, keep_minutes: int) -> dict[str, Any]:
    """For the API: metadata (none, dropped), gps, sent_to (a host or None), bytes_sent, kept_minutes, result_id."""
    metadata_change = next((change for change in result.changes if change.slug == "metadata_dropped"), None)
    return {
        "metadata_dropped": metadata_change is not None,
        "gps_dropped": bool(metadata_change and metadata_change.facts["gps"]),
        "sent_to": result.host or None,
        "bytes_sent": result.bytes_sent if result.host else 0,
        "kept_minutes": keep_minutes,
        "result_id": result.id,
    }


def render_receipt(result: CallResult, keep_minutes: int, recipient: str, language: str) -> str:
    """A folded section for below the result."""
    report = build_receipt(result, keep_minutes)

    def translate_receipt(key: str, **params: object) -> str:
        return translate(f"receipt.{key}", language, **params)

    metadata = "gps" if report["gps_dropped"] else "dropped" if report["metadata_dropped"] else "none"
    sent_text = (
        translate_receipt(
            "sent", size=format_file_size(report["bytes_sent"]), host=report["sent_to"], recipient=recipient
        )
        if report["sent_to"]
        else translate_receipt("stayed")
    )
    rows = (
        (translate_receipt("metadata"), translate_receipt(f"metadata_{metadata}")),
        (translate_receipt("way"), sent_text),
        (translate_receipt("kept"), translate_receipt("kept_text", minutes=keep_minutes)),
        (translate_receipt("id"), result.id),
        (translate_receipt("run"), result.run_id),
    )
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows if text)
    return f'<details class="receipt"><summary>{escape(translate_receipt("title"))}</summary><dl>{cells}</dl></details>'
