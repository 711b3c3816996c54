"""The offline server's ASGI app: a route for each endpoint of the catalogue, and one for linked results."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as HttpRoute

from ..calls.http_client import create_blocking_cookie_jar
from ..domain.model import Endpoint
from ..endpoints import CATALOGUE
from ..runtime.picture_store import PictureStore
from ..vendors import VENDORS
from . import faults
from .ailab import marketplace_answer
from .dialects import DIALECTS, Dialect
from .effect_runner import OfflineEngine

MAX_QUOTED_PATH_CHARS = 200
RESULT_TTL_S = 600.0  # the vendors keep results for 24 h, which a demo does not need
RETRY_AFTER_S = 5  # for a caller that is refused for load
SINGLE_USE_RESULT_TTL_S = 60.0  # our client fetches a result at once


def create_app(
    *, private_links: bool = False, lab: bool = False, fault: str = "", single_use_links: bool = False
) -> Starlette:
    """One ASGI app for all vendors. It accepts any key that is not empty.

    private_links: photos given by URL may have private addresses, loopback included; for development only.
    lab: callers may make the server fail, see `faults`; for development only. fault: the default fault of calls that
    name none. single_use_links: a linked result is deleted once it has been fetched, or after a minute.
    """
    routes = [
        HttpRoute(path, partial(_serve_endpoint, endpoint=endpoint), methods=["POST"])
        for endpoint in CATALOGUE.values()
        for path in filter(None, (endpoint.path, endpoint.marketplace_path))
    ]
    for route in routes:  # the vendors' gateways do not mind capital letters
        route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE)
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
    app.state.charges = Counter[str]()  # calls by endpoint that a vendor would have billed; only with `lab`
    timeout = httpx.Timeout(10.0, connect=5.0)
    app.state.http = httpx.AsyncClient(timeout=timeout, trust_env=False, cookies=create_blocking_cookie_jar())
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with app.state.http:
        yield


async def _serve_endpoint(request: Request, endpoint: Endpoint) -> Response:
    handle_call = partial(_handle_call, request, endpoint)
    return await (faults.answer_with_fault(request, endpoint, handle_call) if request.app.state.lab else handle_call())


async def _handle_call(request: Request, endpoint: Endpoint) -> Response:
    response = await DIALECTS[endpoint.vendor_id].handle(request, endpoint)
    if response.status_code == 503:  # the vendors' status for an engine queue that is full
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
    if "x-rapidapi-key" in request.headers:
        return marketplace_answer(f"Endpoint '{request.url.path[:MAX_QUOTED_PATH_CHARS]}' does not exist", 404)
    return _guess_dialect(request).failure_answer("api_not_found")


def _guess_dialect(request: Request) -> Dialect:
    """The dialect whose key is in the headers, or that has an endpoint with the same first path segment; else the
    first.
    """
    by_key = (
        DIALECTS[vendor.id]
        for vendor in VENDORS.values()
        if any(key.is_header and key.name in request.headers for key in vendor.keys)
    )
    path = request.url.path.lower()
    by_path = (
        DIALECTS[endpoint.vendor_id]
        for endpoint in CATALOGUE.values()
        for known in filter(None, (endpoint.path, endpoint.marketplace_path))
        if path.startswith(f"/{known.lower().split('/')[1]}/")
    )
    return next(chain(by_key, by_path, DIALECTS.values()))
