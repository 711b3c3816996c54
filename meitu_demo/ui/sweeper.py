"""Deletes what has expired, at regular intervals."""

import logging
from collections.abc import Awaitable, Callable

import anyio

from ..redaction.secrets import format_stack_trace

SWEEPS_PER_TTL = 30
log = logging.getLogger(__name__)


async def sweep_regularly(sweep: Callable[[], Awaitable[None]], ttl_s: float) -> None:
    """Call `sweep` thirty times within `ttl_s`, for as long as the app runs.

    A sweep that fails is logged. Its error would end the app's other background tasks and close its HTTP client.
    """
    while True:
        await anyio.sleep(ttl_s / SWEEPS_PER_TTL)
        try:
            await sweep()
        except Exception as error:
            log.error("a sweep failed; the next one tries again\n%s", format_stack_trace(error))
