"""The app's one HTTP client: to the vendors directly or through the proxies of the settings; in process to the offline
server and to recordings.

httpx would read proxies and certificates from the environment itself, and does not say which URL goes through a proxy.
"""

import asyncio
import logging
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from pydantic import SecretStr
from socksio.exceptions import SOCKSError
from starlette.types import ASGIApp

from ..settings import Settings
from ..settings.network import NetworkSettings, is_proxy_url
from .targets import OFFLINE_URL, RECORDED_URL

# httpcore's events at which a connection through a proxy is ready for the request itself.
HANDSHAKE_COMPLETE = {
    "https": ("proxy.start_tls.complete", "socks.start_tls.complete"),
    "http": ("socks.setup_socks5_connection.complete",),
}


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


def create_blocking_cookie_jar() -> CookieJar:
    """A cookie jar that stores nothing, for a client that many people share."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def _allow_warnings_only(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


class NetworkClient(httpx.AsyncClient):
    """An httpx client that follows `network` and nothing else of the environment."""

    def __init__(self, network: NetworkSettings, *, limits: httpx.Limits, **options: Any) -> None:
        self._network = network
        super().__init__(transport=_ProxyTransport(network, limits), trust_env=False, **options)

    def is_proxied(self, url: httpx.URL) -> bool:
        """Whether requests to `url` go through a proxy, which then resolves the name."""
        return _choose_proxy(self._network, url, url.host) is not None


class _ProxyTransport(httpx.AsyncBaseTransport):
    """Sends each request directly or through its proxy. A failure to reach the proxy, or of it, is a ProxyError."""

    def __init__(self, network: NetworkSettings, limits: httpx.Limits) -> None:
        self._network = network
        context = _create_ssl_context(network)
        self._direct = httpx.AsyncHTTPTransport(verify=context, limits=limits)
        urls = {proxy.get_secret_value() for proxy in (network.http_proxy, network.https_proxy) if proxy}
        self._by_proxy = {
            url: httpx.AsyncHTTPTransport(
                verify=context, limits=limits,
                proxy=httpx.Proxy(url, ssl_context=context if url.startswith("https:") else None),
            )
            for url in urls
            if is_proxy_url(url)
        }  # fmt: skip

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # A download connects to an address that was checked; the name decides about the proxy.
        name = request.extensions.get("sni_hostname") or request.url.host
        proxy = _choose_proxy(self._network, request.url, name)
        if proxy is None:
            return await self._direct.handle_async_request(request)
        transport = self._by_proxy.get(proxy.get_secret_value())
        if transport is None:
            raise httpx.ProxyError("the proxy's setting cannot be used", request=request)
        is_socks = proxy.get_secret_value().startswith("socks")
        return await _send_through_proxy(transport, request, is_socks=is_socks)

    async def aclose(self) -> None:
        for transport in (self._direct, *self._by_proxy.values()):
            await transport.aclose()


async def _send_through_proxy(
    transport: httpx.AsyncHTTPTransport, request: httpx.Request, *, is_socks: bool
) -> httpx.Response:
    """Send; what fails while the proxy connects did not reach the vendor. httpcore puts no time limit on that step."""
    original_trace = request.extensions.get("trace")
    has_handshake = is_socks or request.url.scheme == "https"
    connect_timeout_s = request.extensions.get("timeout", {}).get("connect")
    is_connecting = False
    try:
        async with asyncio.timeout(None) as deadline:

            async def on_trace(event: str, info: Any) -> None:
                nonlocal is_connecting
                if has_handshake and event.endswith("connect_tcp.complete"):
                    is_connecting = True
                    if connect_timeout_s is not None:
                        deadline.reschedule(asyncio.get_running_loop().time() + connect_timeout_s)
                elif event in HANDSHAKE_COMPLETE[request.url.scheme]:
                    is_connecting = False
                    deadline.reschedule(None)
                if original_trace is not None:
                    await original_trace(event, info)

            request.extensions = {**request.extensions, "trace": on_trace}
            return await transport.handle_async_request(request)
    except TimeoutError:
        raise httpx.ConnectTimeout("", request=request) from None
    except (httpx.ConnectError, SOCKSError) as error:
        raise httpx.ProxyError("", request=request) from error
    except httpx.TransportError as error:
        if is_connecting and not isinstance(error, httpx.ConnectTimeout):
            raise httpx.ProxyError("", request=request) from error
        raise


def _choose_proxy(network: NetworkSettings, url: httpx.URL, host: str) -> SecretStr | None:
    return network.choose_proxy(url.scheme, host, url.port or (443 if url.scheme == "https" else 80))


def _create_ssl_context(network: NetworkSettings) -> ssl.SSLContext:
    if network.certificate_file or network.certificate_folder:
        return ssl.create_default_context(cafile=network.certificate_file, capath=network.certificate_folder)
    return httpx.create_ssl_context(trust_env=False)
