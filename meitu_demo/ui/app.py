"""Composes the screens into one web app: page, API, kept pictures, and the client's lifetime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import gradio as gr
import httpx
from fastapi import FastAPI
from gradio.utils import get_upload_folder
from starlette.middleware.cors import CORSMiddleware

from ..desk import Desk
from ..endpoints import CATALOGUE
from ..fair import Turns
from ..imaging import codec
from ..offline.engine import WORKERS
from ..routes import Routes
from ..settings import OFFLINE_PLACES, Settings
from ..store import PictureStore
from ..till import Till
from . import api, stills
from .context import Context, Lines
from .events import PRIVATE
from .guard import doors, entrances, uploads
from .guard.belongings import Belongings
from .guard.headers import SecurityHeaders
from .guard.health import Health, Readiness, parts
from .guard.leftovers import Leftovers
from .guard.login import LoginDoor, checker, login_message
from .guard.origins import Origins, is_loopback
from .guard.visitors import VisitorCookie
from .header import header
from .history.entries import History
from .panel import controls, one_photo, panel
from .panel.one_photo import Shown
from .reference import page as reference
from .result import files
from .screens import forget, history, keys, lab, verify
from .screens.rehearsal import Rehearsal
from .texts import Texts
from .theme import theme

ASSETS = Path(__file__).resolve().parents[2] / "assets"
LAST_CALLS_S = 5.0  # how long a stop waits for calls in flight
DELIVERY_S = 1.0  # and for their results to be drawn and to reach their pages


def build(context: Context, settings: Settings, texts: Texts) -> gr.Blocks:
    """The page: header, a tab for each endpoint, and the API beside it."""
    picks = controls.TemplatePicks.collect(settings.meitu_template_ids)
    panels: list[Shown] = []
    blocks: gr.Blocks
    with gr.Blocks(title="Portrait APIs", analytics_enabled=False, fill_width=True) as blocks:
        tab = gr.Textbox(visible=False, elem_id="tab-name")
        own = gr.State(None, time_to_live=settings.keep_minutes * 60)
        masthead = gr.HTML(
            texts.render("header", lambda language: header(context.routes, language)),
            elem_id="masthead", elem_classes="bare", apply_default_css=False,
        )  # fmt: skip
        with gr.Tabs(elem_id="panels", overflow_behavior="wrap"):
            for endpoint in CATALOGUE.values():
                word, element = texts.word(f"panels.{endpoint.id}.tab"), f"{endpoint.slug}-tab"
                with gr.Tab(word, id=endpoint.id, elem_id=element) as opened:
                    panels.append(panel.build(context, endpoint, texts, picks, [tab, own], opened))
            if settings.failure_lab:
                with gr.Tab(texts.word("panels.failure_lab.tab"), id="failure_lab", elem_id="failure-lab-tab"):
                    panels.append(lab.build(context, context.rehearsal, texts, [tab, own]))
            with gr.Tab(texts.word("panels.verify.tab"), id="verify", elem_id="verify-tab"):
                panels.append(verify.build(context, texts, [tab, own]))
            with gr.Tab(texts.word("panels.history.tab"), id="history", elem_id="history-tab") as opened:
                refresh = history.build(context, texts, [tab, own], panels, opened)
        one_photo.share([shown for shown in panels if shown.name != "verify"])
        if settings.mode != "offline":
            keys.build(context, texts, own, masthead)
        refresh(forget.build(context, texts, [tab, own], masthead, panels))
        for endpoint in CATALOGUE.values():
            api.expose(context, endpoint)
        blocks.load(None, None, tab, js="() => window.tabName()", **PRIVATE)
    return blocks


def head() -> str:
    """assets/css and assets/js for the page's head: as `css`, Gradio would scope the media queries away."""
    styles, scripts = (sorted((ASSETS / kind).glob(f"*.{kind}")) for kind in ("css", "js"))
    style = "".join(f"<style>{path.read_text('utf-8')}</style>" for path in styles)
    return style + "".join(f"<script>{path.read_text('utf-8')}</script>" for path in scripts)


def create_app(settings: Settings, client: httpx.AsyncClient, till: Till | None = None) -> FastAPI:
    """The web app around `client` and `till`, which it closes when it stops. Raises SettingsError."""
    till = till or Till(settings)
    kept, folder = settings.keep_minutes * 60.0, Path(get_upload_folder())
    uploads.require_room(folder)
    pictures, desk, runs = PictureStore(kept), Desk(kept), History(kept)
    mine = Belongings(folder, pictures, desk, runs, kept * 5 / 6)
    mine.clear_leftovers()
    lines, rehearsal = Lines(breaker=settings.breaker), Rehearsal(settings)
    turns = Turns(WORKERS, settings.offline_each, OFFLINE_PLACES)
    context = Context(
        client, Routes(settings), pictures, folder, till, desk, lines, rehearsal, mine, turns, settings, runs
    )  # fmt: skip
    texts = Texts()
    uploads.keep_apart()
    blocks = build(context, settings, texts)
    blocks.queue(default_concurrency_limit=None)
    leftovers = Leftovers(blocks, folder, kept * 5 / 6, kept)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with client, anyio.create_task_group() as tasks:
            tasks.start_soon(till.tend)
            tasks.start_soon(rehearsal.till.tend)
            tasks.start_soon(mine.tend)
            tasks.start_soon(leftovers.tend)
            yield
            await desk.finish(LAST_CALLS_S)  # where the server has not asked for it before
            tasks.cancel_scope.cancel()
        await mine.delete_all()
        await leftovers.sweep(-1.0, -1.0)
        await rehearsal.close()
        await till.close()

    async def before_stop() -> None:
        if await desk.finish(LAST_CALLS_S):
            await anyio.sleep(DELIVERY_S)
        app.state.gradio.stop_event.set()  # each open page holds a stream that would not end by itself

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    # From the innermost to the outermost.
    app.add_middleware(VisitorCookie, till=till)
    if settings.login:
        app.add_middleware(
            LoginDoor, gradio=lambda: app.state.gradio, space=settings.space, proxies=settings.trusted_proxies
        )
    app.add_middleware(CORSMiddleware)  # allows nobody; without one, Gradio would add its own, which is generous
    app.add_middleware(
        Origins, proxies=settings.trusted_proxies, space=settings.space, loopback=is_loopback(settings.host)
    )
    app.add_middleware(Health, readiness=Readiness(parts(till, paid=context.routes.any_live())))
    app.add_middleware(SecurityHeaders, space=settings.space)

    app.include_router(files.router(context))

    app.add_route(f"/{stills.PATH}/{{name}}", stills.serve)
    app.add_route(f"/{reference.PATH}", reference.serve)
    gr.mount_gradio_app(
        app, blocks, path="/", theme=theme(), head=head(), i18n=texts.table(), footer_links=[],
        favicon_path=str(ASSETS / "favicon.svg"), show_error=False, max_file_size=codec.MAX_BYTES, ssr_mode=False,
        run_history=False, enable_monitoring=False, pwa=False, mcp_server=False,
        auth=checker(settings.login) if settings.login else None, auth_message=login_message(),
    )  # fmt: skip
    app.state.gradio = entrances.narrow(app, context.uploads)
    app.state.before_stop = before_stop
    doors.guard(blocks)
    return app
