import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from meitu_demo.domain.errors import TemplateHasNoFace, UnknownTemplate
from meitu_demo.engine import face_templates

IDS = [info.id for info in face_templates.list_templates()]
ROW = """
[[template]]
id = "a"
kind = "drawn"
aliases = ["v"]
name = {en = "A", zh = "甲"}
mood = {en = "B", zh = "乙"}
"""


@pytest.fixture
def own(tmp_path: Path):
    """The owner's folder; taken back out of the gallery at the end."""
    yield tmp_path
    for path in tmp_path.iterdir():
        path.unlink()
    face_templates.load_owner_templates(tmp_path)


@pytest.mark.parametrize("key", IDS)
def test_every_shipped_template_loads(key: str) -> None:
    """Layers of one size, a frontal face within the frame, and a preview that opens."""
    template = face_templates.load_template(key)
    height, width = template.base.shape[:2]
    assert min(height, width) >= 1024
    assert template.composite.shape == template.base.shape == (height, width, 3)
    assert template.front_layer is None or template.front_layer.shape == (height, width, 4)
    assert template.skin_mask is not None
    assert template.skin_mask.shape == (height, width)
    assert template.face.landmarks.shape == (478, 2)
    assert template.face.cropped_share == 0
    assert max(abs(template.face.yaw), abs(template.face.roll)) < 15
    with Image.open(template.info.preview) as preview:
        assert min(preview.size) >= 512


@pytest.mark.parametrize("key", IDS)
def test_a_template_is_decoded_once_and_cannot_be_painted_on(key: str) -> None:
    """Callers share the arrays, so nobody may write to them."""
    template = face_templates.load_template(key)
    assert face_templates.load_template(key) is template
    with pytest.raises(ValueError):
        template.base[0, 0] = 0
    with pytest.raises(ValueError):
        template.composite[0, 0] = 0


def test_ids_and_aliases_are_unique_and_named_in_both_languages() -> None:
    """No two templates answer to one id, and each has a name and a mood a person can read."""
    infos = face_templates.list_templates()
    keys = [key for info in infos for key in (info.id, *info.aliases)]
    assert len(keys) == len(set(keys))
    assert all(info.name[language] and info.mood[language] for info in infos for language in ("en", "zh"))


def test_aliases_lead_to_their_template() -> None:
    """A vendor's id loads the same object as our own id."""
    for info in face_templates.list_templates():
        assert all(face_templates.find_template(alias) is info for alias in info.aliases)


def test_the_two_ids_of_the_vendors_documents_are_two_drawings() -> None:
    """The documents' own examples work offline, each with a drawing of its own."""
    first, second = (face_templates.find_template(key) for key in ("gjw4tjeloaba2psk973", "08bp4tnfkm560qv6"))
    assert first is not second
    assert {first.kind, second.kind} == {"drawn"}


@pytest.mark.parametrize("key", ["", "no-such-template", "../astronaut", "ASTRONAUT"])
def test_unknown_ids_are_refused(key: str) -> None:
    """An id that is nobody's is a typed refusal that names it."""
    with pytest.raises(UnknownTemplate) as refused:
        face_templates.load_template(key)
    assert refused.value.facts == {"template": key}


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ('kind = "drawn"', 'kind = "painted"', "kind"),
        ('zh = "甲"', 'fr = "A"', "name"),
        ('mood = {en = "B"', 'mood = {en = ""', "mood"),
        ('aliases = ["v"]', 'aliases = ["v"]\ncolour = 1', "colour"),
        ('aliases = ["v"]', 'aliases = ["v", 7]', "id and aliases"),
        ('id = "a"', 'id = "b"', "preview.webp"),
    ],
)
def test_a_bad_row_is_refused_by_its_number(tmp_path: Path, old: str, new: str, hint: str) -> None:
    """What is wrong with a row is said at start, with the row's place."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "preview.webp").write_bytes(b"")
    rows = tmp_path / "templates.toml"
    rows.write_text(ROW, "utf-8")
    assert [info.aliases for info in face_templates.load_template_rows(rows, tmp_path)] == [("v",)]
    rows.write_text(ROW.replace(old, new), "utf-8")
    with pytest.raises(ValueError, match=rf"templates.toml, template 1.*{hint}"):
        face_templates.load_template_rows(rows, tmp_path)
    rows.write_text(ROW + ROW, "utf-8")
    with pytest.raises(ValueError, match="template 2"):
        face_templates.load_template_rows(rows, tmp_path)


def test_the_owners_photo_gets_its_landmarks_by_detection(own: Path) -> None:
    """A photo in the owner's folder is a template like any other, under its file's name."""
    Image.fromarray(data.astronaut()).save(own / "my_friend.png")
    (own / "notes.txt").write_text("not a picture")
    (info,) = face_templates.load_owner_templates(own)
    assert info in face_templates.list_templates()
    assert (info.id, info.name["en"], info.kind) == ("my_friend", "my friend", "own")
    template = face_templates.load_template("my_friend")
    assert template.face.width == pytest.approx(92, abs=5)
    assert template.skin_mask is not None
    assert template.skin_mask.any()


def test_the_owners_drawing_gets_its_landmarks_from_the_file_beside_it(own: Path) -> None:
    """A picture no detector understands works with authored landmarks, scaled to the picture's real size."""
    Image.new("RGB", (300, 400), "orange").save(own / "doll.webp")
    points = np.random.default_rng(0).uniform(10, 90, (478, 2)).tolist()
    authored = {"size": [100, 133], "landmarks": points, "depth": [0.0] * 478}
    (own / "doll.json").write_text(json.dumps(authored))
    face_templates.load_owner_templates(own)
    assert face_templates.load_template("doll").face.landmarks[:, 0] == pytest.approx(
        np.array(points)[:, 0] * 3, rel=1e-4
    )


def test_a_picture_without_a_face_is_kept_and_its_use_refused(own: Path) -> None:
    """The gallery shows it; using it blames the template, not the user."""
    Image.fromarray(data.coffee()).save(own / "cup.png")
    (own / "broken.jpg").write_bytes(b"no picture at all")
    assert {info.id for info in face_templates.load_owner_templates(own)} == {"cup", "broken"}
    for key in ("cup", "broken"):
        with pytest.raises(TemplateHasNoFace) as refused:
            face_templates.load_template(key)
        assert refused.value.facts == {"template": key}


def test_the_owners_pictures_do_not_take_a_shipped_name(own: Path) -> None:
    """Two templates of one id would make the gallery lie."""
    Image.new("RGB", (9, 9)).save(own / "astronaut.png")
    with pytest.raises(ValueError, match=r"astronaut\.png"):
        face_templates.load_owner_templates(own)
