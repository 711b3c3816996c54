"""A whole call without ledger, circuit breaker and retry budget."""

from collections.abc import Callable
from typing import Any

import httpx
from pydantic import SecretStr

from meitu_demo.calls.pipeline import CallResult, Phase, ProgressCallback, fetch_result, no_progress, prepare, send
from meitu_demo.domain.model import CallTarget, Credentials, Endpoint, Values
from meitu_demo.endpoints import CATALOGUE

KEYS = Credentials(SecretStr("canary-key"), SecretStr("canary-secret"))
LIVE = CallTarget("meitu", "https://openapi.mtlab.meitu.com", KEYS, is_billable=True)
LIVE_AILAB = CallTarget("ailab", "https://www.ailabapi.com", KEYS, is_billable=True)
RESTORE, RESHAPE = CATALOGUE["quality_restoration"], CATALOGUE["facial_aesthetics"]
Handler = Callable[[httpx.Request], Any]


async def run_unbilled(
    client: httpx.AsyncClient,
    target: CallTarget,
    endpoint: Endpoint,
    source: bytes,
    values: Values,
    *,
    on_progress: ProgressCallback = no_progress,
) -> CallResult:
    """`pipeline.prepare`, `send` and `fetch_result` in a row. Raises what these raise."""
    on_progress(Phase.PREPARE, 0.0)
    prepared = await prepare(endpoint, source, values)
    reply = await send(client, target, prepared, on_progress=on_progress)
    return await fetch_result(client, target, prepared, reply, on_progress=on_progress)


async def run_answered(
    handler: Handler, source: bytes, target: CallTarget = LIVE, endpoint: Endpoint | None = None, **options: Any
) -> CallResult:
    """The same, answered by `handler`. endpoint: by default RESTORE of Meitu, RESHAPE of AILabTools."""
    endpoint = endpoint or (RESTORE if target.vendor_id == "meitu" else RESHAPE)
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        return await run_unbilled(client, target, endpoint, source, {}, **options)
