"""The thumbnails of contact sheets: one for each shape and strength, small, and no two alike."""

import numpy as np
import pytest

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.domain.vendor_codes import FACE_PARTS
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.contact_sheets import (
    STRENGTHS,
    THUMBNAIL_PX,
    THUMBNAIL_QUALITY,
    FaceCrop,
    crop_face,
    render_shapes,
    render_strengths,
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
