"""Reads a request's body up to a bound, so that nobody can fill the memory."""

from starlette.requests import Request

from ..errors import ImageRejected


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises ImageRejected as soon as it is known to be longer than `limit` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise ImageRejected("image_too_large_file", bytes=int(declared), limit=limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise ImageRejected("image_too_large_file", bytes=size, limit=limit)
        parts.append(part)
    return b"".join(parts)
