import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from meitu_demo.engine.imaging.blend import (
    alpha_composite,
    blend_linear,
    blend_multiband,
    blur_mask,
    build_polygon_mask,
    feather_mask,
)

ASTRONAUT, COFFEE = data.astronaut()[:300, :280], data.coffee()[:300, :280]


def test_blend_multiband_shows_one_picture_under_a_full_mask() -> None:
    """A mask that is full everywhere gives exactly one of the pictures, to a rounding step."""
    ones = np.ones(ASTRONAUT.shape[:2], np.float32)
    assert abs(blend_multiband(ASTRONAUT, COFFEE, ones, 5).astype(int) - ASTRONAUT).max() <= 1
    assert (blend_multiband(ASTRONAUT, COFFEE, ones * 0, 5) == COFFEE).all()


def test_blend_multiband_hides_a_difference_in_tone() -> None:
    """Over a hard mask the tone changes across many pixels: no step is as high as in the pasted picture."""
    dark, light = np.full((200, 200, 3), 80, np.uint8), np.full((200, 200, 3), 160, np.uint8)
    mask = np.zeros((200, 200), np.float32)
    mask[:, 100:] = 1
    steps = abs(np.diff(blend_multiband(light, dark, mask, 5)[100, :, 0].astype(int)))
    assert steps.max() < 20


def test_blend_multiband_spreads_no_tone_from_below_the_top_mask() -> None:
    """A black half of the top picture that is masked out darkens nothing beside it, and outside the limit is bottom."""
    top, bottom = np.full((200, 200, 3), 160, np.uint8), np.full((200, 200, 3), 160, np.uint8)
    top[:, :100] = 0
    bottom[:20] = 90
    right = np.zeros((200, 200), np.float32)
    right[:, 100:] = 1
    below = np.ones((200, 200), np.float32)
    below[:20] = 0
    result = blend_multiband(top, bottom, right, 5, top_mask=right, limit=below)
    assert abs(result[60:].astype(int) - 160).max() <= 1
    assert (result[:20] == 90).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 9))
def test_blend_multiband_accepts_any_size(height: int, width: int, levels: int) -> None:
    """Odd, tiny and very long pictures are blended like others."""
    one, other = np.full((height, width, 3), 30, np.uint8), np.full((height, width, 3), 200, np.uint8)
    result = blend_multiband(one, other, np.full((height, width), 0.5, np.float32), levels)
    assert abs(result.astype(int) - 115).max() <= 1


@pytest.mark.parametrize("feather", [0, 3, 40])
def test_build_polygon_mask_is_one_inside_and_zero_outside(feather: float) -> None:
    """Half a feather width from its edge a mask is nearly full or nearly empty, also on a coarse grid."""
    square = np.array([(100, 100), (300, 100), (300, 300), (100, 300)], float)
    mask = build_polygon_mask(square, (401, 397), feather)
    assert mask.shape == (401, 397)
    assert mask[200, 200] > 0.99
    assert mask[200, 100 + int(feather) + 2] > 0.9
    assert mask[200, 100 - int(feather) - 2] < 0.1
    assert mask[5, 5] < 0.01


def test_build_polygon_mask_accepts_points_far_outside() -> None:
    """A polygon outside the picture gives an empty mask and no overflow."""
    assert build_polygon_mask(np.full((4, 2), 1e12), (50, 60), 3).max() == 0


def test_feather_mask_preserves_the_sum() -> None:
    """A softened mask has the same sum as before."""
    mask = build_polygon_mask(np.array([(40, 40), (90, 40), (90, 90)], float), (128, 128), 0)
    assert feather_mask(mask, 8).sum() == pytest.approx(mask.sum(), rel=1e-3)


def test_alpha_composite_follows_the_alpha_channel() -> None:
    """Opaque pixels of the front layer hide the back, transparent ones do not, half-transparent ones mix."""
    alpha = np.zeros((300, 280, 1), np.uint8)
    alpha[100:200], alpha[200:] = 255, 128
    over = alpha_composite(COFFEE, np.concatenate([ASTRONAUT, alpha], 2))
    assert (over[:100] == COFFEE[:100]).all()
    assert (over[100:200] == ASTRONAUT[100:200]).all()
    assert abs(over[200:].astype(int) - (ASTRONAUT[200:] // 2 + COFFEE[200:] // 2)).max() <= 3
    assert (blend_linear(COFFEE, ASTRONAUT, np.ones((300, 280), np.float32)) == ASTRONAUT).all()


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_blur_mask_keeps_the_angle_of_an_outline_to_the_border(scale: float) -> None:
    """A slanting edge that the upper border cuts stays where it was, to half a pixel, in every row."""
    rows, columns = np.mgrid[:40, :200]
    mask = (columns > 100 - 1.5 * rows).astype(np.float32)
    edges = 200 - blur_mask(mask, 2.5 * scale, scale).sum(1) / scale
    expected = 101 - 1.5 * ((np.arange(40 * scale) + 0.5) / scale - 0.5)
    assert np.abs(edges - expected)[: int(30 * scale)].max() < 0.5
