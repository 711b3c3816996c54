"""AILabTools' dialect, server side: as the vendor's facial-aesthetics page describes it, for both editions' keys."""

import logging
import uuid
from collections.abc import AsyncGenerator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..errors import ImageRejected, Refusal, ValueRejected
from ..spec import Endpoint
from ..tables import VendorCode, answer
from .bodies import details, read_body

PROVIDER = "ailab"
FORM_OVERHEAD = 64 * 1024  # bytes of boundaries and text parts around the file
log = logging.getLogger(__name__)


class _Missing(Exception):
    """A required part of the form is not there."""


async def handle(request: Request, endpoint: Endpoint) -> Response:
    """Answer one call; every cause of failure has the vendor's own code."""
    headers = request.headers
    if not (headers.get("ailabapi-api-key") or (headers.get("x-rapidapi-key") and headers.get("x-rapidapi-host"))):
        return failure("key_refused")
    try:
        body = await read_body(request, endpoint.limits.max_bytes + FORM_OVERHEAD)
        data, fields = await _read_form(request, body)
        missing = [control.wire for control in endpoint.controls if not fields.get(control.wire, "").strip()]
        if missing:
            raise _Missing
        values = {control.name: fields[control.wire] for control in endpoint.controls}
        picture = await request.app.state.engine.run(endpoint, data, values)
    except _Missing:
        return failure("parameter_missing")
    except MultiPartException:
        return failure("request_malformed")
    except (Refusal, ImageRejected, ValueRejected) as error:
        return failure(error.slug, details(error))
    except Exception:
        log.exception("%s failed", endpoint.id)
        return failure("processing_failed")
    link = str(request.url_for("result", token=request.app.state.results.put(picture)))
    return JSONResponse(_envelope(data={"image_url": link}))


def failure(slug: str, detail: str = "") -> Response:
    """The vendor's answer for `slug`."""
    return say(answer(PROVIDER, slug), detail)


def say(code: VendorCode, detail: str = "") -> Response:
    """The same for one of the vendor's codes."""
    return JSONResponse(_envelope(code.code, code.http, detail), code.http)


def _envelope(
    code: str = "", status: int = 200, detail: str = "", data: dict[str, str] | None = None
) -> dict[str, object]:
    """The public response fields, as in the page's example."""
    words = code.replace("_", " ").capitalize()
    return {
        "request_id": str(uuid.uuid4()),
        "log_id": uuid.uuid4().hex,
        "error_code": status if code else 0,
        "error_msg": words,
        "error_detail": {"status_code": status, "code": code, "code_message": words, "message": detail},
        **({"data": data} if data else {}),
    }


async def _read_form(request: Request, body: bytes) -> tuple[bytes, dict[str, str]]:
    """(the file's bytes, the text fields). Raises _Missing or MultiPartException."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise _Missing

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    parser = MultiPartParser(request.headers, stream(), max_files=1, max_fields=16)
    parser.spool_max_size = len(body) + 1  # never to disk: it is somebody's face
    try:
        form = await parser.parse()
    except (KeyError, UnicodeDecodeError, AssertionError) as error:
        raise MultiPartException("unreadable form") from error
    photo = form.get("image")
    if not isinstance(photo, UploadFile):
        raise _Missing
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    data = await photo.read()
    await form.close()
    return data, fields
