"""The page's own images have names and no paths."""

import json
import re
from typing import Any

import httpx
import pytest
from ui.conftest import Page

from meitu_demo.ui.gradio_patches.static_images import PATH

pytestmark = pytest.mark.gradio_internals


def test_static_images_have_names_and_no_paths(page: Page) -> None:
    """Previews and thumbnails come from a route of ours, which serves nothing else."""
    config: Any = httpx.get(f"{page.url}/config").json()
    addresses = set(re.findall(rf"\b{PATH}/[\w.-]+", json.dumps(config)))
    assert len(addresses) >= 8
    for address in addresses:
        answer = httpx.get(f"{page.url}/{address}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/")
    for name in ("../app.py", "..%2fapp.py", "space_helmet/base.webp", "app.py", "", "x.webp"):
        assert httpx.get(f"{page.url}/{PATH}/{name}").status_code in (403, 404)
