"""The offline server's routes: one for each endpoint of the catalogue, and the links that its answers hold."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as HttpRoute

from ..calls.download import create_blocking_cookie_jar
from ..domain.model import Endpoint
from ..endpoints import CATALOGUE
from ..runtime.picture_store import PictureStore
from . import ailab, meitu
from . import fault_handlers as failure_lab
from .effect_runner import OfflineEngine

RESULT_TTL_S = 600.0  # the vendor's document says 24 h; a demo has no reason to keep a face that long
RETRY_AFTER_S = 5  # after which a caller who was turned away for load may come again
SINGLE_USE_RESULT_TTL_S = 60.0  # who fetches once, fetches at once; a caller that left meanwhile does not
Handler = Callable[[Request, Endpoint], Awaitable[Response]]
DIALECT_HANDLERS: dict[str, Handler] = {"meitu": meitu.handle, "ailab": ailab.handle}


def create_app(
    *, private_links: bool = False, lab: bool = False, fault: str = "", single_use_links: bool = False
) -> Starlette:
    """The server as an ASGI app; it speaks for every provider at once and accepts any key that is not empty.

    private_links: photos given by URL may lie on private addresses, loopback included: for development only.
    lab: callers may tell the server to fail, see `faults`; also for development only. `fault`: how all calls
    fail that say nothing themselves. once: a linked result is forgotten when it has been fetched, or after a minute.
    """
    routes = [
        HttpRoute(endpoint.path, partial(_serve_endpoint, endpoint=endpoint), methods=["POST"])
        for endpoint in CATALOGUE.values()
    ]
    app = Starlette(
        routes=[
            *routes,
            HttpRoute("/results/{token}.jpg", _serve_result, methods=["GET"], name="result"),
            *([HttpRoute("/lab/charges", _serve_charges, methods=["GET"])] if lab else []),
            HttpRoute("/{path:path}", _serve_unknown_path, methods=["GET", "POST", "PUT", "DELETE"]),
        ],
        lifespan=_lifespan,
    )
    app.state.engine = OfflineEngine()
    app.state.results = PictureStore(SINGLE_USE_RESULT_TTL_S if single_use_links else RESULT_TTL_S)
    app.state.private_links = private_links
    app.state.once = single_use_links
    app.state.lab, app.state.fault = lab, fault
    app.state.charges = Counter[str]()  # calls by endpoint that a vendor would have billed, where there is a lab
    timeout = httpx.Timeout(10.0, connect=5.0)
    app.state.http = httpx.AsyncClient(timeout=timeout, trust_env=False, cookies=create_blocking_cookie_jar())
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with app.state.http:
        yield


async def _serve_endpoint(request: Request, endpoint: Endpoint) -> Response:
    handle_call = partial(_handle_call, request, endpoint)
    return await (
        failure_lab.answer_with_fault(request, endpoint, handle_call) if request.app.state.lab else handle_call()
    )


async def _handle_call(request: Request, endpoint: Endpoint) -> Response:
    response = await DIALECT_HANDLERS[endpoint.provider](request, endpoint)
    if response.status_code == 503:  # both vendors' status for "busy": the engine's line is full
        response.headers["retry-after"] = str(RETRY_AFTER_S)
    return response


async def _serve_result(request: Request) -> Response:
    state, token = request.app.state, request.path_params["token"]
    data = state.results.pop(token) if state.once else state.results.get(token)
    if data is None:
        return Response("this link has expired", 404, media_type="text/plain")
    return Response(data, media_type="image/jpeg", headers={"cache-control": "no-store"})


async def _serve_charges(request: Request) -> Response:
    return JSONResponse(request.app.state.charges)


async def _serve_unknown_path(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        return ailab.failure_answer("api_not_found")
    return meitu.failure_answer("api_not_found")
