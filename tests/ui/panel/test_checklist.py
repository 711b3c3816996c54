"""The preflight checklist: texts in both languages, and face boxes that do not rely on colour."""

import html
import re
from xml.etree import ElementTree

import pytest
from preflight.item_states import ITEM_STATES
from preflight.sample_photos import cached_check, photos

from meitu_demo.domain.explanations import explain
from meitu_demo.domain.translations import get_texts, list_languages, translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.preflight.check import ChecklistItem, Preflight, check
from meitu_demo.preflight.fixes import suggest_fixes
from meitu_demo.ui.panel.checklist import describe_item, render_checklist, render_faces_svg

FUSE, AVATAR = CATALOGUE["face_fuse"], CATALOGUE["anime_avatar"]
SVG = "{http://www.w3.org/2000/svg}"


def two() -> Preflight:
    return check(FUSE, photos()["small beside large"])


@pytest.mark.parametrize("language", list_languages())
def test_checklist_has_a_text_for_every_item_and_state(language: str) -> None:
    """No state lacks a text, and no text is for a state that cannot occur."""
    known = get_texts(language)["preflight"]
    lines = {slug: set(texts) for slug, texts in known.items() if slug in ITEM_STATES}
    assert lines == {slug: set(states) for slug, states in ITEM_STATES.items()}
    for texts in (known[slug] for slug in ITEM_STATES):
        assert all(0 < len(text) <= 90 and not re.search("[!！]", text) for text in texts.values())


@pytest.mark.parametrize("language", list_languages())
def test_checklist_describes_every_photo(language: str) -> None:
    """Each item's text has its facts, and each rejection its explanation."""
    for name in photos():
        for endpoint_id in CATALOGUE:
            seen = cached_check(name, endpoint_id)
            assert all("{" not in describe_item(item, language) for item in seen.items)
            if seen.rejection is not None:
                assert explain(seen.rejection, language, is_billable=False).slug == seen.rejection.slug


def test_checklist_names_every_fix() -> None:
    """Every fix has a name, also the one that refers to a face by its number."""
    source = photos()["small beside large"]
    (mend,) = suggest_fixes(two(), source)
    assert mend.face is not None
    assert translate(f"preflight.fixes.{mend.slug}", "en", number=mend.face.number) == "Use face 2"
    assert set(get_texts("en")["preflight"]["fixes"]) == {"crop", "crop_enlarge", "enlarge", "upright", "other_face"}


def test_checklist_says_how_far_a_face_is_turned() -> None:
    """ "Turned 41°, limit about 35°" is said before anything is sent, and whose limit it is."""
    seen = check(FUSE, photos()["turned far"])
    turned = seen.item("turned")
    assert turned is not None
    assert re.fullmatch(
        r"Turned (3[6-9]|4\d)° to the side; the limit is about 35° \(our check's limit\)", describe_item(turned, "en")
    )
    assert seen.rejection is not None
    assert "our check allows about 35°" in explain(seen.rejection, "en", is_billable=False).why


def test_checklist_names_whose_limit_it_is() -> None:
    """Published limits are the service's, ours are ours; AILabTools only recommends angles, under 60°."""
    portrait = photos()["small beside large"]
    of_meitu, of_ailab = check(FUSE, portrait), check(CATALOGUE["facial_aesthetics"], portrait)
    for seen in (of_meitu, of_ailab):
        for slug in ("weight", "size"):
            assert describe_item(item(seen, slug), "en").endswith("(the service's limit)")
    assert describe_item(item(of_meitu, "face_size"), "en").endswith("(the service's limit)")
    assert describe_item(item(of_ailab, "face_size"), "en").endswith("(our check's limit)")
    for slug in ("turned", "nodded"):
        assert describe_item(item(of_meitu, slug), "en").endswith("(our check's limit)")
        assert describe_item(item(of_ailab, slug), "en").endswith("the service recommends under 60°)")
        assert describe_item(item(of_ailab, slug), "zh").endswith("服务商建议小于 60°）")


