"""The face cut out of its photo: the offline engine's own picture of it, only smaller; refused as a run is."""

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
def sent() -> Image:
    """A photo with a large face, as it would be sent."""
    large = cv2.resize(load_astronaut(), (1900, 1900), interpolation=cv2.INTER_CUBIC)
    return codec.decode(codec.prepare(codec.encode(large), AESTHETICS.limits).photo.data)


@pytest.fixture(scope="module")
def closeup(sent: Image) -> FaceCrop:
    return crop_face(AESTHETICS, codec.encode(sent))


@pytest.mark.parametrize("shape", range(22))
def test_a_shape_is_what_the_engine_draws(shape: int, sent: Image, closeup: FaceCrop) -> None:
    """Cut out and shrunk before the warp or after it: the same but for a rounding, and not the photo itself."""
    face = pick_face(sent)
    scale = closeup.face.width / face.width
    x0, y0 = np.round(face.landmarks[0] - closeup.face.landmarks[0] / scale).astype(int)
    height, width = closeup.pixels.shape[:2]
    part = slice(y0, y0 + round(height / scale)), slice(x0, x0 + round(width / scale))

    def small(pixels: Image) -> Image:
        return cv2.resize(pixels[part], (width, height), interpolation=cv2.INTER_AREA).astype(np.int16)

    meant, drawn = small(reshape(sent, face, shape, 1.0)), reshape(closeup.pixels, closeup.face, shape, 1.0)
    moved = np.abs(closeup.crop_visible(meant) - closeup.crop_visible(small(sent))).max(-1) > 16
    off = np.abs(closeup.crop_visible(meant) - closeup.crop_visible(drawn).astype(np.int16))
    assert moved.sum() > 300
    assert off[moved].mean() < 4.0
    assert off.mean() < 1.0


def test_what_is_shown_is_small_and_holds_the_face(closeup: FaceCrop, portrait: bytes) -> None:
    """512 px and no more; a small face is not enlarged; a thumbnail of it has its face at the same place."""
    x, y, side = closeup.visible_square
    assert side == MAX_VISIBLE_PX
    assert ((closeup.face.landmarks > (x, y)) & (closeup.face.landmarks < (x + side, y + side))).all()
    small = crop_face(AESTHETICS, portrait)
    assert small.visible_square[2] < 200
    thumb = closeup.shrink_to(100)
    assert thumb.visible_square[2] == 100
    assert np.allclose(thumb.face.landmarks / 100, closeup.face.landmarks / MAX_VISIBLE_PX, atol=0.02)
    assert thumb.shrink_to(200) is thumb


def test_bytes_hold_all_of_it(closeup: FaceCrop) -> None:
    """Packed and unpacked, it draws the same picture."""
    again = FaceCrop.unpack(closeup.pack())
    assert (again.visible_square, again.face_count) == (closeup.visible_square, 1)
    assert (reshape(again.pixels, again.face, 3) == reshape(closeup.pixels, closeup.face, 3)).all()


def test_a_face_at_the_edge_is_shown_as_far_as_it_goes() -> None:
    """There is no room beside it: the square stays inside the photo."""
    photo = np.ascontiguousarray(load_astronaut()[60:200, 165:285])
    found = crop_face(AESTHETICS, codec.encode(photo))
    x, y, side = found.visible_square
    assert found.crop_visible(found.pixels).shape == (side, side, 3)
    assert min(x, y) >= 0


def test_of_two_faces_the_largest_is_taken_and_both_are_counted() -> None:
    """As a run takes it."""
    photo = load_astronaut()
    half = cv2.resize(photo, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    both = np.zeros((512, 900, 3), np.uint8)
    both[:, :512], both[: half.shape[0], 520 : 520 + half.shape[1]] = photo, half
    found = crop_face(AESTHETICS, codec.encode(both))
    assert found.face_count == 2
    assert found.face.side == pytest.approx(pick_face(photo).side, rel=0.05)


@pytest.mark.parametrize("kind", ["faceless", "cut", "tiny", "broken"])
def test_it_refuses_what_a_run_refuses(kind: str, faceless: bytes) -> None:
    """With the same error; a photo that cannot be sent is none to look at."""
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
