"""The app of the soak test in a separate process: `python soak_app.py KEEP_MINUTES` prints its port and serves.

Composed as in `app.py`, plus a vendor, retention of seconds, and a route that counts the entries in memory.
"""

import gc
import os
import signal
import sys
from dataclasses import replace
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")  # as app.py does

from fastapi.routing import APIRoute
from support.uvicorn_server import uvicorn_port

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.offline import app as offline
from meitu_demo.offline.failure_lab import ThreadedServer
from meitu_demo.runtime import memory
from meitu_demo.settings import Settings
from meitu_demo.ui import app as ui
from meitu_demo.ui.context import Context


def main(keep_minutes: float) -> None:
    """Serve until killed."""
    memory.limit_malloc_arenas()  # as app.py does
    offline.SINGLE_USE_RESULT_TTL_S = keep_minutes * 60
    vendor, results = ThreadedServer(), offline.create_app(single_use_links=True)
    keys = {"MEITU_API_KEY": "key", "MEITU_API_SECRET": "pair", "MEITU_BASE_URL": vendor.start()}
    settings = Settings.from_env({**keys, "DATA_DIR": os.environ["DATA_DIR"], "CALLS_PER_SECOND": "off"})
    settings = replace(settings, keep_minutes=keep_minutes)  # type: ignore[arg-type]  # the environment accepts whole minutes only
    parts: list[Any] = []
    build = ui.build_page

    def build_and_record(context: Context, *arguments: Any) -> Any:
        parts[:] = [context, build(context, *arguments)]
        return parts[1]

    ui.build_page = build_and_record
    app = ui.create_app(settings, create_http_client(settings, results))

    async def count_entries() -> dict[str, int]:
        context, blocks = parts
        gc.collect()
        return {
            "pictures": len(context.pictures._entries),
            "paid results": len(context.service.single_flight._calls),
            "running calls": len(context.service.single_flight._running),
            "runs": len(context.history._entries) + len(context.history._archive_tokens),
            "folders": len(context.session_data._folders_by_session),
            "links": len(results.state.results._entries) + len(vendor._app.state.results._entries),
            "turns": (context.service.engine_queue._running + context.service.engine_queue._pending).total(),
            "listed files": sum(map(len, blocks.temp_file_sets)),
            "sessions": len(blocks.state_holder.session_data),
            "messages": len(blocks._queue.pending_messages_per_session) + len(blocks._queue.pending_event_ids_session),
        }

    app.router.routes.insert(0, APIRoute("/entry-counts", count_entries))
    with uvicorn_port(app, log_level="critical", ws="auto") as port:
        print(port, flush=True)
        signal.pause()


if __name__ == "__main__":
    main(float(sys.argv[1]))
