"""Wire inspector: records what a call sent and received, without keys and pictures, and writes the same call as code.

    trace           the record of a call              credentials_filter   removes keys from a trace
    capture         a request or a response as text   recorder             fills a trace during a call
    code_samples/   the call in cURL, Python and JavaScript

The call pipeline records traces; `ui/result/inspector_view.py` shows them.
"""

from .capture import capture_request, capture_response
from .code_samples import SAMPLE_LANGUAGES, render_sample, render_samples
from .recorder import TraceRecorder, resume_stopwatch
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
    "render_sample",
    "render_samples",
    "resume_stopwatch",
]
