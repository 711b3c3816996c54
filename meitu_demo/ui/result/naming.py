"""File names that say what a file is."""

import re
from datetime import UTC, datetime

from ...calls.pipeline import CallResult
from ...redaction.secrets import redact

FILE_SUFFIXES = {"image/png": "png", "image/webp": "webp"}  # all else leaves as JPEG, see `delivery`


def build_file_name(result: CallResult, now: datetime | None = None) -> str:
    """For instance ``facial-aesthetics_8_0.5_20260308-142501.jpg``; ASCII, safe on every system."""
    timestamp = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    parts = [result.endpoint.slug, *(redact(str(value)) for value in result.values.values()), timestamp]
    suffix = FILE_SUFFIXES.get(result.result_photo.media_type, "jpg")
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', '_'.join(parts))}.{suffix}"
