"""The pictures of a sheet: one for each shape, strength and template, small, and none like another."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine import face_templates
from meitu_demo.engine.contact_sheets import (
    STRENGTHS,
    THUMBNAIL_PX,
    FaceCrop,
    crop_face,
    render_preview,
    render_shapes,
    render_strengths,
    render_templates,
)
from meitu_demo.photos import codec


@pytest.fixture(scope="module")
def closeup(astronaut_jpeg: bytes) -> FaceCrop:
    return crop_face(CATALOGUE["facial_aesthetics"], astronaut_jpeg)


def test_all_22_differ(closeup: FaceCrop) -> None:
    """From each other and from the photo."""
    still = render_preview(closeup.shrink_to(THUMBNAIL_PX), 0, 0.0)
    pictures = list(render_shapes(closeup))
    assert len({still, *pictures}) == 23
    assert all(max(codec.read_size(picture)) <= THUMBNAIL_PX for picture in pictures)


def test_more_strength_moves_more(closeup: FaceCrop) -> None:
    """From the photo itself at 0 to the whole shape at 1."""
    first, *others = (codec.decode(picture).astype(float) for picture in render_strengths(closeup, 2))
    assert np.abs(first - closeup.crop_visible(closeup.pixels)).mean() < 5  # the JPEG's own
    moved = [np.abs(picture - first).mean() for picture in others]
    assert len(moved) == len(STRENGTHS) - 1
    assert moved == sorted(moved)


@pytest.mark.parametrize(("shape", "strength"), [(22, 0.5), (-1, 0.5), (1, 1.1), (1, float("nan"))])
def test_no_such_picture(closeup: FaceCrop, shape: int, strength: float) -> None:
    """A shape or strength that there is not is refused."""
    with pytest.raises(ValueRejected):
        render_preview(closeup, shape, strength)


def test_each_template_wears_the_face(closeup: FaceCrop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the gallery's order, unlike the template itself; one of the owner's without a face has no picture."""
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 300, 3), 128, np.uint8))
    monkeypatch.setattr(face_templates, "_owner_templates", {})
    face_templates.load_owner_templates(tmp_path)
    some = [face_templates.list_templates()[at] for at in (0, 1, -1)]  # they are many, and each takes a while to load
    monkeypatch.setattr(face_templates, "list_templates", lambda: some)
    *pictures, last = render_templates(closeup)
    assert last is None
    for info, picture in zip(some[:-1], pictures, strict=True):
        assert picture is not None
        shown = codec.decode(picture)
        bare = cv2.resize(
            face_templates.load_template(info.id).composite, shown.shape[1::-1], interpolation=cv2.INTER_AREA
        )
        assert shown.shape[1] == THUMBNAIL_PX
        if info.kind == "drawn":
            assert (np.abs(shown.astype(float) - bare).max(-1) > 24).sum() > 100
