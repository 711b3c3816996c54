"""The server side of AILabTools' API, after the vendor's facial-aesthetics page; takes direct and marketplace keys."""

import logging
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..domain.errors import EngineRejection, ImageRejected, ValueRejected
from ..domain.model import Endpoint
from ..domain.vendor_codes import VendorCode, code_for
from .request_body import format_measurements, read_body

CODE_MESSAGES = {"ERROR_AI_NOT_EXISTS": "AI does not exist or has been deactivated"}  # as it was seen
MAX_FORM_OVERHEAD_BYTES = 64 * 1024  # boundaries and text parts around the file
log = logging.getLogger(__name__)


class _MissingParameter(Exception):
    """A required part of the form is missing."""


async def handle(request: Request, endpoint: Endpoint) -> Response:
    """Answer one call; every failure has the vendor's own code."""
    headers = request.headers
    has_marketplace_key = bool(headers.get("x-rapidapi-key") and headers.get("x-rapidapi-host"))
    if request.url.path.lower() == endpoint.marketplace_path and not has_marketplace_key:
        return marketplace_answer("Invalid API key.", 401)
    if not (headers.get("ailabapi-api-key") or has_marketplace_key):
        return failure_answer("key_refused")
    try:
        body = await read_body(request, endpoint.limits.max_bytes + MAX_FORM_OVERHEAD_BYTES)
        data, fields = await _parse_form(request, body)
        missing = [control.wire_name for control in endpoint.controls if not fields.get(control.wire_name, "").strip()]
        if missing:
            raise _MissingParameter
        values = {control.name: fields[control.wire_name] for control in endpoint.controls}
        picture = await request.app.state.engine.run_effect(endpoint, data, values)
    except _MissingParameter:
        return failure_answer("parameter_missing")
    except MultiPartException:
        return failure_answer("request_malformed")
    except (EngineRejection, ImageRejected, ValueRejected) as error:
        return failure_answer(error.slug, format_measurements(error))
    except Exception:
        log.exception("%s failed", endpoint.id)
        return failure_answer("processing_failed")
    link = str(request.url_for("result", token=request.app.state.results.put(picture)))
    return JSONResponse(_build_envelope(data={"image_url": link}))


def failure_answer(slug: str, detail: str = "") -> Response:
    """The vendor's answer for `slug`."""
    return vendor_answer(code_for("ailab", slug), detail)


def marketplace_answer(message: str, status: int) -> Response:
    """A refusal by the marketplace itself, which has no codes."""
    return JSONResponse({"message": message}, status)


def vendor_answer(code: VendorCode, detail: str = "") -> Response:
    """The vendor's answer with one of its codes."""
    return JSONResponse(_build_envelope(code.code, code.http, detail), code.http)


def change_base64(body: dict[str, Any], change: Callable[[str], str]) -> None:
    """Does nothing, because the result is always a link."""


def set_link(body: dict[str, Any], link: str) -> None:
    """Replace the link of a successful answer."""
    body["data"]["image_url"] = link


def _build_envelope(
    code: str = "", status: int = 200, detail: str = "", data: dict[str, str] | None = None
) -> dict[str, object]:
    """The response fields of the page's example."""
    code_message = CODE_MESSAGES.get(code, code.replace("_", " ").capitalize())
    return {
        "request_id": str(uuid.uuid4()),
        "log_id": uuid.uuid4().hex,
        "error_code": status if code else 0,
        "error_msg": code_message,
        "error_detail": {"status_code": status, "code": code, "code_message": code_message, "message": detail},
        **({"data": data} if data else {}),
    }


async def _parse_form(request: Request, body: bytes) -> tuple[bytes, dict[str, str]]:
    """(the file's bytes, the text fields). Raises _MissingParameter or MultiPartException."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise _MissingParameter

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    parser = MultiPartParser(request.headers, stream(), max_files=1, max_fields=16)
    parser.spool_max_size = len(body) + 1  # never written to disk: it is somebody's face
    try:
        form = await parser.parse()
    except (KeyError, UnicodeDecodeError, AssertionError) as error:
        raise MultiPartException("unreadable form") from error
    photo = form.get("image")
    if not isinstance(photo, UploadFile):
        raise _MissingParameter
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    data = await photo.read()
    await form.close()
    return data, fields
