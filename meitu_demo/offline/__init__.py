"""The vendor-compatible server: the other side of the two dialects, with our engine behind it.

The app talks to it in process, any client in any language by ``python -m meitu_demo.offline``. Knows nothing of the
client's side: each codec is written on its own and pinned to the documents' samples.
"""

from .app import create_app

__all__ = ["create_app"]
