"""A program that calls the demo's public API through gradio_client: a picture and a report, or words of a failure."""

import re
import tempfile
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file

from .plain import picture, plain
from .process import MAX_WAIT_S

USUAL: dict[str, dict[str, Any]] = {
    "face_fuse": {"template_id": "08bp4tnfkm560qv6"},
    "anime_avatar": {"version": "2.0.0"},
    "quality_restoration": {},
    "facial_aesthetics": {"shape_type": 8, "strength": 0.75},
}  # values of each function
XMP = re.compile(rb"<x:xmpmeta.*?</x:xmpmeta>", re.DOTALL)


class Caller:
    """A session of its own, with a language and maybe a visitor's cookie."""

    def __init__(self, url: str, folder: Path, language: str = "en", cookie: str = "") -> None:
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        headers = {"accept-language": language, **({"cookie": f"visitor={cookie}"} if cookie else {})}
        quiet: dict[str, Any] = {"verbose": False, "analytics_enabled": False, "download_files": self._folder}
        patience = {"timeout": MAX_WAIT_S, "trust_env": False}
        self._client = Client(url, headers=headers, httpx_kwargs=patience, **quiet)

    def call(self, name: str, photo: bytes, **values: Any) -> dict[str, Any]:
        """What comes of it. The function's usual values unless others are given."""
        file = self._folder / "my photo.jpg"
        file.write_bytes(photo)
        try:
            job = self._client.submit(photo=handle_file(file), **{**USUAL[name], **values}, api_name=f"/{name}")
            result, report = job.result(timeout=MAX_WAIT_S)
        except Exception as error:
            return {"failure": f"{type(error).__name__}: {plain(str(error))}"}
        data = Path(result).read_bytes()
        marks = [plain(found.decode("utf-8", "replace")) for found in XMP.findall(data)]
        return {"file": plain(Path(result).name), "picture": picture(data), "marks": marks, "report": plain(report)}
