"""What one call sent and received, without keys and pictures, and the same call as a program.

trace         phases, messages and durations         credentials_filter   removes keys from a trace
capture       HTTP messages as text to display       recorder             records a trace during a call
code_samples  the call in cURL, Python, JavaScript   render               all of it as HTML
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
