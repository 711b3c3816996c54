"""A trace and the programs of its call as HTML: a folded section for below a result or an explanation.

Pure functions of words and facts; every text is escaped here, and a program scrubbed: a value of it may have
been typed into the wrong field. Imports `redaction` and `words`.
"""

from collections.abc import Mapping
from html import escape

from ..domain.translations import translate
from ..photos.safe_open import format_file_size
from ..redaction.secrets import redact
from .code_samples import SAMPLE_LANGUAGES
from .trace import PHASES, CapturedMessage, Span, Trace

MIN_PHASE_S = 0.0005  # a phase that took less in all has no row


def render_inspector(trace: Trace | None, samples: Mapping[str, str], language: str) -> str:
    """What went over the wire, how long each part took, and the call as `programs` by the names of LANGUAGES.

    trace: None for a call of which nothing was sent.
    """
    parts = [_render_wire(trace, language)] if trace else []
    if samples:
        snippets = "".join(
            _render_sample(name, samples[name], language, is_open=not index)
            for index, name in enumerate(name for name in SAMPLE_LANGUAGES if name in samples)
        )
        note = _translate("code_note", language)
        parts.append(f'<section><h4>{_translate("code", language)}</h4><p class="hint">{note}</p>{snippets}</section>')
    return f'<details class="inspector"><summary>{_translate("title", language)}</summary>{"".join(parts)}</details>'


def _render_wire(trace: Trace, language: str) -> str:
    answer = _render_message("response", trace.response, language) if trace.response else _render_no_response(language)
    times = (
        f"<h4>{_translate('time', language)}</h4>{_render_waterfall(trace, language)}{_render_summary(trace, language)}"
    )
    return f"""<section>{times}</section>
{_render_message("request", trace.request, language)}
{answer}"""


def _render_waterfall(trace: Trace, language: str) -> str:
    """A row for each phase; several attempts are several bars in it."""
    total_s = max(trace.duration_s, MIN_PHASE_S)
    rows = []
    for phase in PHASES:
        spans = [span for span in trace.spans if span.phase == phase]
        seconds = sum(span.end - span.start for span in spans)
        if seconds >= MIN_PHASE_S:
            bars = "".join(_render_bar(span, total_s) for span in spans)
            name, duration = (
                _translate(f"phase_{phase}", language),
                _translate("seconds", language, seconds=f"{seconds:.3f}"),
            )
            rows.append(
                f'<li class="{phase}"><span>{name}</span><i aria-hidden="true">{bars}</i><span>{duration}</span></li>'
            )
    return f'<ol class="waterfall">{"".join(rows)}</ol>'


def _render_bar(span: Span, total_s: float) -> str:
    left, width = 100 * span.start / total_s, 100 * (span.end - span.start) / total_s
    return f'<b style="left:{left:.2f}%;width:{width:.2f}%"></b>'


def _render_summary(trace: Trace, language: str) -> str:
    rows = [
        ("total", _translate("seconds", language, seconds=f"{trace.duration_s:.3f}")),
        ("sent", format_file_size(trace.request.size)),
        ("received", format_file_size(trace.response.size) if trace.response else ""),
        ("fetched", format_file_size(trace.fetched_bytes) if trace.fetched_bytes else ""),
        ("attempts", str(trace.attempts) if trace.attempts > 1 else ""),
        ("request_id", trace.request_id or ""),
    ]
    cells = "".join(
        f"<div><dt>{_translate(name, language)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows if value
    )
    return f"<dl>{cells}</dl>"


def _render_message(name: str, message: CapturedMessage, language: str) -> str:
    lines = [message.start_line, *(f"{header}: {value}" for header, value in message.headers), "", message.body]
    title, text = _translate(name, language), escape("\n".join(lines).rstrip())
    return f'<section><h4>{title}</h4><pre tabindex="0" aria-label="{title}">{text}</pre></section>'


def _render_no_response(language: str) -> str:
    title, hint = _translate("response", language), _translate("no_response", language)
    return f'<section><h4>{title}</h4><p class="hint">{hint}</p></section>'


def _render_sample(name: str, text: str, language: str, *, is_open: bool) -> str:
    """One snippet; assets/js/inspector.js copies the text below the button."""
    title = escape(SAMPLE_LANGUAGES[name])
    copy, copied = _translate("copy", language), _translate("copied", language)
    button = f'<button type="button" class="copy" data-copy="{name}" data-copied="{copied}">{copy}</button>'
    return f"""<details class="program"{" open" if is_open else ""}><summary>{title}</summary>{button}
<pre tabindex="0" aria-label="{title}"><code>{escape(redact(text))}</code></pre></details>"""


def _translate(key: str, language: str, **facts: object) -> str:
    return escape(translate(f"inspector.{key}", language, **facts))
