"""What one call did on the wire, for whoever wants to see it: no key, no picture, and the same call as a program.

    trace      what is kept of a call                    keys       where the keys are, and how none gets into a trace
    capture    a request or an answer, fit to be shown   recorder   fills a trace while a call is made
    programs   the call in cURL, Python, JavaScript      page       all of it as HTML

Knows no screen. The service fills traces; the screens show them.
"""

from .capture import capture_request, capture_response
from .code_samples import SAMPLE_LANGUAGES, render_sample, render_samples
from .recorder import TraceRecorder, resume_stopwatch
from .render import render_inspector
from .trace import PHASES, CapturedMessage, Span, Stopwatch, Trace

__all__ = [
    "PHASES",
    "SAMPLE_LANGUAGES",
    "CapturedMessage",
    "Span",
    "Stopwatch",
    "Trace",
    "TraceRecorder",
    "capture_request",
    "capture_response",
    "render_inspector",
    "render_sample",
    "render_samples",
    "resume_stopwatch",
]
