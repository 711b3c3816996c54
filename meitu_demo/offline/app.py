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

from ..endpoints import CATALOGUE
from ..links import no_cookies
from ..spec import Endpoint
from ..store import PictureStore
from . import ailab_gateway, meitu_gateway
from . import lab as failure_lab
from .engine import Engine

RESULT_LIFE_S = 600.0  # the vendor's document says 24 h; a demo has no reason to keep a face that long
BUSY_S = 5  # after which a caller who was turned away for load may come again
ONCE_LIFE_S = 60.0  # who fetches once, fetches at once; a caller that left meanwhile does not
Handler = Callable[[Request, Endpoint], Awaitable[Response]]
HANDLERS: dict[str, Handler] = {"meitu": meitu_gateway.handle, "ailab": ailab_gateway.handle}


def create_app(*, private_links: bool = False, lab: bool = False, fault: str = "", once: bool = False) -> Starlette:
    """The server as an ASGI app; it speaks for every provider at once and accepts any key that is not empty.

    private_links: photos given by URL may lie on private addresses, loopback included: for development only.
    lab: callers may tell the server to fail, see `faults`; also for development only. `fault`: how all calls
    fail that say nothing themselves. once: a linked result is forgotten when it has been fetched, or after a minute.
    """
    routes = [
        HttpRoute(endpoint.path, partial(_serve, endpoint=endpoint), methods=["POST"])
        for endpoint in CATALOGUE.values()
    ]
    app = Starlette(
        routes=[
            *routes,
            HttpRoute("/results/{token}.jpg", _result, methods=["GET"], name="result"),
            *([HttpRoute("/lab/charges", _charges, methods=["GET"])] if lab else []),
            HttpRoute("/{path:path}", _unknown_path, methods=["GET", "POST", "PUT", "DELETE"]),
        ],
        lifespan=_lifespan,
    )
    app.state.engine = Engine()
    app.state.results = PictureStore(ONCE_LIFE_S if once else RESULT_LIFE_S)
    app.state.private_links = private_links
    app.state.once = once
    app.state.lab, app.state.fault = lab, fault
    app.state.charges = Counter[str]()  # calls by endpoint that a vendor would have billed, where there is a lab
    timeout = httpx.Timeout(10.0, connect=5.0)
    app.state.http = httpx.AsyncClient(timeout=timeout, trust_env=False, cookies=no_cookies())
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with app.state.http:
        yield


async def _serve(request: Request, endpoint: Endpoint) -> Response:
    work = partial(_work, request, endpoint)
    return await (failure_lab.answer(request, endpoint, work) if request.app.state.lab else work())


async def _work(request: Request, endpoint: Endpoint) -> Response:
    response = await HANDLERS[endpoint.provider](request, endpoint)
    if response.status_code == 503:  # both vendors' status for "busy": the engine's line is full
        response.headers["retry-after"] = str(BUSY_S)
    return response


async def _result(request: Request) -> Response:
    state, token = request.app.state, request.path_params["token"]
    data = state.results.take(token) if state.once else state.results.get(token)
    if data is None:
        return Response("this link has expired", 404, media_type="text/plain")
    return Response(data, media_type="image/jpeg", headers={"cache-control": "no-store"})


async def _charges(request: Request) -> Response:
    return JSONResponse(request.app.state.charges)


async def _unknown_path(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        return ailab_gateway.failure("api_not_found")
    return meitu_gateway.failure("api_not_found")
