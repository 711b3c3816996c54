"""A visitor's files are that visitor's alone, however alike they are: what one deletes, another keeps."""

import re
from pathlib import Path
from typing import Any

import httpx
from ui.conftest import Page

ONE, OTHER = "1" * 32, "2" * 32  # names of tabs


def example(page: Page, tab: str) -> dict[str, Any]:
    """The example photo as it comes into the tab's panel."""
    found = re.search(r'"path": "([^"]+astronaut\.jpg)"', page.press("face-fuse-example", [tab]))
    assert found
    return {"path": found[1], "meta": {"_type": "gradio.FileData"}}


def is_there(page: Page, photo: dict[str, Any]) -> bool:
    return httpx.get(f"{page.url}/gradio_api/file={photo['path']}").status_code == 200


def test_the_same_photo_of_two_visitors_lies_twice(page: Page, portrait: bytes) -> None:
    """Deleting everything of one leaves the other's, and the first can give theirs again."""
    one, other = page.upload(portrait), page.upload(portrait)
    assert Path(one["path"]).parent != Path(other["path"]).parent
    for photo, tab in ((one, ONE), (other, OTHER)):
        assert "kept/" in page.run("quality-restoration", [], photo, tab)
    page.press("forget", [ONE])
    assert not is_there(page, one)
    assert is_there(page, other)
    assert "kept/" in page.run("quality-restoration", [], other, OTHER)
    assert is_there(page, page.upload(portrait))


def test_the_example_photo_of_two_visitors_lies_twice(page: Page) -> None:
    """It is deleted like one's own, and stays in everybody else's panel."""
    one, other = example(page, ONE), example(page, OTHER)
    page.press("forget", [ONE])
    assert not is_there(page, one)
    assert is_there(page, other)
    assert "kept/" in page.run("face-fuse", ["astronaut"], other, OTHER)
