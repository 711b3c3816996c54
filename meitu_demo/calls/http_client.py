"""The one HTTP client with its mounts: the vendors over the network, the offline server in process.

Above service and offline server, which do not know each other; below the screens.
"""

import logging

import httpx
from starlette.types import ASGIApp

from ..settings import Settings
from .download import create_blocking_cookie_jar
from .targets import OFFLINE_URL


def create_http_client(settings: Settings, offline_app: ASGIApp) -> httpx.AsyncClient:
    """The client for the life of the app: the vendors over the network, the offline server by a mount in process."""
    # httpx writes whole URLs at INFO, and Meitu's hold the keys; Pillow a photo's metadata at DEBUG.
    for name in ("httpx", "httpcore", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("httpx").addFilter(_allow_warnings_only)  # whoever turns its level up again
    timeout = httpx.Timeout(
        connect=settings.connect_timeout, write=settings.write_timeout, read=settings.read_timeout,
        pool=settings.connect_timeout,
    )  # fmt: skip
    return httpx.AsyncClient(
        timeout=timeout,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        cookies=create_blocking_cookie_jar(),
        mounts={OFFLINE_URL: httpx.ASGITransport(offline_app, raise_app_exceptions=False)},
    )


def _allow_warnings_only(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
