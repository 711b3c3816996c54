"""What one call did on the wire, for whoever wants to see it: no key, no picture, and the same call as a program.

    trace      what is kept of a call                    keys       where the keys are, and how none gets into a trace
    capture    a request or an answer, fit to be shown   recorder   fills a trace while a call is made
    programs   the call in cURL, Python, JavaScript      page       all of it as HTML

Knows no screen. The service fills traces; the screens show them.
"""

from .capture import capture_request, capture_response
from .page import render
from .programs import LANGUAGES, code, programs
from .recorder import Recorder, resumed
from .trace import PHASES, Shown, Span, Stopwatch, Trace

__all__ = [
    "LANGUAGES",
    "PHASES",
    "Recorder",
    "Shown",
    "Span",
    "Stopwatch",
    "Trace",
    "capture_request",
    "capture_response",
    "code",
    "programs",
    "render",
    "resumed",
]
