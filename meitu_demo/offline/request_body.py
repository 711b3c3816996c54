"""What both gateways do with bodies: read them up to a bound, and put measured numbers into a refusal."""

from starlette.requests import Request

from ..domain.errors import DemoError, ImageRejected


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The whole body. Raises ImageRejected as soon as it is known to be longer than `limit` bytes."""
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
    """What was measured, such as "angle=41 limit=35": whoever made the photo can then be told how far it is off."""
    return " ".join(f"{name}={value}" for name, value in error.facts.items() if isinstance(value, int))
