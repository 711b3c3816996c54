"""The list of templates while calls go to the vendor: those that the vendor knows, and any ID that is typed in."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ui.conftest import Page, serve, vendor

from meitu_demo.engine import face_templates
from meitu_demo.settings import Settings

KEYS = {"MEITU_API_KEY": "key-of-the-owner-001", "MEITU_API_SECRET": "secret-of-the-owner-001"}
OWN_IDS = ["owners-first", "owners-second"]


@pytest.fixture(scope="module")
def live_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The app with the owner's keys and two templates of the owner's."""
    with vendor() as url:
        folder = str(tmp_path_factory.mktemp("data"))
        more = {"MEITU_BASE_URL": url, "MEITU_TEMPLATE_IDS": ", ".join(OWN_IDS), "DATA_DIR": folder}
        yield from serve(Settings.from_env({**KEYS, **more}))


def get_properties(page: Page, element_id: str) -> Any:
    return next(part["props"] for part in page.config["components"] if part["props"].get("elem_id") == element_id)


def test_live_list_has_the_owners_templates_and_no_drawn_ones(live_page: Page, page: Page) -> None:
    """By their IDs; one that the vendor knows is chosen, another may be typed. Offline the drawn ones are listed."""
    live, offline = (get_properties(each, "face-fuse-template-id") for each in (live_page, page))
    drawn = {info.wire_id for info in face_templates.list_templates() if not info.aliases}
    assert drawn
    assert [key for _, key in live["choices"]][:2] == OWN_IDS
    assert [label for label, _ in live["choices"]][:2] == OWN_IDS
    assert not drawn & {key for _, key in live["choices"]}
    assert live["value"] in {key for _, key in live["choices"]}
    assert live["allow_custom_value"]
    assert drawn <= {key for _, key in offline["choices"]}


def test_live_page_hides_the_pictures_of_drawn_templates(live_page: Page) -> None:
    """Its style hides the gallery wherever the page says that calls to the vendor are live, as this one does."""
    gallery = get_properties(live_page, "face-fuse-template-id-gallery")
    html = live_page.http.get(live_page.url).text
    style = live_page.http.get(f"{live_page.url}/{re.search(r'assets/demo-[0-9a-f]+.css', html)[0]}").text  # type: ignore[index]
    assert "templates-of-engine-meitu" in gallery["elem_classes"]
    assert ".gradio-container:has([data-live=meitu]) .templates-of-engine-meitu {" in style
    assert re.search(r"data-live=\W*meitu\b", json.dumps(live_page.config))


def test_typed_template_id_is_sent(live_page: Page, portrait: bytes) -> None:
    """It reaches the vendor as it was typed; one that the vendor does not know is explained."""
    answer = live_page.run("face-fuse", ["typed-by-hand"], live_page.upload(portrait), "1" * 32, consent=True)
    assert "compare it with your list" in answer
