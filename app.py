"""Starts the demo: settings → offline server and client → screens → serve. The only place that composes."""

import logging
import os
import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 12):
    sys.exit("This demo runs on Python 3.11 and 3.12: mediapipe, which finds the faces, has no wheel for others.")

# Gradio sums up its statistics with pandas after every event, for a monitoring page that is off here.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

import uvicorn

from meitu_demo import outlets, tables, templates
from meitu_demo.offline import create_app as create_offline
from meitu_demo.routes import Routes
from meitu_demo.settings import Settings
from meitu_demo.till import Till
from meitu_demo.transport import make_client
from meitu_demo.ui import assistants
from meitu_demo.ui.app import create_app


def main() -> int:
    """Serve until stopped; 2 when a setting is wrong."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    outlets.install()
    try:
        settings = Settings.from_env()
        if settings.templates_dir:
            templates.load_folder(settings.templates_dir)
        if settings.mcp:
            assistants.require_package()
    except ValueError as error:
        print(f"These settings need a look: {error}", file=sys.stderr)  # noqa: T201
        return 2
    logging.getLogger().setLevel(settings.log_level)
    tables.check()
    till = Till(settings)
    try:
        if Routes(settings).any_live():
            till.open_now()
    except (OSError, ValueError) as error:
        print(f"Paid calls cannot be written down: {error}", file=sys.stderr)  # noqa: T201
        return 2
    app = create_app(settings, make_client(settings, create_offline(once=True)), till)
    print(f"Open http://{settings.host}:{settings.port}", flush=True)  # noqa: T201
    # proxy_headers: who stands before the demo is said by TRUSTED_PROXIES alone.
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_level="warning", log_config=None, access_log=False,
        timeout_graceful_shutdown=5, proxy_headers=False, server_header=False,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
