"""The app for the soak, in a process of its own: python soak_app.py KEEP_MINUTES. Tells its port, then serves.

As `app.py` makes it, with a vendor alongside to call, photos kept for seconds, and a route that tells what is held.
"""

import gc
import os
import sys
import threading
from dataclasses import replace
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")  # as app.py does

import uvicorn
from fastapi.routing import APIRoute

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
    keys = {"MEITU_API_KEY": "key", "MEITU_API_SECRET": "secret", "MEITU_BASE_URL": vendor.start()}
    settings = Settings.from_env({**keys, "DATA_DIR": os.environ["DATA_DIR"], "CALLS_PER_SECOND": "off"})
    settings = replace(settings, keep_minutes=keep_minutes)  # type: ignore[arg-type]  # the environment takes whole ones
    parts: list[Any] = []
    build = ui.build_page

    def noting(context: Context, *given: Any) -> Any:
        parts[:] = [context, build(context, *given)]
        return parts[1]

    ui.build_page = noting
    app = ui.create_app(settings, create_http_client(settings, results))

    async def held() -> dict[str, int]:
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

    app.router.routes.insert(0, APIRoute("/held", held))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    threading.Thread(target=_tell_port, args=[server], daemon=True).start()
    server.run()


def _tell_port(server: uvicorn.Server) -> None:
    while not server.started:
        threading.Event().wait(0.02)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
