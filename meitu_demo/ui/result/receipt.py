"""The privacy receipt of a run: what was found in the photo and dropped, what went where, when all of it is deleted.

Pure functions of an outcome; the same facts as HTML for the page and as a report for programs.
"""

from html import escape
from typing import Any

from ...imaging.gate import format_file_size
from ...service import CallResult
from ...words import translate


def facts(outcome: CallResult, keep_minutes: int) -> dict[str, Any]:
    """For the API: metadata (none, dropped), gps, sent_to (a host or None), bytes_sent, kept_minutes, result_id."""
    dropped = next((change for change in outcome.changes if change.slug == "metadata_dropped"), None)
    return {
        "metadata_dropped": dropped is not None,
        "gps_dropped": bool(dropped and dropped.facts["gps"]),
        "sent_to": outcome.host or None,
        "bytes_sent": outcome.bytes_sent if outcome.host else 0,
        "kept_minutes": keep_minutes,
        "result_id": outcome.id,
    }


def receipt(outcome: CallResult, keep_minutes: int, recipient: str, language: str) -> str:
    """A folded section for below the result."""
    found = facts(outcome, keep_minutes)

    def say(key: str, **gaps: object) -> str:
        return translate(f"receipt.{key}", language, **gaps)

    metadata = "gps" if found["gps_dropped"] else "dropped" if found["metadata_dropped"] else "none"
    sent = (
        say("sent", size=format_file_size(found["bytes_sent"]), host=found["sent_to"], recipient=recipient)
        if found["sent_to"]
        else say("stayed")
    )
    rows = (
        (say("metadata"), say(f"metadata_{metadata}")),
        (say("way"), sent),
        (say("kept"), say("kept_text", minutes=keep_minutes)),
        (say("id"), outcome.id),
        (say("run"), outcome.run_id),
    )
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows if text)
    return f'<details class="receipt"><summary>{escape(say("title"))}</summary><dl>{cells}</dl></details>'
