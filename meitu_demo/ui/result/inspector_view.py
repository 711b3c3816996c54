"""The inspector: the HTTP messages of a call and the call as code, in a folded section below the result view.

Code samples are redacted here, because a key may have been typed into the wrong field.
"""

from collections.abc import Mapping

from markupsafe import Markup

from ...domain.translations import translate
from ...inspector.capture import CapturedMessage
from ...inspector.code_samples import SAMPLE_LANGUAGES
from ...inspector.trace import PHASES, Span, Trace
from ...photos.safe_open import format_file_size
from ...redaction.secrets import redact
from ..html import render

MIN_PHASE_S = 0.0005  # a phase that took less in total has no row


def render_inspector(trace: Trace | None, samples: Mapping[str, str], language: str, price_text: str = "") -> Markup:
    """The section. trace: None if nothing was sent. samples: code by the names in SAMPLE_LANGUAGES.

    price_text: what is known of a live call's price.
    """
    return render(
        "inspector.inspector",
        language,
        is_recorded=trace is not None and trace.mode == "recorded",
        trace=trace and {
            "request": _join_lines(trace.request),
            "response": trace.response and _join_lines(trace.response),
        },
        phases=_sum_phases(trace) if trace else [],
        total_s=max(trace.duration_s, MIN_PHASE_S) if trace else 0,
        summary=_summarize(trace, language) if trace else [],
        samples=[(name, title, redact(samples[name])) for name, title in SAMPLE_LANGUAGES.items() if name in samples],
        price_text=price_text,
    )  # fmt: skip


def _sum_phases(trace: Trace) -> list[tuple[str, float, list[Span]]]:
    """(phase, seconds in all, spans) in the order of PHASES; several attempts are several spans."""
    spans_by_phase = {phase: [span for span in trace.spans if span.phase == phase] for phase in PHASES}
    sums = [(phase, sum(span.end - span.start for span in spans), spans) for phase, spans in spans_by_phase.items()]
    return [row for row in sums if row[1] >= MIN_PHASE_S]


def _summarize(trace: Trace, language: str) -> list[tuple[str, str]]:
    rows = [
        ("total", translate("inspector.seconds", language, seconds=f"{trace.duration_s:.3f}")),
        ("sent", "" if trace.mode == "recorded" else format_file_size(trace.request.size)),
        ("received", format_file_size(trace.response.size) if trace.response else ""),
        ("fetched", format_file_size(trace.fetched_bytes) if trace.fetched_bytes else ""),
        ("attempts", str(trace.attempts) if trace.attempts > 1 else ""),
        ("request_id", trace.request_id or ""),
    ]
    return [(translate(f"inspector.{name}", language), text) for name, text in rows if text]


def _join_lines(message: CapturedMessage) -> str:
    headers = (f"{header}: {value}" for header, value in message.headers)
    return "\n".join([message.start_line, *headers, "", message.body]).rstrip()
