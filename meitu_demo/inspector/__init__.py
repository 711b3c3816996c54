"""What one call sent and received, without keys and pictures, and the same call as a program.

trace               the record of a call         recorder       fills a trace while a call is made
capture             a message, fit to be shown   render         the trace and the code samples as HTML
credentials_filter  takes keys out of texts      code_samples   the call in cURL, Python, JavaScript
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
