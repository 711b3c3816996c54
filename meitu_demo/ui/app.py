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

from ..desk import SingleFlight
from ..fair import FairQueue
from ..imaging import codec
from ..offline.engine import MAX_CONCURRENT
from ..routes import TargetResolver
from ..settings import MAX_OFFLINE_RUNS, Settings
from ..store import PictureStore
from ..till import LazyLedger
from . import assistants, signatures, stills
from .context import Context, Lines
from .events import look_less_often
from .frontend import Frontend
from .guard import doors, entrances, uploads
from .guard.belongings import Belongings
from .guard.headers import SecurityHeaders
from .guard.health import Health, Readiness, parts
from .guard.leftovers import Leftovers
from .guard.login import LoginDoor, checker, login_message
from .guard.origins import Origins, is_loopback
from .guard.visitors import VisitorCookie
from .history.entries import History
from .mirror import frames
from .page import ASSETS, build, head
from .reference import page as reference
from .result import files, moved
from .screens.rehearsal import Rehearsal
from .texts import Texts
from .theme import theme

if TYPE_CHECKING:
    from .assistants.server import Assistants

LAST_CALLS_S = 5.0  # how long a stop waits for calls in flight
DELIVERY_S = 1.0  # and for their results to be drawn and to reach their pages


def create_app(settings: Settings, client: httpx.AsyncClient, till: LazyLedger | None = None) -> FastAPI:
    """The web app around `client` and `till`, which it closes when it stops. Raises SettingsError."""
    till = till or LazyLedger(settings)
    kept, folder = settings.keep_minutes * 60.0, Path(get_upload_folder())
    uploads.require_room(folder)
    pictures, desk, runs = PictureStore(kept), SingleFlight(kept), History(kept)
    mine = Belongings(folder, pictures, desk, runs, kept * 5 / 6)
    mine.clear_leftovers()
    lines, rehearsal = Lines(breaker=settings.breaker), Rehearsal(settings)
    turns = FairQueue(MAX_CONCURRENT, settings.offline_each, MAX_OFFLINE_RUNS)
    context = Context(
        client, TargetResolver(settings), pictures, folder, till, desk, lines, rehearsal, mine, turns, settings, runs
    )  # fmt: skip
    texts = Texts()
    uploads.keep_apart()
    blocks = build(context, settings, texts)
    signatures.remember(blocks)
    blocks.queue(default_concurrency_limit=None)
    helpers = _assistants(context) if settings.mcp else None
    leftovers = Leftovers(blocks, folder, kept * 5 / 6, kept)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        serving = helpers.running() if helpers else nullcontext()
        async with client, serving, anyio.create_task_group() as tasks:
            tasks.start_soon(till.run_heartbeat)
            tasks.start_soon(rehearsal.till.run_heartbeat)
            tasks.start_soon(mine.tend)
            tasks.start_soon(leftovers.tend)
            yield
            await desk.drain(LAST_CALLS_S)  # where the server has not asked for it before
            tasks.cancel_scope.cancel()
        await mine.delete_all()
        await leftovers.sweep(-1.0, -1.0)
        await rehearsal.close()
        await till.close()

    async def before_stop() -> None:
        if await desk.drain(LAST_CALLS_S):
            await anyio.sleep(DELIVERY_S)
        app.state.gradio.stop_event.set()  # each open page holds a stream that would not end by itself

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    # From the innermost to the outermost.
    app.add_middleware(GZipMiddleware, minimum_size=2048, compresslevel=6)  # half a megabyte of page on a bad line
    app.add_middleware(VisitorCookie, till=till, space=settings.space)
    if settings.login:
        app.add_middleware(
            LoginDoor, gradio=lambda: app.state.gradio, fits=checker(settings.login), space=settings.space,
            proxies=settings.trusted_proxies,
        )  # fmt: skip
    app.add_middleware(CORSMiddleware)  # allows nobody; without one, Gradio would add its own, which is generous
    app.add_middleware(
        Origins, proxies=settings.trusted_proxies, space=settings.space, loopback=is_loopback(settings.host)
    )
    app.add_middleware(Health, readiness=Readiness(parts(till, paid=context.routes.is_any_live())))
    app.add_middleware(Frontend)
    app.add_middleware(SecurityHeaders, space=settings.space)

    app.include_router(files.router(context))
    app.include_router(moved.router(context))
    if settings.mirror:
        app.include_router(frames.router(context))

    app.add_route(f"/{stills.PATH}/{{name}}", stills.serve)
    app.add_route(f"/{reference.PATH}", reference.serve)
    if helpers:
        app.add_route(f"/{assistants.PATH}", helpers.entrance)  # type: ignore[arg-type]
    gr.mount_gradio_app(
        app, blocks, path="/", theme=theme(), head=head(), i18n=texts.table(), footer_links=[],
        favicon_path=str(ASSETS / "favicon.svg"), show_error=False, max_file_size=codec.MAX_BYTES, ssr_mode=False,
        run_history=False, enable_monitoring=False, pwa=False, mcp_server=False,
        auth=checker(settings.login) if settings.login else None, auth_message=login_message(),
    )  # fmt: skip
    app.state.gradio = entrances.narrow(app, context.uploads)
    app.state.before_stop = before_stop
    doors.guard(blocks)
    look_less_often(blocks)
    return app


def _assistants(context: Context) -> "Assistants":
    """MCP's library comes with an extra, and takes its time to load."""
    from .assistants.server import Assistants

    return Assistants(context)
