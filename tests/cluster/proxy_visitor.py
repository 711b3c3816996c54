"""A visitor who uses the demo's API through the proxy, with cookies as a browser keeps them."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from meitu_demo.photos import codec


@dataclass
class Visitor:
    """One person. http: keeps the cookies. Raises httpx.HTTPError where the connection breaks off."""

    url: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=60)
        self.http.get("/").raise_for_status()

    def photo(self) -> str:
        """Upload a photo that nobody else has; the path that it has there."""
        pixels = np.full((96, 96, 3), np.frombuffer(secrets.token_bytes(3), np.uint8))
        pixels[:48] = np.frombuffer(secrets.token_bytes(3), np.uint8)
        files = {"files": ("photo.jpg", codec.encode(pixels.astype(np.uint8)), "image/jpeg")}
        return str(self.http.post("/gradio_api/upload", files=files).raise_for_status().json()[0])

    def call(self, path: str) -> tuple[str, Any]:
        """Restore it; "complete" with the result and its report, or "error" with the explanation."""
        data = [{"path": path, "meta": {"_type": "gradio.FileData"}}, True, False]
        event = self.http.post("/gradio_api/call/quality_restoration", json={"data": data}).raise_for_status()
        with self.http.stream("GET", f"/gradio_api/call/quality_restoration/{event.json()['event_id']}") as stream:
            kind = ""
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                kind = value if name == "event" else kind
                if name == "data" and kind in ("complete", "error"):
                    return kind, json.loads(value)
        raise httpx.RemoteProtocolError("the stream ended without an end of the call")

    def fetch(self, result: Any) -> bytes:
        """The picture of a call that is complete."""
        return self.http.get(f"/gradio_api/file={result[0]['path']}").raise_for_status().content
