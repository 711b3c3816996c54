"""The offline server: compatible with the vendors' APIs, it answers with our engine's results.

The app calls it in process; ``python -m meitu_demo.offline`` serves any client. It shares no codec with `vendors`: the
tests check both against the samples in the vendors' documents.
"""

from .app import create_app

__all__ = ["create_app"]
