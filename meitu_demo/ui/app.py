"""Composes the screens into one web app: page, API, kept pictures, and the client's lifetime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import gradio as gr
import httpx
from fastapi import FastAPI
from gradio.utils import get_upload_folder
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from ..ledger.lazy import LazyLedger
from ..photos import codec
from ..service import CallService
from ..settings import Settings
from . import assistants
from .context import Context
from .gradio_patches import assets, route_allowlist, signatures, uploads
from .gradio_patches.assets import PrecompressedAssetsMiddleware
from .gradio_patches.cleanup import GradioCleanup
from .gradio_patches.polling import slow_down_polling
from .mirror import frames
from .page import ASSETS_DIR, build_page, render_head
from .reference import page as reference
from .result import displacement_map, files
from .security import upload_validation
from .security.headers import SecurityHeadersMiddleware
from .security.health import HealthMiddleware, Readiness, build_readiness_checks
from .security.login import LoginMiddleware, build_password_check, render_login_message
from .security.origin_check import OriginCheckMiddleware, is_loopback_host_header
from .security.visitor_cookie import VisitorCookieMiddleware
from .texts import PageTranslations
from .theme import build_theme

if TYPE_CHECKING:
    from .assistants.server import McpServer

MAX_DRAIN_S = 5.0  # how long a stop waits for calls in flight
RESULT_DELIVERY_S = 1.0  # and for their results to be drawn and to reach their pages


def create_app(settings: Settings, client: httpx.AsyncClient, ledger: LazyLedger | None = None) -> FastAPI:
    """The web app around `client` and `till`, which it closes when it stops. Raises SettingsError."""
    ttl_s, uploads_dir = settings.keep_minutes * 60.0, Path(get_upload_folder())
    uploads.check_upload_dir(uploads_dir)
    service = CallService(client, settings, ledger)
    context = Context.create(service, settings, uploads_dir)
    ledger, failure_lab, single_flight = service.ledger, service.failure_lab, service.single_flight
    session_data = context.session_data
    session_data.delete_stale_uploads()
    texts = PageTranslations()
    uploads.isolate_uploads()
    blocks = build_page(context, settings, texts)
    signatures.cache_signatures(blocks)
    blocks.queue(default_concurrency_limit=None)
    mcp_server = _create_mcp_server(context) if settings.mcp else None
    gradio_cleanup = GradioCleanup(blocks, uploads_dir, ttl_s * 5 / 6, ttl_s)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        mcp_session = mcp_server.run() if mcp_server else nullcontext()
        async with client, mcp_session, anyio.create_task_group() as tasks:
            tasks.start_soon(ledger.run_heartbeat)
            tasks.start_soon(failure_lab.ledger.run_heartbeat)
            tasks.start_soon(session_data.run_sweeper)
            tasks.start_soon(gradio_cleanup.run_sweeper)
            yield
            await single_flight.drain(MAX_DRAIN_S)  # where the server has not asked for it before
            tasks.cancel_scope.cancel()
        await session_data.delete_all()
        await gradio_cleanup.delete_expired(-1.0, -1.0)
        await failure_lab.close()
        await ledger.close()

    async def before_stop() -> None:
        if await single_flight.drain(MAX_DRAIN_S):
            await anyio.sleep(RESULT_DELIVERY_S)
        app.state.gradio.stop_event.set()  # each open page holds a stream that would not end by itself

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    # From the innermost to the outermost.
    app.add_middleware(GZipMiddleware, minimum_size=2048, compresslevel=6)  # half a megabyte of page on a bad line
    app.add_middleware(VisitorCookieMiddleware, ledger=ledger, is_hf_space=settings.space)
    if settings.login:
        app.add_middleware(
            LoginMiddleware, get_gradio_app=lambda: app.state.gradio, verify=build_password_check(settings.login),
            is_hf_space=settings.space,
            trusted_proxies=settings.trusted_proxies,
        )  # fmt: skip
    app.add_middleware(CORSMiddleware)  # allows nobody; without one, Gradio would add its own, which is generous
    app.add_middleware(
        OriginCheckMiddleware,
        trusted_proxies=settings.trusted_proxies,
        is_hf_space=settings.space,
        is_loopback_only=is_loopback_host_header(settings.host),
    )
    app.add_middleware(
        HealthMiddleware, readiness=Readiness(build_readiness_checks(ledger, is_billable=service.targets.is_any_live()))
    )
    app.add_middleware(PrecompressedAssetsMiddleware)
    app.add_middleware(SecurityHeadersMiddleware, is_hf_space=settings.space)

    app.include_router(files.build_router(context))
    app.include_router(displacement_map.build_router(context))
    if settings.mirror:
        app.include_router(frames.create_router(context))

    app.add_route(f"/{assets.PATH}/{{name}}", assets.serve_image)
    app.add_route(f"/{reference.PATH}", reference.serve_reference)
    if mcp_server:
        app.add_route(f"/{assistants.PATH}", mcp_server.http_app)  # type: ignore[arg-type]
    gr.mount_gradio_app(
        app, blocks, path="/", theme=build_theme(), head=render_head(), i18n=texts.build_i18n(), footer_links=[],
        favicon_path=str(ASSETS_DIR / "favicon.svg"), show_error=False, max_file_size=codec.MAX_BYTES, ssr_mode=False,
        run_history=False, enable_monitoring=False, pwa=False, mcp_server=False,
        auth=build_password_check(settings.login) if settings.login else None, auth_message=render_login_message(),
    )  # fmt: skip
    app.state.gradio = route_allowlist.install(app, context.uploads_dir)
    app.state.before_stop = before_stop
    upload_validation.patch_gradio(blocks)
    slow_down_polling(blocks)
    return app


def _create_mcp_server(context: Context) -> "McpServer":
    """MCP's library comes with an extra, and takes its time to load."""
    from .assistants.server import McpServer

    return McpServer(context)
