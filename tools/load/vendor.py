"""``python -m tools.load.vendor --port N --seconds S``: a slow vendor with Meitu's restoration API.

It returns the photo unchanged after S seconds, so that the app is measured and not the vendor. GET /charges returns
how many calls it would have billed, and how many of them were duplicates.
"""

import argparse
import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..servers import find_free_port, wait_until_ready


def create_app(delay_s: float) -> Starlette:
    """The vendor's app. Its `state.seconds` may be changed. A photo that was sent before counts as a duplicate."""
    photo_counts: Counter[str] = Counter()

    async def restore(request: Request) -> Response:
        photo = (await request.json())["media_info_list"][0]["media_data"]
        photo_counts[photo] += 1
        await asyncio.sleep(request.app.state.seconds)
        answer = {"media_info_list": [{"media_data": photo, "media_profiles": {"media_data_type": "jpg"}}]}
        return JSONResponse({**answer, "ErrorCode": 0, "ErrorMsg": "", "request_id": f"load-{photo_counts.total()}"})

    async def charges(request: Request) -> Response:
        return JSONResponse({"calls": photo_counts.total(), "duplicates": photo_counts.total() - len(photo_counts)})

    app = Starlette(routes=[Route("/v1/aiquality", restore, methods=["POST"]), Route("/charges", charges)])
    app.state.seconds = delay_s
    return app


@contextmanager
def run_vendor(delay_s: float) -> Iterator[str]:
    """The vendor in a subprocess; yields its address."""
    port = find_free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.load.vendor", "--port", str(port), "--seconds", str(delay_s)]
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/charges", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    app = create_app(arguments.seconds)
    # Keeps connections alive longer than any client does, like real vendors.
    uvicorn.run(app, port=arguments.port, log_level="warning", access_log=False, timeout_keep_alive=75)


if __name__ == "__main__":
    main()
