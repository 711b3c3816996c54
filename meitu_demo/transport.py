"""The one HTTP client with its mounts: the vendors over the network, the offline server in process.

Above service and offline server, which do not know each other; below the screens.
"""

import logging

import httpx
from starlette.types import ASGIApp

from .links import no_cookies
from .routes import OFFLINE_URL
from .settings import Settings


def make_client(settings: Settings, offline: ASGIApp) -> httpx.AsyncClient:
    """The client for the life of the app: the vendors over the network, the offline server by a mount in process."""
    # httpx writes whole URLs at INFO, and Meitu's hold the keys; Pillow a photo's metadata at DEBUG.
    for name in ("httpx", "httpcore", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("httpx").addFilter(_without_urls)  # whoever turns its level up again
    timeout = httpx.Timeout(
        connect=settings.connect_timeout, write=settings.write_timeout, read=settings.read_timeout,
        pool=settings.connect_timeout,
    )  # fmt: skip
    return httpx.AsyncClient(
        timeout=timeout,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        cookies=no_cookies(),
        mounts={OFFLINE_URL: httpx.ASGITransport(offline, raise_app_exceptions=False)},
    )


def _without_urls(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
