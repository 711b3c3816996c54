"""The reference page: complete in both languages, and its drawings agree with the effects."""

import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import httpx
import numpy as np
import pytest
from ui.conftest import Page

from meitu_demo.domain.translations import get_texts, list_languages, translate
from meitu_demo.domain.vendor_codes import find_vendor_code, list_vendor_codes, load_shapes
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.reference import drawn_face
from meitu_demo.ui.reference import page as reference
from meitu_demo.vendors import VENDORS

LANGUAGES = list_languages()
PROJECT = Path(reference.__file__).resolve().parents[3]
KEYS = {shape.key: shape.id for shape in load_shapes()}


class Reader(HTMLParser):
    """What a browser would find: ids, addresses, and whether each tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.addresses += [found[name] or "" for name in ("href", "src", "action") if name in found]
        if tag not in ("meta", "link", "input", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text(language: str) -> str:
    """The page as text, names in one piece."""
    return unescape(re.sub(r"<[^>]+>", "", reference.render_page(language).replace("<wbr>", "")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_lists_every_endpoint(language: str) -> None:
    """Each endpoint has its path, its controls by both of their names, what it does live and offline, and a link to
    its panel.
    """
    shown, addresses = text(language), Reader(reference.render_page(language)).addresses
    for endpoint in CATALOGUE.values():
        facts = [endpoint.path, f"/{endpoint.id}", str(endpoint.limits.max_side_px)]
        facts += [name for control in endpoint.controls for name in (control.name, control.wire_name)]
        facts += [f"{name}={value}" for name, value in endpoint.constant_fields.items()]
        facts += [translate(f"panels.{endpoint.id}.{part}", language) for part in ("tab", "intro", "offline")]
        facts += [translate(f"vendors.{endpoint.vendor_id}.price", language)]
        assert [fact for fact in facts if fact not in shown] == []
        assert f"./?lang={language}#{endpoint.slug}" in addresses


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_lists_every_shape(language: str) -> None:
    """All 22 shapes have number, names, effect, and a drawing whose title says what moves."""
    html, shown = reference.render_page(language), text(language)
    assert html.count("<svg viewBox") == len(load_shapes()) == 22
    for shape in load_shapes():
        assert f'id="shape-{shape.id}"' in html
        parts = [translate(f"shapes.{shape.key}.{part}", language) for part in ("name", "effect")]
        parts += [shape.key, shape.vendor_label, translate(f"reference.moves.{shape.key}", language)]
        assert [part for part in parts if part not in shown] == []
    assert list(get_texts(language)["reference"]["moves"]) == list(KEYS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_marks_the_shapes_that_are_our_reading(language: str) -> None:
    """What 9 and 19 move is not certain, and the page says so at these two only."""
    tiles = re.findall(r'<li class="tile" id="shape-(\d+)".*?</li>', html := reference.render_page(language), re.DOTALL)
    mark = translate("reference.our_reading", language)
    marked = [number for number in tiles if mark in html.split(f'id="shape-{number}"')[1].split("</li>")[0]]
    assert marked == ["9", "19"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_lists_every_vendor_code(language: str) -> None:
    """Each code has an anchor, its constant and status, and is grouped with its own explanation and price."""
    html = reference.render_page(language).replace("<wbr>", "")
    cases = re.findall(r'<li class="case".*?</div></li>', html, re.DOTALL)
    for vendor_id in VENDORS:
        for name in list_vendor_codes(vendor_id):
            code = find_vendor_code(vendor_id, name)
            assert code is not None
            case = unescape(next(case for case in cases if f'id="{vendor_id}-{name}"' in case))
            outcome = translate(f"billing.{code.outcome}.cost", language)
            title = translate(f"errors.{code.slug}.title", language)
            for part in (f">{name}</a>", code.constant, f"HTTP {code.http}", outcome, title):
                assert part in case, (vendor_id, name, part)


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_lists_every_error_slug(language: str) -> None:
    """Each slug that has texts is on the page, under a vendor's codes or under its own name."""
    html, shown = reference.render_page(language), text(language)
    for slug, explained in get_texts(language)["errors"].items():
        assert f'data-slug="{slug}"' in html, slug
        assert explained["title"] in shown


