"""The list of templates while calls go to the vendor: those that the vendor knows, and any ID that is typed in."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from ui.conftest import Page, serve, vendor

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.engine import face_templates
from meitu_demo.settings import Settings
from meitu_demo.ui.panel.template_picker import TemplateOptions, render_tiles

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
    hidden = ".gradio-container:has([data-live=meitu]) .templates-of-engine-meitu:not(:has(.vendor-template))"
    assert hidden in style
    assert "vendor-template" not in json.dumps(live_page.config)
    assert re.search(r"data-live=\W*meitu\b", json.dumps(live_page.config))


def test_live_list_says_what_an_id_is(live_page: Page, page: Page) -> None:
    """Where it is found, and which IDs are from the vendor's documents; offline there is nothing to say."""
    live, offline = (get_properties(each, "face-fuse-template-id") for each in (live_page, page))
    texts = live_page.config["i18n_translations"]["en"].values()
    assert "gjw4tjeloaba2psk973 · from Meitu's documents" in texts
    assert any("Meitu gives its customers a list of theirs" in text for text in texts)
    assert live.get("info")
    assert not offline.get("info")


def test_live_gallery_has_the_owners_pictures_of_listed_ids(tmp_path: Path, portrait: bytes) -> None:
    """A file that is named by an ID of the owner's is that template's picture; the other pictures are the engine's."""
    folder, empty = tmp_path / "pictures", tmp_path / "empty"
    folder.mkdir()
    empty.mkdir()
    for name in (OWN_IDS[0], "unlisted"):
        (folder / f"{name}.jpg").write_bytes(portrait)
    face_templates.load_owner_templates(folder)
    try:
        options = TemplateOptions.collect(OWN_IDS, TargetResolver(Settings()), gr.State(), gr.HTML())
        tiles = render_tiles(options, OWN_IDS[0], "en")
    finally:
        face_templates.load_owner_templates(empty)
    assert re.findall(r'class="vendor-template" data-action="([^"]+)"', tiles) == OWN_IDS[:1]
    assert len(re.findall("data-action", tiles)) == len(face_templates.list_templates()) + 2


def test_preview_of_a_template_that_only_the_vendor_has(live_page: Page, portrait: bytes) -> None:
    """It is no failure: the vendor may know the ID."""
    photo = live_page.upload(portrait)
    answer = live_page.press("face-fuse-preview", [photo, OWN_IDS[0], "1" * 32], "input")
    assert "No preview of this template" in answer


def test_typed_template_id_is_sent(live_page: Page, portrait: bytes) -> None:
    """It reaches the vendor as it was typed; one that the vendor does not know is explained."""
    answer = live_page.run("face-fuse", ["typed-by-hand"], live_page.upload(portrait), "1" * 32, consent=True)
    assert "compare it with your list" in answer
