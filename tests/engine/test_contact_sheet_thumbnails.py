"""The thumbnails of contact sheets: one for each shape, strength and template, small, and no two alike."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.domain.vendor_codes import FACE_PARTS
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine import face_templates
from meitu_demo.engine.contact_sheets import (
    STRENGTHS,
    THUMBNAIL_PX,
    THUMBNAIL_QUALITY,
    FaceCrop,
    crop_face,
    render_shapes,
    render_strengths,
    render_templates,
)
from meitu_demo.photos import codec


@pytest.fixture(scope="module")
def face_crop(astronaut_jpeg: bytes) -> FaceCrop:
    return crop_face(CATALOGUE["facial_aesthetics"], astronaut_jpeg)


def test_render_shapes_draws_22_different_pictures(face_crop: FaceCrop) -> None:
    """The 22 shapes differ from each other and from the photo, which comes first of each part."""
    pictures = list(render_shapes(face_crop))
    assert len(set(pictures)) == 22 + len(FACE_PARTS)
    small = face_crop.show_part("eyes").shrink_to(THUMBNAIL_PX)
    assert pictures[9] == codec.encode(small.crop_visible(small.pixels), THUMBNAIL_QUALITY)
    assert all(max(codec.read_size(picture)) <= THUMBNAIL_PX for picture in pictures)


def test_render_strengths_moves_more_with_more_strength(face_crop: FaceCrop) -> None:
    """The pictures go from the photo itself at strength 0 to the full shape at 1."""
    first, *others = (codec.decode(picture).astype(float) for picture in render_strengths(face_crop, 2))
    part = face_crop.show_part("face").shrink_to(THUMBNAIL_PX)
    assert np.abs(first - part.crop_visible(part.pixels)).mean() < 5  # JPEG error
    moved = [np.abs(picture - first).mean() for picture in others]
    assert len(moved) == len(STRENGTHS) - 1
    assert moved == sorted(moved)


@pytest.mark.parametrize("shape", [22, -1])
def test_render_strengths_rejects_unknown_shapes(face_crop: FaceCrop, shape: int) -> None:
    """An unknown shape is rejected."""
    with pytest.raises(ValueRejected):
        next(render_strengths(face_crop, shape))


def test_render_templates_puts_the_face_on_each_template(
    face_crop: FaceCrop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures are in gallery order and differ from the template; an owner's template without a face has none."""
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 300, 3), 128, np.uint8))
    monkeypatch.setattr(face_templates, "_owner_templates", {})
    face_templates.load_owner_templates(tmp_path)
    some = [face_templates.list_templates()[index] for index in (0, 1, -1)]  # a few, because each is slow to load
    monkeypatch.setattr(face_templates, "list_templates", lambda: some)
    *pictures, last = render_templates(face_crop)
    assert last is None
    for info, picture in zip(some[:-1], pictures, strict=True):
        assert picture is not None
        pixels = codec.decode(picture)
        bare = cv2.resize(
            face_templates.load_template(info.id).composite, pixels.shape[1::-1], interpolation=cv2.INTER_AREA
        )
        assert pixels.shape[1] == THUMBNAIL_PX
        if info.kind == "drawn":
            assert (np.abs(pixels.astype(float) - bare).max(-1) > 24).sum() > 100
