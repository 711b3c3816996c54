import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from meitu_demo.engine.imaging.warp import Array, Field, build_warp, smootherstep

CENTRE, REACH = np.array([150.0, 120.0]), 60.0
BOUNDS = (90.0, 60.0, 210.0, 180.0)


def bump(push: tuple[float, float]) -> Field:
    """A field that pushes by `push` at CENTRE and fades to nothing at REACH, backwards as all fields are."""

    def field(at: Array) -> Array:
        distance = np.linalg.norm(at - CENTRE.astype(at.dtype), axis=1)
        return np.asarray(-np.array(push, at.dtype) * smootherstep(1 - distance / REACH)[:, None])

    return field


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return data.astronaut()[:300, :400]


def test_outside_its_bounds_every_byte_stays(picture: np.ndarray) -> None:
    """A warp touches nothing beyond the field's bounds, and something within."""
    warped = build_warp(bump((9, 5)), BOUNDS, picture.shape, 20).apply(picture)
    changed = (warped != picture).any(-1)
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 1000
    assert columns.min() >= BOUNDS[0]
    assert rows.min() >= BOUNDS[1]
    assert columns.max() <= BOUNDS[2]
    assert rows.max() <= BOUNDS[3]


def test_strength_nothing_is_the_same_picture(picture: np.ndarray) -> None:
    """Strength 0 returns equal pixels in an array of their own."""
    warped = build_warp(bump((9, 5)), BOUNDS, picture.shape, 20, 0).apply(picture)
    assert np.array_equal(warped, picture)
    assert not np.shares_memory(warped, picture)


def test_points_go_where_the_pixels_go() -> None:
    """A dot drawn on the picture is found, after the warp, where `carry` says."""
    warp = build_warp(bump((9, 5)), BOUNDS, (300, 400), 20)
    for point in ([150, 120], [130, 110], [165, 150], [20, 30]):
        canvas = np.zeros((300, 400, 3), np.uint8)
        cv2.circle(canvas, point, 4, (255, 255, 255), -1, cv2.LINE_AA)
        weights = warp.apply(canvas)[..., 0].astype(float)
        rows, columns = np.mgrid[:300, :400]
        seen = np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()
        assert np.allclose(seen, warp.transform_points(np.array([point], float))[0], atol=0.5)


def test_carrying_inverts_the_field() -> None:
    """A carried point, taken back through the field, is where it started."""
    field = bump((9, 5))
    warp = build_warp(field, BOUNDS, (300, 400), 20)
    start = np.random.default_rng(0).uniform((60, 40), (240, 200), (200, 2))
    moved = warp.transform_points(start)
    assert np.allclose(moved + warp.gain * field(moved), start, atol=1e-3)


def test_the_grid_is_as_good_as_every_pixel(picture: np.ndarray) -> None:
    """Interpolating the field between nodes changes next to nothing, also when a cell spans many pixels."""
    large = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)

    def field(at: Array) -> Array:
        return bump((9, 5))(at / 3) * 3

    warp = build_warp(field, tuple(3 * bound for bound in BOUNDS), large.shape, 60)
    at = np.stack(np.meshgrid(np.arange(1200), np.arange(900)), -1).astype(np.float32)
    sources = at + field(at.reshape(-1, 2)).reshape(at.shape)
    exact = cv2.remap(large, sources, np.empty(0, np.float32), cv2.INTER_CUBIC)
    assert np.abs(warp.apply(large).astype(int) - exact).mean() < 0.02


@given(st.floats(-400, 400), st.floats(-400, 400))
@settings(max_examples=60, deadline=None)
def test_no_push_folds_the_picture(x: float, y: float) -> None:
    """However far a field pushes, the map that is left has no fold and brings no pixel from outside the frame."""
    warp = build_warp(bump((x, y)), BOUNDS, (150, 200), 20)  # the frame cuts the field
    assert warp.min_jacobian > 0.25
    at = np.stack(np.meshgrid(np.arange(200.0), np.arange(150.0)), -1)
    offsets = warp.gain * warp.field(at.reshape(-1, 2)).reshape(at.shape)
    across, down = np.diff(offsets, axis=1)[:-1], np.diff(offsets, axis=0)[:, :-1]
    determinant = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
    assert determinant.min() > 0.25
    assert determinant.max() < 4
    assert ((at + offsets >= -1e-3) & (at + offsets <= (199.001, 149.001))).all()


def test_more_strength_moves_more_even_where_the_guard_holds_back() -> None:
    """The guard judges strength 1 and strength scales what it leaves: no plateau, no step back."""
    reaches = []
    for strength in np.linspace(0, 1, 9):
        warp = build_warp(bump((300, 0)), BOUNDS, (300, 400), 20, float(strength))
        reaches.append(warp.transform_points(CENTRE[None])[0, 0])
    assert (np.diff(reaches) > 0).all()


def test_a_field_outside_the_frame_changes_nothing(picture: np.ndarray) -> None:
    """Bounds that miss the picture altogether are no error."""

    def field(at: Array) -> Array:
        return bump((9, 5))(at + np.array([900, 0], at.dtype))

    warp = build_warp(field, (-810.0, 60.0, -690.0, 180.0), picture.shape, 20)
    assert np.array_equal(warp.apply(picture), picture)


def test_a_very_long_picture_warps() -> None:
    """More columns than OpenCV can remap from are no obstacle."""
    strip = np.random.default_rng(0).integers(0, 255, (200, 40000, 3), np.uint8)

    def field(at: Array) -> Array:
        return bump((9, 5))(at - np.array([39000, 0], at.dtype))

    warped = build_warp(field, (39090.0, 60.0, 39210.0, 180.0), strip.shape, 20).apply(strip)
    changed = np.nonzero((warped != strip).any((0, 2)))[0]
    assert changed.min() >= 39090
    assert changed.max() <= 39210