@pytest.mark.parametrize(
    ("slug", "cost"),
    [("outcome_unknown_reset", "unknown"), ("unreachable_dns", "not_processed"), ("link_rejected_host", "done"),
     ("image_too_thin", "not_sent"), ("faces_overlap", "not_sent"), ("over_budget_hour", "not_sent"),
     ("crowded_visitor", "not_sent"), ("vendor_unknown", "unknown"), ("bad_reply_empty", "unknown")],
)  # fmt: skip
def test_reference_prices_app_errors_by_their_class(slug: str, cost: str) -> None:
    """A slug is explained as the error class that carries it."""
    explained = reference.explain_error(reference.create_error(slug), "en")
    assert (explained.slug, explained.cost) == (slug, translate(f"billing.{cost}.cost", "en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_page_is_well_formed_and_refers_to_no_other_host(language: str) -> None:
    """Tags are closed, ids are unique, every URL belongs to this page or the demo, and no path of the disk is on it."""
    html = reference.render_page(language)
    reader = Reader(html)
    assert not reader.open
    assert [name for name, count in Counter(reader.ids).items() if count > 1] == []
    for address in reader.addresses:
        assert re.match(r"\./|\?lang=|#", address), address
        assert not address.startswith("#") or address[1:] in reader.ids, address
    assert "://" not in html.replace("http://www.w3.org", "")
    assert "url(" not in html
    assert str(PROJECT) not in html
    assert len(html.encode()) < 300_000


def ways(key: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """(start, way) of each arrow of a shape."""
    return [(np.array(start), np.subtract(end, start)) for start, end in drawn_face.compute_arrows(KEYS[key])]


@pytest.mark.parametrize("shape", range(22))
def test_drawing_arrows_follow_the_effect(shape: int) -> None:
    """Each shape has arrows, symmetric; each runs along its landmark's movement by the effect."""
    found = drawn_face.compute_arrows(shape)
    still, moved = drawn_face.load_landmarks(), drawn_face.compute_moved_landmarks(shape)
    assert len(found) >= 2
    for start, end in found:
        at = np.linalg.norm(still - start, axis=1).argmin()
        way, drawn = (moved - still)[at], np.subtract(end, start)
        assert way @ drawn == pytest.approx(np.linalg.norm(way) * np.linalg.norm(drawn), rel=1e-6)
        assert 0.02 < np.linalg.norm(drawn) <= drawn_face.MAX_ARROW_FACE_WIDTHS + 1e-9
        mirrored = [np.hypot(*(np.array(other) - (-start[0], start[1]))) for other, _ in found]
        assert min(mirrored) < 0.01
    assert max(np.hypot(*np.subtract(end, start)) for start, end in found) > 0.9 * drawn_face.MAX_ARROW_FACE_WIDTHS


def test_drawing_of_bigger_eyes_points_away_from_the_iris() -> None:
    """Arrows point away from the nearer iris: up, down, left and right."""
    irises = drawn_face.load_landmarks()[[468, 473]]
    found = ways("big_eyes")
    for start, way in found:
        iris = min(irises, key=lambda iris: np.hypot(*(start - iris)))
        assert way @ (start - iris) > 0
    for direction in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        assert any(way @ direction > 0.7 * np.hypot(*way) for _, way in found), direction


@pytest.mark.parametrize(
    ("key", "inward", "down"),
    [("cheekbone", 1, 0), ("slim_face", 1, 0), ("slim_jaw", 1, 0), ("chin_shorten", 0, -1), ("chin_lengthen", 0, 1),
     ("eye_distance", 1, 0), ("eye_distance_wider", -1, 0), ("nose_wing", 1, 0), ("nose_tip", 0, -1),
     ("lip_width", 1, 0), ("lip_height", 0, -1), ("philtrum", 0, -1), ("slim_nose", 1, 0)],
)  # fmt: skip
def test_drawing_agrees_with_its_title(key: str, inward: int, down: int) -> None:
    """The arrows together point inward or outward, up or down, as the title says."""
    found = ways(key)
    across = sum(-np.sign(start[0]) * way[0] for start, way in found)
    along = sum(way[1] for _, way in found)
    assert np.sign(across if inward else along) == inward + down
    assert abs(across if inward else along) > 3 * abs(along if inward else across)


def test_reference_language_is_the_query_parameter_else_the_browsers(page: Page) -> None:
    """`?lang=` wins, an invalid one is ignored; the page may be cached for minutes, in the browser only."""
    for query, browser, language in (
        ("", "zh-CN", "zh"), ("", "en", "en"), ("?lang=en", "zh-CN", "en"), ("?lang=zh", "en", "zh"),
        ("?lang=../etc", "zh-TW", "zh"), ("?q=20003", "fr", "en"),
    ):  # fmt: skip
        answer = httpx.get(f"{page.url}/reference{query}", headers={"accept-language": browser})
        assert answer.status_code == 200
        assert answer.text == reference.render_page(language)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-language"] == language
        assert answer.headers["cache-control"] == "private, max-age=300"
        assert "accept-language" in answer.headers["vary"].lower()
    assert httpx.post(f"{page.url}/reference").status_code in (404, 405)


def test_header_links_to_the_reference(page: Page) -> None:
    """The header of the demo has a link in each language."""
    config = httpx.get(f"{page.url}/config").text
    for language in LANGUAGES:
        assert f"reference?lang={language}" in config
