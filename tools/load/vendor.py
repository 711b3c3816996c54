"""``python -m tools.load.vendor --port N --seconds S``: Meitu's restoration as a vendor that takes its time and counts.

It hands the photo back as it came after S seconds, and does no work: what is measured is the demo, not the vendor.
GET /charges tells how many calls it would have billed, and how many came twice.
"""

import argparse
import asyncio
from collections import Counter

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def create_app(delay_s: float) -> Starlette:
    """The vendor, whose `state.seconds` may be changed.

    A photo that comes twice counts as a duplicate: visitors are to bring one of their own each time.
    """
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


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    uvicorn.run(
        create_app(arguments.seconds),
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
    )  # as vendors have it, longer than any client


if __name__ == "__main__":
    main()
