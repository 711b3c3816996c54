"""``python -m meitu_demo.offline --host 127.0.0.1 --port 8700``: the vendor-compatible server on its own.

The curl lines of the vendors' documents work with only the host changed; any key that is not empty is taken.
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

import uvicorn

from ..engine import face_templates
from ..redaction import log_filter
from .app import create_app
from .connection import ConnectionProtocol
from .faults import CODE_PREFIX, FAULTS


def main() -> int:
    """Serve until stopped; returns the exit code: 2, with one line on stderr, for a bad folder of templates."""
    parser = argparse.ArgumentParser(prog="python -m meitu_demo.offline", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument(
        "--private-links", action="store_true", help="also fetch photos given by URL from private addresses"
    )
    parser.add_argument("--templates", type=Path, help="a folder of pictures of your own as templates")
    parser.add_argument("--lab", action="store_true", help="do what a call's header x-fault says: for development only")
    parser.add_argument(
        "--fault", default="", type=_parse_fault, help=f"fail so at all calls: {', '.join(FAULTS)}, {CODE_PREFIX}CODE"
    )
    arguments = parser.parse_args()
    if arguments.templates:
        try:
            face_templates.load_owner_templates(arguments.templates)
        except OSError as error:
            message = f"--templates {arguments.templates}: the folder cannot be read ({error.strerror})"
            print(message, file=sys.stderr)  # noqa: T201
            return 2
        except ValueError as error:
            print(f"--templates {arguments.templates}: {error}", file=sys.stderr)  # noqa: T201
            return 2
    lab = bool(arguments.lab or arguments.fault)
    server = create_app(private_links=arguments.private_links, lab=lab, fault=arguments.fault)
    http: Any = ConnectionProtocol if lab else "auto"
    logging.basicConfig(format="%(levelname)s: %(message)s")
    log_filter.install_redaction()
    # No access log: its paths contain callers' keys, which redaction does not know here.
    uvicorn.run(
        server, host=arguments.host, port=arguments.port, log_level="info", log_config=None, access_log=False, http=http
    )
    return 0


def _parse_fault(name: str) -> str:
    if name and name not in FAULTS and not name.startswith(CODE_PREFIX):
        raise argparse.ArgumentTypeError(f"no fault {name!r}")
    return name


if __name__ == "__main__":
    sys.exit(main())
