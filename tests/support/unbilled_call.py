"""A whole call without ledger, circuit breaker and retry budget."""

import httpx

from meitu_demo.calls.pipeline import CallResult, Phase, ProgressCallback, fetch_result, no_progress, prepare, send
from meitu_demo.domain.model import CallTarget, Endpoint, Values


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
