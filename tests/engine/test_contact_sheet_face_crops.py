"""Face crops: a crop draws the same shapes as the offline engine, only smaller, and is rejected like a run."""

import cv2
import numpy as np
import pytest

from meitu_demo.domain.errors import DemoError, EngineRejection, ImageRejected, NoFace
from meitu_demo.domain.model import Image
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.contact_sheets import MAX_VISIBLE_PX, FaceCrop, crop_face
from meitu_demo.engine.effects.reshape import reshape
from meitu_demo.engine.imaging.face_checks import pick_face
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.offline.effect_runner import apply_effect
from meitu_demo.photos import codec

AESTHETICS = CATALOGUE["facial_aesthetics"]


@pytest.fixture(scope="module")
def large_face() -> bytes:
    return codec.encode(cv2.resize(load_astronaut(), (1900, 1900), interpolation=cv2.INTER_CUBIC))


@pytest.fixture(scope="module")
def sent(large_face: bytes) -> Image:
    """The pixels that the engine gets."""
    return codec.decode(codec.prepare(large_face, AESTHETICS.limits).photo.data)


@pytest.fixture(scope="module")
def face_crop(large_face: bytes) -> FaceCrop:
    return crop_face(AESTHETICS, large_face)


@pytest.mark.parametrize("shape", range(22))
def test_face_crop_draws_the_shape_that_the_engine_draws(shape: int, sent: Image, face_crop: FaceCrop) -> None:
    """Cropping before or after the warp gives the same picture up to rounding, and not the photo itself."""
    face = pick_face(sent)
    scale = face_crop.face.width / face.width
    x0, y0 = np.round((face.landmarks - ((face_crop.face.landmarks + 0.5) / scale - 0.5)).mean(0)).astype(int)
    height, width = face_crop.pixels.shape[:2]
    part = slice(y0, y0 + round(height / scale)), slice(x0, x0 + round(width / scale))

    def small(pixels: Image) -> Image:
        return cv2.resize(pixels[part], (width, height), interpolation=cv2.INTER_AREA).astype(np.int16)

    expected, drawn = small(reshape(sent, face, shape, 1.0)), reshape(face_crop.pixels, face_crop.face, shape, 1.0)
    moved = np.abs(face_crop.crop_visible(expected) - face_crop.crop_visible(small(sent))).max(-1) > 16
    off = np.abs(face_crop.crop_visible(expected) - face_crop.crop_visible(drawn).astype(np.int16))
    assert moved.sum() > 300
    assert off[moved].mean() < 4.0
    assert off.mean() < 1.0


def test_face_crop_is_small_and_contains_the_face(face_crop: FaceCrop, portrait: bytes) -> None:
    """The crop has at most 512 px, a small face is not enlarged, and a thumbnail has its face at the same position."""
    x, y, side = face_crop.visible_square
    assert side == MAX_VISIBLE_PX
    assert ((face_crop.face.landmarks > (x, y)) & (face_crop.face.landmarks < (x + side, y + side))).all()
    small = crop_face(AESTHETICS, portrait)
    assert small.visible_square[2] < 200
    thumb = face_crop.shrink_to(100)
    assert thumb.visible_square[2] == 100
    assert np.allclose(thumb.face.landmarks / 100, face_crop.face.landmarks / MAX_VISIBLE_PX, atol=0.02)
    assert thumb.shrink_to(200) is thumb


@pytest.mark.parametrize(("part", "inside"), [("face", 152), ("eyes", 133), ("nose", 1), ("mouth", 13)])
def test_show_part_moves_the_visible_square_onto_the_part(part: str, inside: int, face_crop: FaceCrop) -> None:
    """A landmark of the part is in the middle third of the square or, for the face, its chin within; eyes to mouth are
    smaller than the face.
    """
    shown = face_crop.show_part(part)
    x, y, side = shown.visible_square
    offset = (face_crop.face.landmarks[inside] - (x, y)) / side
    assert ((offset > 0.2) & (offset < 0.95)).all()
    assert side < face_crop.visible_square[2]
    assert shown.shrink_to(60).visible_square[2] == 60
    assert shown.crop_visible(shown.pixels).shape == (side, side, 3)


def test_face_crop_survives_pack_and_unpack(face_crop: FaceCrop) -> None:
    """An unpacked crop draws the same picture."""
    unpacked = FaceCrop.unpack(face_crop.pack())
    assert (unpacked.visible_square, unpacked.face_count) == (face_crop.visible_square, 1)
    assert (reshape(unpacked.pixels, unpacked.face, 3) == reshape(face_crop.pixels, face_crop.face, 3)).all()


def test_face_crop_of_a_face_at_the_edge_stays_inside_the_photo() -> None:
    """Where a photo has no margin beside the face, the square stays inside the photo."""
    photo = np.ascontiguousarray(load_astronaut()[60:200, 165:285])
    found = crop_face(AESTHETICS, codec.encode(photo))
    x, y, side = found.visible_square
    assert found.crop_visible(found.pixels).shape == (side, side, 3)
    assert min(x, y) >= 0


def test_face_crop_uses_the_largest_face_and_counts_all() -> None:
    """Of two faces the largest is used, as in a run, and both are counted."""
    photo = load_astronaut()
    half = cv2.resize(photo, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    both = np.zeros((512, 900, 3), np.uint8)
    both[:, :512], both[: half.shape[0], 520 : 520 + half.shape[1]] = photo, half
    found = crop_face(AESTHETICS, codec.encode(both))
    assert found.face_count == 2
    assert found.face.side == pytest.approx(pick_face(photo).side, rel=0.05)


@pytest.mark.parametrize("kind", ["faceless", "cut", "tiny", "broken"])
def test_face_crop_rejects_what_a_run_rejects(kind: str, faceless: bytes) -> None:
    """A photo that a run rejects is rejected with the same error, also one that cannot be sent."""
    cut = codec.encode(np.ascontiguousarray(load_astronaut()[100:300, 180:330]))
    source = {"faceless": faceless, "cut": cut, "tiny": codec.encode(np.zeros((8, 8, 3), np.uint8)), "broken": b"x"}[
        kind
    ]
    with pytest.raises(DemoError) as refused:
        crop_face(AESTHETICS, source)
    assert isinstance(refused.value, NoFace | EngineRejection | ImageRejected)
    with pytest.raises(DemoError) as run:
        apply_effect(AESTHETICS, source, {})
    assert type(run.value) is type(refused.value)
