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
aliases = ["v"]
name = {en = "A", zh = "甲"}
mood = {en = "B", zh = "乙"}
"""


@pytest.fixture
def owner_folder(tmp_path: Path):
    """The folder of the owner's templates; they are removed from the gallery at the end."""
    yield tmp_path
    for path in tmp_path.iterdir():
        path.unlink()
    face_templates.load_owner_templates(tmp_path)


@pytest.mark.parametrize("key", IDS)
def test_load_template_loads_every_shipped_template(key: str) -> None:
    """Each shipped template has layers of one size, a frontal face within the frame."""
    template = face_templates.load_template(key)
    height, width = template.base.shape[:2]
    assert min(height, width) >= 1024
    assert template.composite.shape == template.base.shape == (height, width, 3)
    assert template.front_layer is None or template.front_layer.shape == (height, width, 4)
    assert template.skin_mask is None
    assert template.face.landmarks.shape == (478, 2)
    assert template.face.cropped_share == 0
    assert max(abs(template.face.yaw), abs(template.face.roll)) < 15


@pytest.mark.parametrize("key", IDS)
def test_load_template_returns_one_read_only_object(key: str) -> None:
    """Callers share the arrays, so writing to them fails."""
    template = face_templates.load_template(key)
    assert face_templates.load_template(key) is template
    with pytest.raises(ValueError):
        template.base[0, 0] = 0
    with pytest.raises(ValueError):
        template.composite[0, 0] = 0


def test_list_templates_has_unique_ids_and_names_in_both_languages() -> None:
    """No two templates share an id or alias, and each has a name and a mood in both languages."""
    infos = face_templates.list_templates()
    keys = [key for info in infos for key in (info.id, *info.aliases)]
    assert len(keys) == len(set(keys))
    assert all(info.name[language] and info.mood[language] for info in infos for language in ("en", "zh"))


def test_find_template_accepts_aliases() -> None:
    """A vendor's id finds the same object as our id."""
    for info in face_templates.list_templates():
        assert all(face_templates.find_template(alias) is info for alias in info.aliases)


def test_find_template_knows_the_ids_of_the_vendors_documents() -> None:
    """The two ids in the vendor's documents work offline and name two different templates."""
    first, second = (face_templates.find_template(key) for key in ("gjw4tjeloaba2psk973", "08bp4tnfkm560qv6"))
    assert first is not second


@pytest.mark.parametrize("key", ["", "no-such-template", "../lion", "LION"])
def test_load_template_rejects_unknown_ids(key: str) -> None:
    """An unknown id is an UnknownTemplate error that names it."""
    with pytest.raises(UnknownTemplate) as refused:
        face_templates.load_template(key)
    assert refused.value.facts == {"template": key}


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ('zh = "甲"', 'fr = "A"', "name"),
        ('mood = {en = "B"', 'mood = {en = ""', "mood"),
        ('aliases = ["v"]', 'aliases = ["v"]\ncolour = 1', "colour"),
        ('aliases = ["v"]', 'aliases = ["v", 7]', "id and aliases"),
        ('id = "a"', 'id = "b"', "no b"),
    ],
)
def test_load_template_rows_names_the_number_of_a_bad_row(tmp_path: Path, old: str, new: str, hint: str) -> None:
    """A bad row is an error at start with the number of the row and the reason."""
    (tmp_path / "a").mkdir()
    rows = tmp_path / "templates.toml"
    rows.write_text(ROW, "utf-8")
    assert [info.aliases for info in face_templates.load_template_rows(rows, tmp_path)] == [("v",)]
    rows.write_text(ROW.replace(old, new), "utf-8")
    with pytest.raises(ValueError, match=rf"templates.toml, template 1.*{hint}"):
        face_templates.load_template_rows(rows, tmp_path)
    rows.write_text(ROW + ROW, "utf-8")
    with pytest.raises(ValueError, match="template 2"):
        face_templates.load_template_rows(rows, tmp_path)


