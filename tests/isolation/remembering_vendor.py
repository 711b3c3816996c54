"""A fake vendor that records which visitor's photo came with which key."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from isolation.marked_photos import WIDTH, mark_in
from meitu_demo.offline import create_app
from meitu_demo.offline.failure_lab import ThreadedServer


@dataclass
class Vendor:
    """The offline server as a vendor; `came` has (key, number in the photo) of each call."""

    server: ThreadedServer = field(init=False)
    came: list[tuple[str, int | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        app = create_app(lab=True, single_use_links=True)

        async def listening(scope: Any, receive: Any, send: Any) -> None:
            body = bytearray()

            async def hear() -> Any:
                message = await receive()
                body.extend(message.get("body", b""))
                return message

            await app(scope, hear, send)
            if scope["type"] == "http":
                photo = json.loads(body)["media_info_list"][0]["media_data"]
                key = parse_qs(scope["query_string"].decode())["api_key"][0]
                self.came.append((key, mark_in(base64.b64decode(photo), WIDTH)))

        listening.state = app.state  # type: ignore[attr-defined]
        self.server = ThreadedServer(lambda: listening)  # type: ignore[arg-type,return-value]
