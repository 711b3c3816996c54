"""Composes the web app: the context of all screens, middleware, routes, Gradio's page, start and stop."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
from fastapi import FastAPI
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from ..calls.single_flight import SingleFlight
from ..ledger.lazy import LazyLedger
from ..photos import codec
from ..service import CallService
from ..settings import Settings
from . import assistants, mirror
from .context import Context
from .evaluation import downloads as evaluation_downloads
from .gradio_patches import static_images
from .gradio_patches.assets import PageFiles, PrecompressedAssetsMiddleware
from .gradio_patches.cleanup import GradioCleanup
from .gradio_patches.internal_state import end_streams
from .gradio_patches.mount import mount_patched, web_app_at_mount
from .gradio_patches.page_html import PageHtmlMiddleware
from .gradio_patches.sessions import SessionQuota
from .gradio_patches.uploads import check_upload_dir
from .page import ASSETS_DIR, build_page, publish_assets
from .panel.examples import serve_example_result
from .recipe.state import RecipeProgress
from .reference import page as reference
from .result import displacement_map, files
from .result.result_view import EXAMPLE_PATH
from .security.headers import SecurityHeadersMiddleware
from .security.health import HealthMiddleware, Readiness, build_readiness_checks
from .security.login import LoginMiddleware, build_password_check
from .security.origin_check import OriginCheckMiddleware
from .security.upload_quota import UploadQuota, UploadQuotaMiddleware
from .security.visitor_cookie import VisitorCookieMiddleware
from .texts import PageTranslations
from .theme import build_theme

if TYPE_CHECKING:
    from .assistants.server import McpServer

MAX_DRAIN_S = 5.0  # how long a shutdown waits for calls in flight
RESULT_DELIVERY_S = 2.5  # then, at most, until their results have reached the pages
TTL_MARGIN = 5 / 6  # sweepers delete after this share of KEEP_MINUTES, so that nothing is kept longer between sweeps


def create_app(settings: Settings, client: httpx.AsyncClient, ledger: LazyLedger | None = None) -> FastAPI:
    """The web app around `client` and `ledger`, which it closes when it stops. Raises SettingsError."""
    service = CallService(client, settings, ledger)
    uploads_dir = Path(get_upload_folder())
    check_upload_dir(uploads_dir)
    ttl_s = settings.keep_minutes * 60.0
    context = Context.create(service, settings, uploads_dir, ttl_s * TTL_MARGIN)
    texts = PageTranslations()
    with web_app_at_mount():
        blocks = build_page(context, settings, texts)
        blocks.queue(default_concurrency_limit=None)
    page_files = publish_assets(blocks, service.prices)
    SessionQuota(blocks, settings.trusted_proxies, partial(_is_paid, service.single_flight)).install()
    gradio_cleanup = GradioCleanup(blocks, uploads_dir, ttl_s * TTL_MARGIN, ttl_s)
    mcp_server = None
    if settings.mcp:
        from .assistants.server import McpServer  # the library is optional and slow to load

        mcp_server = McpServer(context)
    app = FastAPI(
        lifespan=build_lifespan(context, gradio_cleanup, mcp_server),
        middleware=build_middleware(
            settings, service.ledger, context.session_data.upload_quota, is_billable=service.targets.is_any_live(),
            page_files=page_files,
        ),
        docs_url=None, redoc_url=None, openapi_url=None,
    )  # fmt: skip
    add_routes(app, context, mcp_server)
    app.state.gradio = mount_patched(app, blocks, uploads_dir, **build_mount_options(settings, texts, page_files.style))

    async def before_stop() -> None:
        await context.service.single_flight.drain(MAX_DRAIN_S)
        await app.state.gradio.state.event_streams.drain(RESULT_DELIVERY_S)
        end_streams(app.state.gradio)

    app.state.before_stop = before_stop
    return app


def build_lifespan(
    context: Context, gradio_cleanup: GradioCleanup, mcp_server: "McpServer | None"
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Runs the sweepers and heartbeats while the app runs; then drains calls, deletes visitors' data and closes."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        mcp_session = mcp_server.run() if mcp_server else nullcontext()
        async with context.service.client, mcp_session, anyio.create_task_group() as tasks:
            tasks.start_soon(context.service.ledger.run_heartbeat)
            tasks.start_soon(context.service.failure_lab.ledger.run_heartbeat)
            tasks.start_soon(context.session_data.run_sweeper)
            tasks.start_soon(gradio_cleanup.run_sweeper)
            yield
            await context.service.single_flight.drain(MAX_DRAIN_S)  # for servers that do not call `before_stop`
            tasks.cancel_scope.cancel()
        context.evaluations.close()
        await context.session_data.delete_all()
        await gradio_cleanup.delete_expired(-1.0, -1.0)
        await context.service.failure_lab.close()
        await context.service.ledger.close()

    return lifespan


def build_middleware(
    settings: Settings, ledger: LazyLedger, upload_quota: UploadQuota, *, is_billable: bool, page_files: PageFiles
) -> list[Middleware]:
    """All middleware, outermost first. is_billable: calls may cost the owner money."""
    login = Middleware(
        LoginMiddleware, verify=build_password_check(settings.login), is_hf_space=settings.space,
        trusted_proxies=settings.trusted_proxies,
    )  # fmt: skip
    return [
        Middleware(SecurityHeadersMiddleware, is_hf_space=settings.space),
        Middleware(PrecompressedAssetsMiddleware),
        Middleware(HealthMiddleware, readiness=Readiness(build_readiness_checks(ledger, is_billable=is_billable))),
        Middleware(
            OriginCheckMiddleware, trusted_proxies=settings.trusted_proxies, is_hf_space=settings.space,
            allowed_hosts=(settings.host.lower(), *settings.allowed_hosts),
        ),
        Middleware(CORSMiddleware),  # allows no origin; without it, Gradio would add its own, which allows all
        *([login] if settings.login else []),
        Middleware(VisitorCookieMiddleware, ledger=ledger, is_hf_space=settings.space),
        Middleware(GZipMiddleware, minimum_size=2048, compresslevel=6),
        Middleware(UploadQuotaMiddleware, quota=upload_quota, trusted_proxies=settings.trusted_proxies),
        Middleware(PageHtmlMiddleware, files=page_files, has_login=bool(settings.login)),
    ]  # fmt: skip


def add_routes(app: FastAPI, context: Context, mcp_server: "McpServer | None") -> None:
    """Add every route except Gradio's."""
    app.include_router(files.build_router(context))
    app.include_router(displacement_map.build_router(context))
    app.include_router(evaluation_downloads.build_router(context))
    if context.settings.mirror:
        app.include_router(mirror.create_router(context))
    app.add_route(f"/{static_images.PATH}/{{name}}", static_images.serve_image)
    app.add_route(f"/{EXAMPLE_PATH}/{{screen}}/{{side}}.jpg", serve_example_result)
    app.add_route(f"/{reference.PATH}", reference.serve_reference)
    if mcp_server:
        for path in (f"/{assistants.PATH}", f"/{assistants.PATH}/"):
            app.add_route(path, mcp_server.http_app)  # type: ignore[arg-type]


def build_mount_options(settings: Settings, texts: PageTranslations, style: str) -> dict[str, Any]:
    """Options of `gr.mount_gradio_app`: theme, texts and login; features that the demo does not use are off.

    The style goes into the head: in its `css` option, Gradio would drop the media queries.
    """
    return {
        "theme": build_theme(), "head": f'<link rel="stylesheet" href="{style}">',
        "i18n": texts.build_i18n(), "footer_links": [],
        "favicon_path": str(ASSETS_DIR / "favicon.svg"), "show_error": False, "max_file_size": codec.MAX_BYTES,
        "root_path": settings.root_path,
        "ssr_mode": False, "run_history": False, "enable_monitoring": False, "pwa": False, "mcp_server": False,
        "auth": build_password_check(settings.login) if settings.login else None,
    }  # fmt: skip


def _is_paid(single_flight: SingleFlight, state: object) -> bool:
    """Whether the value of a gr.State, a panel's call id or a recipe's progress, names a paid call that is kept."""
    if isinstance(state, RecipeProgress):
        call_ids = (state.failed_call_id, *(finished.call_id for finished in state.step_results))
        return any(map(single_flight.has_call, call_ids))
    return isinstance(state, int) and single_flight.has_call(state)