def test_owner_template_of_a_photo_gets_detected_landmarks(owner_folder: Path) -> None:
    """A photo in the owner's folder is a template like any other, named after its file."""
    Image.fromarray(data.astronaut()).save(owner_folder / "my_friend.png")
    (owner_folder / "notes.txt").write_text("not a picture")
    (info,) = face_templates.load_owner_templates(owner_folder)
    assert info in face_templates.list_templates()
    assert (info.id, info.name["en"], info.kind) == ("my_friend", "my friend", "own")
    template = face_templates.load_template("my_friend")
    assert template.face.width == pytest.approx(92, abs=5)
    assert template.skin_mask is not None
    assert template.skin_mask.any()


def test_owner_template_of_a_drawing_gets_landmarks_from_its_json_file(owner_folder: Path) -> None:
    """A picture without a detectable face works with authored landmarks, scaled to the picture's size."""
    Image.new("RGB", (300, 400), "orange").save(owner_folder / "doll.webp")
    points = np.random.default_rng(0).uniform(10, 90, (478, 2)).tolist()
    authored = {"size": [100, 133], "landmarks": points, "depth": [0.0] * 478}
    (owner_folder / "doll.json").write_text(json.dumps(authored))
    face_templates.load_owner_templates(owner_folder)
    assert face_templates.load_template("doll").face.landmarks[:, 0] == pytest.approx(
        np.array(points)[:, 0] * 3, rel=1e-4
    )


def test_owner_template_without_a_face_is_listed_and_rejected_on_use(
    owner_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The gallery lists it; a warning names the file; loading it is a TemplateHasNoFace error."""
    Image.fromarray(data.coffee()).save(owner_folder / "cup.png")
    assert [info.id for info in face_templates.load_owner_templates(owner_folder)] == ["cup"]
    assert "no face is found in cup.png" in caplog.text
    with pytest.raises(TemplateHasNoFace) as refused:
        face_templates.load_template("cup")
    assert refused.value.facts == {"template": "cup"}


def test_owner_template_that_is_no_picture_is_left_out(owner_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A text and half a picture have no tile; a warning names each."""
    Image.fromarray(data.astronaut()).save(owner_folder / "whole.jpg")
    (owner_folder / "text.jpg").write_bytes(b"no picture at all")
    (owner_folder / "half.jpg").write_bytes((owner_folder / "whole.jpg").read_bytes()[:9000])
    assert [info.id for info in face_templates.load_owner_templates(owner_folder)] == ["whole"]
    for name in ("text.jpg", "half.jpg"):
        assert f"{name} cannot be opened as a picture" in caplog.text
    assert "whole.jpg" not in caplog.text


def test_owner_template_with_two_faces_is_warned_about(owner_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The largest face is replaced, and a warning says so."""
    Image.fromarray(np.hstack([data.astronaut(), data.astronaut()])).save(owner_folder / "pair.png")
    assert [info.id for info in face_templates.load_owner_templates(owner_folder)] == ["pair"]
    assert "pair.png has 2 faces; only the largest is replaced" in caplog.text


def test_owner_template_with_a_shipped_id_is_rejected(owner_folder: Path) -> None:
    """An owner's picture with the id of a shipped template is an error that names the file."""
    Image.new("RGB", (9, 9)).save(owner_folder / "lion.png")
    with pytest.raises(ValueError, match=r"lion\.png"):
        face_templates.load_owner_templates(owner_folder)


def test_load_tile_has_room_above_the_face() -> None:
    """On a tile the face is below the middle, so that the ears or eyes on top of a hood are seen."""
    tile = face_templates.load_tile(face_templates.find_template("frog"))
    x, y = np.array(tile.face.centre) / face_templates.TILE_PX
    assert x == pytest.approx(0.5, abs=0.01)
    assert y == pytest.approx(0.5 + face_templates.TILE_RISE_SHARE, abs=0.01)
    assert tile.base.shape == (face_templates.TILE_PX, face_templates.TILE_PX, 3)
