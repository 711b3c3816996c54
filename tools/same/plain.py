"""Takes out what differs from run to run, and writes files that can be compared line by line."""

import base64
import hashlib
import io
import json
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
DAYS = "|".join((datetime.now(UTC) + timedelta(days)).date().isoformat() for days in range(-3, 2))
RULES = [
    (re.compile(pattern), instead)
    for pattern, instead in (
        (rf"{re.escape(tempfile.gettempdir())}/recorder-\w+", "TMP"),
        (rf"{re.escape(str(ROOT))}(?![\w-])", "ROOT"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|(?<!\d)\d{8}-\d{6}(?!\d)", "TIME"),
        (rf"\b({DAYS})\b", "DATE"),
        (r"\b(127\.0\.0\.1|localhost|0\.0\.0\.0):\d{4,5}", r"\1:PORT"),
        (r"/(kept|download|archive|results)/[\w-]{16,}", r"/\1/TOKEN"),
        (r"\bvisitor=[\w.-]+", "visitor=TOKEN"),
        (r"\b(access-token-(?:unsecure-)?)[\w-]{20,}==?[\w.-]*", r"\1NAME=TOKEN"),
        (r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "TIME"),
        (r"\bat 0x[0-9a-f]+", "at ADDRESS"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
        (r"\b[0-9a-f]{8,}\b", "HEX"),
        (r"(?<=process \[)\d+", "PID"),
        (r'\b\d+ ms\b|(?<="milliseconds": )\d+', "N ms"),
        # Names of modules and functions, which change: loggers, and argparse's complaints.
        (r"\bmeitu_demo(?!\.(?:ledger|offline)(?!\.\w))(?:\.\w+)+(?=[\"':])", "meitu_demo.MODULE"),
        (r"\binvalid \w+ value\b", "invalid FUNCTION value"),
    )
]
VOLATILE = {"elapsed_s", "time", "app_id", "event_id", "theme_hash"}


def plain(value: Any) -> Any:
    """`value`, a text or anything of JSON's, without times, durations, random names, ports and temporary paths."""
    if isinstance(value, str):
        for pattern, instead in RULES:
            value = pattern.sub(instead, value)
        return _markup(value) if "</" in value else value
    if isinstance(value, dict):
        return {name: type(it).__name__ if name in VOLATILE and it else plain(it) for name, it in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _markup(text: str) -> str:
    """HTML without what a browser does not show: spaces between tags, and two ways to write a quote."""
    for written, same in (("&#x27;", "&#39;"), ("&quot;", "&#34;")):
        text = text.replace(written, same)
    return re.sub(r"> <", "><", re.sub(r"\s+", " ", text))


def digest(data: bytes | str) -> str:
    """In capitals, so that `plain` takes it for nothing random."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:24].upper()


def picture(data: bytes) -> str:
    """Kind, size and pixels of a picture; "" for anything else."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            shape = f"{opened.format} {opened.mode} {opened.width}x{opened.height}"
            return f"picture {shape} {digest(opened.convert('RGBA').tobytes())}"
    except Exception:
        return ""


def base64_picture(text: str) -> str:
    """The same for a text of base64 and nothing else."""
    try:
        return picture(base64.b64decode(text, validate=True))
    except ValueError:
        return ""


def write(path: Path, value: Any) -> None:
    """As indented JSON, or a text as it is."""
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", "utf-8")
