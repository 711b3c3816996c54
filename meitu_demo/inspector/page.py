"""A trace and the programs of its call as HTML: a folded section for below a result or an explanation.

Pure functions of words and facts; every text is escaped here, and a program scrubbed: a value of it may have
been typed into the wrong field. Imports `redaction` and `words`.
"""

from collections.abc import Mapping
from html import escape

from ..imaging.gate import format_file_size
from ..redaction import scrub
from ..words import translate
from .programs import LANGUAGES
from .trace import PHASES, Shown, Span, Trace

SHORTEST_S = 0.0005  # a phase that took less in all has no row


def render(trace: Trace | None, programs: Mapping[str, str], language: str) -> str:
    """What went over the wire, how long each part took, and the call as `programs` by the names of LANGUAGES.

    trace: None for a call of which nothing was sent.
    """
    parts = [_wire(trace, language)] if trace else []
    if programs:
        snippets = "".join(
            _program(name, programs[name], language, opened=not place)
            for place, name in enumerate(name for name in LANGUAGES if name in programs)
        )
        note = _say("code_note", language)
        parts.append(f'<section><h4>{_say("code", language)}</h4><p class="hint">{note}</p>{snippets}</section>')
    return f'<details class="inspector"><summary>{_say("title", language)}</summary>{"".join(parts)}</details>'


def _wire(trace: Trace, language: str) -> str:
    answer = _message("response", trace.response, language) if trace.response else _nothing(language)
    times = f"<h4>{_say('time', language)}</h4>{_waterfall(trace, language)}{_facts(trace, language)}"
    return f"""<section>{times}</section>
{_message("request", trace.request, language)}
{answer}"""


def _waterfall(trace: Trace, language: str) -> str:
    """A row for each phase; several attempts are several bars in it."""
    whole = max(trace.seconds, SHORTEST_S)
    rows = []
    for phase in PHASES:
        spans = [span for span in trace.spans if span.phase == phase]
        seconds = sum(span.end - span.start for span in spans)
        if seconds >= SHORTEST_S:
            bars = "".join(_bar(span, whole) for span in spans)
            name, took = _say(f"phase_{phase}", language), _say("seconds", language, seconds=f"{seconds:.3f}")
            rows.append(
                f'<li class="{phase}"><span>{name}</span><i aria-hidden="true">{bars}</i><span>{took}</span></li>'
            )
    return f'<ol class="waterfall">{"".join(rows)}</ol>'


def _bar(span: Span, whole: float) -> str:
    left, width = 100 * span.start / whole, 100 * (span.end - span.start) / whole
    return f'<b style="left:{left:.2f}%;width:{width:.2f}%"></b>'


def _facts(trace: Trace, language: str) -> str:
    rows = [
        ("total", _say("seconds", language, seconds=f"{trace.seconds:.3f}")),
        ("sent", format_file_size(trace.request.size)),
        ("received", format_file_size(trace.response.size) if trace.response else ""),
        ("fetched", format_file_size(trace.fetched) if trace.fetched else ""),
        ("attempts", str(trace.attempts) if trace.attempts > 1 else ""),
        ("request_id", trace.request_id or ""),
    ]
    cells = "".join(
        f"<div><dt>{_say(name, language)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows if value
    )
    return f"<dl>{cells}</dl>"


def _message(name: str, shown: Shown, language: str) -> str:
    lines = [shown.start, *(f"{header}: {value}" for header, value in shown.headers), "", shown.body]
    title, text = _say(name, language), escape("\n".join(lines).rstrip())
    return f'<section><h4>{title}</h4><pre tabindex="0" aria-label="{title}">{text}</pre></section>'


def _nothing(language: str) -> str:
    return (
        f'<section><h4>{_say("response", language)}</h4><p class="hint">{_say("no_response", language)}</p></section>'
    )


def _program(name: str, text: str, language: str, *, opened: bool) -> str:
    """One snippet; assets/js/inspector.js copies the text below the button."""
    title = escape(LANGUAGES[name])
    copy, copied = _say("copy", language), _say("copied", language)
    button = f'<button type="button" class="copy" data-copy="{name}" data-copied="{copied}">{copy}</button>'
    return f"""<details class="program"{" open" if opened else ""}><summary>{title}</summary>{button}
<pre tabindex="0" aria-label="{title}"><code>{escape(scrub(text))}</code></pre></details>"""


def _say(key: str, language: str, **facts: object) -> str:
    return escape(translate(f"inspector.{key}", language, **facts))