def test_checklist_speaks_for_itself_when_it_refuses() -> None:
    """The verdict is our check's; what the service will do is not known."""
    seen = check(FUSE, photos()["turned far"])
    assert "Our check would refuse it; the service may too" in render_checklist(seen, (), "en")


def test_checklist_says_that_a_file_cannot_be_opened() -> None:
    """What is no photo is not sent, so nothing is said of the service."""
    markup = render_checklist(check(FUSE, b"no photo" * 9), (), "en")
    assert "<summary>Cannot be opened as a photo</summary>" in markup
    assert "the service may too" not in markup


def test_checklist_has_one_paragraph_of_warnings_and_all_items_folded() -> None:
    """However many there are, they take the room of two lines (assets/css/preflight.css); the list tells each."""
    seen = two()
    markup = str(render_checklist(seen, (), "en"))
    folded, _, rest = markup.partition("</details>")
    texts = [describe_item(item, "en") for item in seen.items if item.state == "warn"]
    assert texts
    assert f'<p class="warnings">{" · ".join(texts)}</p>' in html.unescape(rest)
    assert folded.count("<li") == len(seen.items)
    assert "<li" not in rest


def item(preflight: Preflight, slug: str) -> ChecklistItem:
    found = preflight.item(slug)
    assert found is not None
    return found


# ── The drawing ─────────────────────────────────────────────────────────────────────────────────────────────────────
def groups(markup: str) -> list[ElementTree.Element]:
    return [group for group in ElementTree.fromstring(markup).iter(f"{SVG}g") if group.get("data-face")]


def test_faces_svg_uses_percentages_of_the_picture() -> None:
    """Boxes are percentages of the picture, so they fit at any size."""
    seen = two()
    for group, face in zip(groups(render_faces_svg(seen, "en")), seen.faces, strict=True):
        for rect in group.iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.attrib[name].removesuffix("%")) for name in ("x", "y", "width", "height"))
            assert (x, y, x + w, y + h) == pytest.approx([100 * share for share in face.relative_box], abs=0.02)


def test_faces_svg_clips_a_face_at_the_edge() -> None:
    """No box reaches out of the picture."""
    for name in ("cut at the left", "cut at the top"):
        for rect in ElementTree.fromstring(render_faces_svg(check(AVATAR, photos()[name]), "en")).iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.attrib[side].removesuffix("%")) for side in ("x", "y", "width", "height"))
            assert min(x, y) >= 0
            assert max(x + w, y + h) <= 100.01


@pytest.mark.parametrize("language", list_languages())
def test_faces_svg_marks_the_used_face_without_colour(language: str) -> None:
    """The used face differs by line style, filled number and accessible name."""
    used, other = groups(render_faces_svg(two(), language))
    dashes = [[rect.get("stroke-dasharray") for rect in group.iter(f"{SVG}rect")] for group in (used, other)]
    assert dashes[0] == [None, None]
    assert any(dashes[1])
    assert used.get("aria-label") == translate("preflight.faces.used", language, number=1)
    assert other.get("aria-label") == translate("preflight.faces.other", language, number=2)
    assert [text.text for text in used.iter(f"{SVG}text")] == ["1"]


def test_faces_svg_has_buttons_only_where_a_face_can_be_selected() -> None:
    """By default each face is an image with a name; where it can be selected, a button with focus and pressed state."""
    assert {group.get("role") for group in groups(render_faces_svg(two(), "en"))} == {"img"}
    buttons = groups(render_faces_svg(two(), "en", selectable=True))
    assert [(b.get("role"), b.get("tabindex"), b.get("aria-pressed")) for b in buttons] == [
        ("button", "0", "true"),
        ("button", "0", "false"),
    ]


def test_faces_svg_is_empty_without_faces() -> None:
    """Nothing is laid over a photo without faces."""
    assert render_faces_svg(check(FUSE, photos()["cup of coffee"]), "en") == ""
