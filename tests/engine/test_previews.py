"""Previews: small, of the face where one is needed, with the photo where both share a frame; tiles of the gallery."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from meitu_demo.domain.errors import EngineRejection, ValueRejected
from meitu_demo.domain.model import Endpoint
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine import face_templates
from meitu_demo.engine.contact_sheets import FaceCrop, crop_face
from meitu_demo.engine.effects.fuse import fuse
from meitu_demo.engine.face_templates import TILE_PX
from meitu_demo.engine.imaging import faces
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.previews import (
    MAX_PREVIEW_PX,
    Preview,
    render_crop_preview,
    render_example_tile,
    render_photo_preview,
    render_tiles,
)
from meitu_demo.photos import codec

RESHAPE, FUSE = CATALOGUE["facial_aesthetics"], CATALOGUE["face_fuse"]


@pytest.fixture(scope="module")
def face_crop(astronaut_jpeg: bytes) -> FaceCrop:
    return crop_face(RESHAPE, astronaut_jpeg)


def reshape(face_crop: FaceCrop, shape: object, strength: object) -> Preview:
    return render_crop_preview(RESHAPE, RESHAPE.validate({"shape_type": shape, "strength": strength}), face_crop)


def test_crop_preview_shows_the_face_before_and_after(face_crop: FaceCrop) -> None:
    """Both pictures are the visible square of the crop; strength 0 changes nothing, more strength changes more."""
    found = [reshape(face_crop, "8", strength) for strength in (0.0, 0.5, 1.0)]
    pictures = [codec.decode(preview.after).astype(float) for preview in found]
    before = codec.decode(found[0].before or b"").astype(float)
    assert before.shape[:2] == (face_crop.visible_square[2],) * 2 == found[0].size
    differences = [np.abs(picture - before).mean() for picture in pictures]
    assert differences[0] < 0.5 < differences[1] < differences[2]


@pytest.mark.parametrize("endpoint", [RESHAPE, FUSE])
def test_crop_preview_does_not_search_for_the_face_again(
    endpoint: Endpoint, face_crop: FaceCrop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crop's own face is edited: no detector runs at a move of a slider."""
    monkeypatch.setattr(faces, "_borrow_models", lambda: pytest.fail("a detector runs"))
    assert render_crop_preview(endpoint, endpoint.validate({}), face_crop).after


def test_crop_preview_of_another_frame_has_no_before(face_crop: FaceCrop) -> None:
    """Face fuse moves the person into a template: there is no photo to lay over it."""
    preview = render_crop_preview(FUSE, FUSE.validate({}), face_crop)
    assert (preview.before, max(codec.read_size(preview.after))) == (None, MAX_PREVIEW_PX)


@pytest.mark.parametrize(("shape", "strength"), [(22, 0.5), (-1, 0.5), (1, 1.1), (1, float("nan"))])
def test_crop_preview_rejects_unknown_shapes_and_strengths(face_crop: FaceCrop, shape: int, strength: float) -> None:
    """An unknown shape or a strength outside 0..1 is rejected."""
    with pytest.raises(ValueRejected):
        reshape(face_crop, shape, strength)


@pytest.mark.parametrize("endpoint_id", ["anime_avatar", "quality_restoration"])
def test_photo_preview_shrinks_the_whole_photo(endpoint_id: str, astronaut_jpeg: bytes) -> None:
    """The picture is at most MAX_PREVIEW_PX wide and high."""
    endpoint = CATALOGUE[endpoint_id]
    preview = render_photo_preview([(endpoint, endpoint.validate({}))], astronaut_jpeg)
    assert codec.read_size(preview.after) == preview.size
    assert max(preview.size) <= MAX_PREVIEW_PX


def test_photo_preview_of_several_steps_applies_each_to_the_result_before(astronaut_jpeg: bytes) -> None:
    """Two steps differ from either alone; the pictures stay small, although restoration enlarges each time."""
    eyes, restore = CATALOGUE["facial_aesthetics"], CATALOGUE["quality_restoration"]
    steps = [(eyes, eyes.validate({"shape_type": "8", "strength": 1.0})), (restore, restore.validate({}))]
    first, second, both = (render_photo_preview(chosen, astronaut_jpeg) for chosen in (steps[:1], steps[1:], steps))
    assert len({first.after, second.after, both.after}) == 3
    assert max(render_photo_preview(steps[1:] * 3, astronaut_jpeg).size) == MAX_PREVIEW_PX


def test_photo_preview_raises_the_effects_rejection(faceless: bytes) -> None:
    """Without a face there is no avatar."""
    endpoint = CATALOGUE["anime_avatar"]
    with pytest.raises(EngineRejection):
        render_photo_preview([(endpoint, endpoint.validate({}))], faceless)


def test_render_tiles_puts_the_face_on_each_template(
    face_crop: FaceCrop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles are squares in gallery order, near the full picture's head; an owner's template without a face has none."""
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 200, 3), 128, np.uint8))
    monkeypatch.setattr(face_templates, "_owner_templates", {})
    face_templates.load_owner_templates(tmp_path)
    infos = [face_templates.list_templates()[index] for index in (0, 1, -1)]  # a few, because each is slow to load
    monkeypatch.setattr(face_templates, "list_templates", lambda: infos)
    *pictures, last = render_tiles(face_crop)
    assert last is None
    wall = codec.decode(render_example_tile(infos[-1]))
    assert wall.shape == (TILE_PX, TILE_PX, 3)
    assert abs(wall.mean() - 128) < 3
    for info, picture in zip(infos[:-1], pictures, strict=True):
        assert picture is not None
        tile, bare = codec.decode(picture), face_templates.load_tile(info)
        assert tile.shape == (TILE_PX, TILE_PX, 3)
        assert (np.abs(tile.astype(float) - bare.composite).max(-1) > 24).sum() > 100
        assert face_templates.load_tile(info) is bare
        whole = fuse(face_crop.pixels, face_crop.face, face_templates.load_template(info.id))
        face = face_templates.load_template(info.id).face
        scale = bare.face.side / face.side
        (x, y), side = np.array(face.centre) - np.array(bare.face.centre) / scale, TILE_PX / scale
        head = whole[round(y) : round(y + side), round(x) : round(x + side)]
        small = cv2.resize(head, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
        assert cv2.PSNR(cv2.GaussianBlur(small, (0, 0), 1.5), cv2.GaussianBlur(tile, (0, 0), 1.5)) > 28


def test_render_example_tile_shows_the_examples_face() -> None:
    """Before there is a photo, a tile shows a person: the engine finds the face on it."""
    info = face_templates.find_template("knight_coif")
    assert len(find_faces(codec.decode(render_example_tile(info)))) == 1
