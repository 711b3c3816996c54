"""The offline server's routes: one for each endpoint of the catalogue, and the links that its answers hold."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from ..endpoints import CATALOGUE
from ..spec import Endpoint
from ..store import PictureStore
from . import ailab_gateway, meitu_gateway
from .engine import Engine

RESULT_LIFE_S = 600.0  # the vendor's document says 24 h; a demo has no reason to keep a face that long
Handler = Callable[[Request, Endpoint], Awaitable[Response]]
HANDLERS: dict[str, Handler] = {"meitu": meitu_gateway.handle, "ailab": ailab_gateway.handle}


def create_app(*, private_links: bool = False) -> Starlette:
    """The server as an ASGI app; it speaks for every provider at once and accepts any key that is not empty.

    private_links: photos given by URL may lie on private addresses, loopback included: for development only.
    """
    routes = [
        HttpRoute(endpoint.path, partial(_serve, endpoint=endpoint), methods=["POST"])
        for endpoint in CATALOGUE.values()
    ]
    app = Starlette(
        routes=[
            *routes,
            HttpRoute("/results/{token}.jpg", _result, methods=["GET"], name="result"),
            HttpRoute("/{path:path}", _unknown_path, methods=["GET", "POST", "PUT", "DELETE"]),
        ],
        lifespan=_lifespan,
    )
    app.state.engine = Engine()
    app.state.results = PictureStore(RESULT_LIFE_S)
    app.state.private_links = private_links
    app.state.http = httpx.AsyncClient(timeout=httpx.Timeout(10.0, connect=5.0), trust_env=False)
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with app.state.http:
        yield


async def _serve(request: Request, endpoint: Endpoint) -> Response:
    return await HANDLERS[endpoint.provider](request, endpoint)


async def _result(request: Request) -> Response:
    data = request.app.state.results.get(request.path_params["token"])
    if data is None:
        return Response("this link has expired", 404, media_type="text/plain")
    return Response(data, media_type="image/jpeg", headers={"cache-control": "no-store"})


async def _unknown_path(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        return ailab_gateway.failure("api_not_found")
    return meitu_gateway.failure("api_not_found")
