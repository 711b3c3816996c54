"""Starts the demo: settings → port → ledger → HTTP client and offline server → web app → serve.

Only this module composes the parts of the app.
"""

import logging
import os
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

if not (3, 11) <= sys.version_info[:2] <= (3, 12):
    sys.exit("This demo runs on Python 3.11 and 3.12: mediapipe, which finds the faces, has no wheel for others.")

# Gradio computes statistics with pandas after every event, for a monitoring page that is off here.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

from meitu_demo.redaction import log_filter
from meitu_demo.runtime import http_server, log_format, memory
from meitu_demo.runtime.instance_folder import InstanceFolder, delete_abandoned_folders
from meitu_demo.settings import Settings, SettingsError, hide_network_settings, warnings

log = logging.getLogger("app")


def main() -> int:
    """Serve until stopped; returns the exit code: 2, with one line on stderr, for wrong settings.

    Most wrong settings are reported before any slow import.
    """
    logging.basicConfig(format=log_format.TEXT_FORMAT)
    memory.limit_malloc_arenas()
    memory.pause_gc()
    log_filter.install_redaction()
    try:
        settings = Settings.from_env()
        hide_network_settings(settings.network)
        log_format.configure_logging(settings.log_format, settings.log_level)
        listener = http_server.bind_socket(settings.host, settings.port)
        server = create_server(settings)
    except SettingsError as error:
        print(f"These settings need a look: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for warning in warnings(settings):
        log.warning("%s", warning)
    host, port = listener.getsockname()[:2]
    print(f"Open http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)  # noqa: T201
    memory.freeze_gc()
    run_server(server, listener)
    return 0


def run_server(server: http_server.GracefulServer, listener: socket.socket) -> None:
    """Serve until stopped. Meanwhile a thread draws the first screen's pictures, so that no visitor waits for them."""
    from meitu_demo.ui.panel.examples import draw_first_screen

    stop = threading.Event()
    drawing = threading.Thread(target=draw_first_screen, args=(stop,), name="first-screen")
    drawing.start()
    try:
        with suppress(KeyboardInterrupt):  # raised again by uvicorn when all has been shut down
            server.run([listener])
    finally:
        stop.set()
        drawing.join()  # it submits to thread pools, which Python closes before it waits for threads


def create_server(settings: Settings) -> http_server.GracefulServer:
    """Load and compose everything. Raises SettingsError."""
    from meitu_demo.calls.targets import TargetResolver
    from meitu_demo.ledger.lazy import LazyLedger

    ledger = LazyLedger(settings)
    if TargetResolver(settings).is_any_live():
        ledger.verify_at_startup()

    if settings.mcp:
        from meitu_demo.ui import assistants

        assistants.check_mcp_package()

    folder = create_upload_folder(settings)
    from meitu_demo.calls.http_client import create_http_client
    from meitu_demo.domain import vendor_codes
    from meitu_demo.engine import face_templates
    from meitu_demo.offline import create_app as create_offline
    from meitu_demo.recordings import create_replay_app
    from meitu_demo.ui.app import create_app

    if settings.templates_dir:
        try:
            face_templates.load_owner_templates(settings.templates_dir)
        except ValueError as error:
            raise SettingsError(f"TEMPLATES_DIR: {error}") from None
    vendor_codes.check_tables()
    replay_app = create_replay_app(settings.recordings) if settings.recordings else None
    client = create_http_client(settings, create_offline(single_use_links=True), replay_app)
    app = create_app(settings, client, ledger)
    behind_proxy = settings.space or bool(settings.trusted_proxies)
    return http_server.GracefulServer(
        app, app.state.before_stop, behind_proxy=behind_proxy, trusted_proxies=settings.trusted_proxies,
        after_shutdown=folder.delete, holds_work=app.state.gradio.state.event_streams.has_running_event,
    )  # fmt: skip


def create_upload_folder(settings: Settings) -> InstanceFolder:
    """A folder of this instance's own, where Gradio is told to keep uploads. Raises SettingsError."""
    parent = Path(settings.temp_dir or tempfile.gettempdir())
    delete_abandoned_folders(parent)
    folder = InstanceFolder(parent)
    os.environ["GRADIO_TEMP_DIR"] = str(folder.path)  # Gradio reads it when it is imported
    return folder


if __name__ == "__main__":
    sys.exit(main())
