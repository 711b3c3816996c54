"""What both dialects share: reading a limited request body, and formatting measurements for refusals."""

from starlette.requests import Request

from ..domain.errors import DemoError, ImageRejected


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body. Raises ImageRejected as soon as it is known to exceed `max_bytes`."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise ImageRejected("image_too_large_file", bytes=int(declared), limit=max_bytes)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise ImageRejected("image_too_large_file", bytes=size, limit=max_bytes)
        parts.append(part)
    return b"".join(parts)


def format_measurements(error: DemoError) -> str:
    """The error's numbers, such as "angle=41 limit=35", so that the client can say how far a photo is off."""
    return " ".join(f"{name}={value}" for name, value in error.facts.items() if isinstance(value, int))
