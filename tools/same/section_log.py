"""Section log: what the demo says of a start, runs of all kinds, and a stop, as text and as JSON."""

from pathlib import Path
from typing import Any

import httpx

from . import photos
from .caller import Caller
from .plain import write
from .process import DEMO, running
from .vendor import KEYS, Answer, as_json, recording_vendor

QUOTING = as_json({"ErrorCode": 20003, "ErrorMsg": f"no face for {KEYS['MEITU_API_KEY']}"}, 400)
PAID = {"consent": True}
PHOTO = photos.portrait()
CALLS: list[tuple[str, bytes, dict[str, Any], Answer | None]] = [
    ("facial_aesthetics", PHOTO, {}, None), ("facial_aesthetics", photos.faces()["none"], {}, None),
    ("facial_aesthetics", b"no photo", {}, None), ("facial_aesthetics", PHOTO, {"shape_type": 99}, None),
    ("quality_restoration", PHOTO, {}, None), ("quality_restoration", PHOTO, PAID, None),
    ("quality_restoration", PHOTO, PAID, None), ("face_fuse", PHOTO, PAID, as_json({}, 500)),
    ("face_fuse", PHOTO, {**PAID, "again": True}, QUOTING), ("anime_avatar", PHOTO, PAID, None),
    ("anime_avatar", PHOTO, {**PAID, "version": "1.0.0"}, None),
]  # fmt: skip


def record(folder: Path, baseline: Path) -> None:
    """The same script for both forms, and for fewer words."""
    with recording_vendor() as vendor:
        settings = {**KEYS, "MEITU_BASE_URL": vendor.url, "CALLS_PER_SECOND": "off", "CALLS_PER_DAY": "3", "MCP": "on"}
        for name, form, level in (("text", "text", "INFO"), ("json", "json", "INFO"), ("quiet", "text", "ERROR")):
            with running(*DEMO, **settings, LOG_FORMAT=form, LOG_LEVEL=level) as demo:
                caller = Caller(demo.url, demo.folder)
                for function, photo, values, vendor.answer in CALLS:
                    caller.call(function, photo, **values)
                for path in ("gradio_api/queue/join", "nothing", "mcp"):
                    httpx.post(f"{demo.url}/{path}", content=b'{"fn_index": "x"}', timeout=30, trust_env=False)
                write(folder / f"{name}.txt", "\n".join(demo.stop()))
