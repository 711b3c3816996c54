"""Two pictures made to lie over each other: the same shape, nothing of the first one lost."""

import numpy as np
import pytest

from meitu_demo.domain.model import Image, Photo
from meitu_demo.engine.imaging.comparison import MAX_SIDE_PX, align_to_result
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.photos import codec

RED = (200, 40, 40)


def photo(width: int, height: int) -> Photo:
    return as_photo(np.full((height, width, 3), RED, np.uint8))


def as_photo(pixels: Image) -> Photo:
    return Photo(codec.encode(pixels), "image/jpeg", pixels.shape[1], pixels.shape[0])


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 960), (321, 240)])
def test_comparison_leaves_the_same_shape_unchanged(size: tuple[int, int]) -> None:
    """Another size with the same aspect (rounding allowed) needs no second encoding."""
    source = photo(320, 240)
    assert align_to_result(source, photo(*size), changes_framing=False) is source.data


@pytest.mark.parametrize(
    "size", [(240, 320), (512, 512), (600, 100), (100, 600), (4096, 48), (48, 4096), (1800, 2400), (16, 17)]
)
def test_comparison_fits_another_shape_into_the_frame(size: tuple[int, int]) -> None:
    """The aspect is the result's, no longer than a screen needs, with the whole photo in the middle."""
    matched = align_to_result(photo(320, 240), photo(*size), changes_framing=False)
    width, height = codec.read_size(matched)
    assert max(width, height) == min(max(size), MAX_SIDE_PX)
    assert abs(width * size[1] - height * size[0]) <= max(size)  # within a pixel's rounding
    middle = codec.decode(matched)[height // 2, width // 2].astype(int)
    assert np.abs(middle - RED).max() <= 24


@pytest.mark.parametrize("source", [(48, 4096), (4096, 48), (11, 1999)])
@pytest.mark.parametrize("reframed", [False, True])
def test_comparison_accepts_extreme_sizes(source: tuple[int, int], reframed: bool) -> None:
    """A strip of a photo beside a square result is no fault."""
    assert codec.read_size(align_to_result(photo(*source), photo(512, 512), changes_framing=reframed)) == (512, 512)


def test_comparison_aligns_faces_when_framing_changes(portrait_pixels: Image) -> None:
    """Where the result shows the person elsewhere, the photo is moved until the faces meet."""
    elsewhere = np.full((500, 400, 3), 90, np.uint8)
    elsewhere[170:490, 70:390] = portrait_pixels
    matched = codec.decode(align_to_result(as_photo(portrait_pixels), as_photo(elsewhere), changes_framing=True))
    assert matched.shape == elsewhere.shape
    there, here = find_faces(elsewhere)[0], find_faces(matched)[0]
    assert np.abs(np.subtract(here.centre, there.centre)).max() < 0.05 * there.side
    assert abs(here.side / there.side - 1) < 0.05


def test_comparison_fits_the_photo_when_no_face_is_found(portrait_pixels: Image) -> None:
    """No face in one of the two: the frame's shape, and the photo in its middle."""
    matched = align_to_result(photo(320, 240), as_photo(portrait_pixels), changes_framing=True)
    assert codec.read_size(matched) == (320, 320)
    assert np.abs(codec.decode(matched)[160, 160].astype(int) - RED).max() <= 24


def test_comparison_fills_the_frame_where_no_edge_is_visible(portrait_pixels: Image) -> None:
    """A result that shows less of the person is met by the photo's own pixels, right into the corners."""
    closer = np.ascontiguousarray(portrait_pixels[40:300, 30:290])
    matched = codec.decode(align_to_result(as_photo(portrait_pixels), as_photo(closer), changes_framing=True))
    assert matched.shape == closer.shape
    apart = np.abs(matched.astype(int) - closer).mean(axis=2)
    strips = (apart[:12], apart[-12:], apart[:, :12], apart[:, -12:])
    assert max(strip.mean() for strip in strips) < 12


@pytest.mark.parametrize("reframed", [False, True])
def test_comparison_does_not_extend_cropped_content(reframed: bool) -> None:
    """Hair that ends at the photo's edge fades into the wall beside it, instead of going on as a streak."""
    wall = np.full((240, 320, 3), 235, np.uint8)
    wall[:200, 110:210] = 20
    matched = codec.decode(align_to_result(as_photo(wall), photo(240, 480), changes_framing=reframed)).astype(int)
    assert np.abs(matched[:50] - 235).max() <= 6
    assert matched[240, 120].max() < 40  # the photo itself is there
