"""What a person sees and hears of it: lines in both languages, and boxes that are told by more than colour."""

import re
from xml.etree import ElementTree

import pytest
from preflight.sample_photos import judged, photos

from meitu_demo.domain.explanations import explain
from meitu_demo.domain.translations import get_texts, list_languages, translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.preflight import ITEM_STATES, Preflight, check, suggest_fixes
from meitu_demo.ui.panel.checklist import describe_item, render_faces_svg

FUSE, AVATAR = CATALOGUE["face_fuse"], CATALOGUE["anime_avatar"]
SVG = "{http://www.w3.org/2000/svg}"


def two() -> Preflight:
    return check(FUSE, photos()["small beside large"])


@pytest.mark.parametrize("language", list_languages())
def test_every_item_and_state_has_its_line(language: str) -> None:
    """No state without words, no words for a state that cannot be."""
    known = get_texts(language)["preflight"]
    lines = {slug: set(texts) for slug, texts in known.items() if slug in ITEM_STATES}
    assert lines == {slug: set(states) for slug, states in ITEM_STATES.items()}
    for texts in (known[slug] for slug in ITEM_STATES):
        assert all(0 < len(text) <= 90 and not re.search("[!！]", text) for text in texts.values())


@pytest.mark.parametrize("language", list_languages())
def test_every_photo_can_be_told(language: str) -> None:
    """Each line has its facts, each refusal its explanation, each mend its name."""
    for name in photos():
        for endpoint_id in CATALOGUE:
            seen = judged(name, endpoint_id)
            assert all("{" not in describe_item(item, language) for item in seen.items)
            if seen.rejection is not None:
                assert explain(seen.rejection, language, is_billable=False).slug == seen.rejection.slug


def test_mends_have_names() -> None:
    """Also the one that speaks of a face by its number."""
    source = photos()["small beside large"]
    (mend,) = suggest_fixes(two(), source)
    assert mend.face is not None
    assert translate(f"preflight.mends.{mend.slug}", "en", number=mend.face.number) == "Use face 2"
    assert set(get_texts("en")["preflight"]["mends"]) == {"crop", "crop_enlarge", "enlarge", "upright", "other_face"}


def test_the_issues_own_example() -> None:
    """ "Turned 41°, limit about 35°", before anything is sent."""
    seen = check(FUSE, photos()["turned far"])
    turned = seen.item("turned")
    assert turned is not None
    assert re.fullmatch(r"Turned (3[6-9]|4\d)° to the side; the limit is about 35°", describe_item(turned, "en"))
    assert seen.rejection is not None
    assert "roughly 35°" in explain(seen.rejection, "en", is_billable=False).why


# ── The drawing ─────────────────────────────────────────────────────────────────────────────────────────────────────
def groups(markup: str) -> list[ElementTree.Element]:
    return [group for group in ElementTree.fromstring(markup).iter(f"{SVG}g") if group.get("data-face")]


def test_faces_are_drawn_where_they_are_at_any_size() -> None:
    """Places are per cents within the picture; nothing in it knows how wide it is shown."""
    seen = two()
    for group, face in zip(groups(render_faces_svg(seen, "en")), seen.faces, strict=True):
        for rect in group.iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.attrib[name].removesuffix("%")) for name in ("x", "y", "width", "height"))
            assert (x, y, x + w, y + h) == pytest.approx([100 * share for share in face.relative_box], abs=0.02)


def test_a_face_that_is_cut_is_drawn_up_to_the_edge() -> None:
    """No box reaches out of the picture."""
    for name in ("cut at the left", "cut at the top"):
        for rect in ElementTree.fromstring(render_faces_svg(check(AVATAR, photos()[name]), "en")).iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.attrib[side].removesuffix("%")) for side in ("x", "y", "width", "height"))
            assert min(x, y) >= 0
            assert max(x + w, y + h) <= 100.01


@pytest.mark.parametrize("language", list_languages())
def test_the_used_face_is_told_without_colour(language: str) -> None:
    """By the line's form, by a filled number, and by its name for whoever hears the page."""
    used, other = groups(render_faces_svg(two(), language))
    dashes = [[rect.get("stroke-dasharray") for rect in group.iter(f"{SVG}rect")] for group in (used, other)]
    assert dashes[0] == [None, None]
    assert any(dashes[1])
    assert used.get("aria-label") == translate("preflight.faces.used", language, number=1)
    assert other.get("aria-label") == translate("preflight.faces.other", language, number=2)
    assert [text.text for text in used.iter(f"{SVG}text")] == ["1"]


def test_faces_are_buttons_only_where_one_can_be_chosen() -> None:
    """A picture with names by default; where the page listens, each face can be reached and says if it is pressed."""
    assert {group.get("role") for group in groups(render_faces_svg(two(), "en"))} == {"img"}
    buttons = groups(render_faces_svg(two(), "en", selectable=True))
    assert [(b.get("role"), b.get("tabindex"), b.get("aria-pressed")) for b in buttons] == [
        ("button", "0", "true"),
        ("button", "0", "false"),
    ]


def test_no_faces_no_drawing() -> None:
    """Nothing lies over a photo in which nothing was found."""
    assert render_faces_svg(check(FUSE, photos()["cup of coffee"]), "en") == ""
