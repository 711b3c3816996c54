"""The app's one HTTP client: it reaches the vendors over the network and the offline server in process."""

import logging

import httpx
from starlette.types import ASGIApp

from ..settings import Settings
from .download import create_blocking_cookie_jar
from .network_client import NetworkClient
from .targets import OFFLINE_URL, RECORDED_URL


def create_http_client(
    settings: Settings, offline_app: ASGIApp, replay_app: ASGIApp | None = None
) -> httpx.AsyncClient:
    """The client for the life of the app. Calls to OFFLINE_URL and RECORDED_URL go to the apps by an ASGI transport."""
    # httpx logs whole URLs at INFO, and Meitu's hold the keys; Pillow logs a photo's metadata at DEBUG.
    for name in ("httpx", "httpcore", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("httpx").addFilter(_allow_warnings_only)  # in case its level is raised again
    timeout = httpx.Timeout(
        connect=settings.connect_timeout, write=settings.write_timeout, read=settings.read_timeout,
        pool=settings.connect_timeout,
    )  # fmt: skip
    return NetworkClient(
        settings.network,
        timeout=timeout,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        cookies=create_blocking_cookie_jar(),
        mounts={
            url: httpx.ASGITransport(app, raise_app_exceptions=False)
            for url, app in ((OFFLINE_URL, offline_app), (RECORDED_URL, replay_app))
            if app
        },
    )


def _allow_warnings_only(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
