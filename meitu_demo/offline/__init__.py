"""The vendor-compatible server: it speaks the vendors' dialects and answers with our engine's results.

The app calls it in process; ``python -m meitu_demo.offline`` serves any client. It shares no codec with the client:
both are written apart and pinned to the samples in the vendors' documents.
"""

from .app import create_app

__all__ = ["create_app"]
