"""The offline server, spoken to from outside: plain HTTP requests, none of the client's own code."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from client_requests import KEYS, PATHS, TIDYUP, Ask

from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.offline import create_app
from meitu_demo.photos import codec


@pytest.fixture
async def server() -> AsyncIterator[httpx.AsyncClient]:
    """A client whose every request goes to a fresh offline server in process."""
    transport = httpx.ASGITransport(create_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://offline.test") as client:
        yield client


@pytest.fixture
def ask_meitu(server: httpx.AsyncClient, portrait: bytes) -> Ask:
    """POST to one of Meitu's endpoints as its page says; the photo is the portrait unless given."""

    async def ask(name: str, photo: bytes | str | None = None, **parameter: Any) -> httpx.Response:
        media = photo if isinstance(photo, str) else base64.b64encode(portrait if photo is None else photo).decode()
        body = {
            "parameter": {"rsp_media_type": "jpg", **parameter},
            "extra": {},
            "media_info_list": [{"media_data": media, "media_profiles": {"media_data_type": "jpg"}}],
        }
        return await server.post(PATHS[name], params=KEYS, json=body)

    return ask


@pytest.fixture
def ask_ailab(server: httpx.AsyncClient, portrait: bytes) -> Ask:
    """POST a form to facial aesthetics; the photo is the portrait unless given, None leaves a field out."""

    async def ask(photo: bytes | None = None, **fields: Any) -> httpx.Response:
        data = {"shape_type": "8", "strength": "0.5", **fields}
        return await server.post(
            TIDYUP,
            headers={"ailabapi-api-key": "xxx"},
            data={name: str(value) for name, value in data.items() if value is not None},
            files={"image": ("photo.jpg", portrait if photo is None else photo, "image/jpeg")},
        )

    return ask


# ── Photos with something wrong ─────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="session")
def small_face() -> bytes:
    """The astronaut shrunk until the face is about 38 px, below the documents' 48."""
    return codec.encode(np.asarray(cv2.resize(load_astronaut(), (180, 180), interpolation=cv2.INTER_AREA), np.uint8))
