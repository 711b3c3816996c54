import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meitu_demo.engine.imaging.align import (
    FACE_OVAL,
    MESH_POINT_COUNT,
    align_pose,
    blend_into_outline,
    build_dense_map,
    compute_radial_share,
    compute_up_vector,
    fit_similarity,
)


@pytest.fixture
def mesh() -> np.ndarray:
    """A mesh-like cloud: the outline on an ellipse, everything else within it."""
    random = np.random.default_rng(3)
    angle, reach = random.uniform(0, 2 * np.pi, MESH_POINT_COUNT), 0.9 * np.sqrt(random.uniform(0, 1, MESH_POINT_COUNT))
    around = np.linspace(0, 2 * np.pi, len(FACE_OVAL), endpoint=False)
    angle[list(FACE_OVAL)], reach[list(FACE_OVAL)] = around, 1
    return np.column_stack([200 + 80 * reach * np.sin(angle), 200 - 110 * reach * np.cos(angle)])


@given(st.floats(-180, 180), st.floats(0.1, 10), st.floats(-500, 500))
def test_similarity_finds_any_turn_scale_and_shift(angle: float, scale: float, shift: float) -> None:
    """A similarity that was applied is found exactly."""
    points = np.random.default_rng(0).normal(size=(20, 2))
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    aim = points @ np.array([[cos, -sin], [sin, cos]]).T + (shift, -shift)
    matrix, offset = fit_similarity(points, aim, np.ones(20))
    assert np.allclose(points @ matrix.T + offset, aim, atol=1e-6)


def test_similarity_never_mirrors() -> None:
    """A mirrored target is met by a turn, so a face never comes out left for right."""
    points = np.random.default_rng(0).normal(size=(20, 2))
    matrix, _ = fit_similarity(points, points * (-1, 1), np.ones(20))
    assert np.linalg.det(matrix) > 0


def test_pose_like_turns_a_head_back(mesh: np.ndarray) -> None:
    """A head that was turned by 20° comes back to where it looked before, features in place."""
    depth = np.abs(mesh[:, 0] - 200) * 0.8
    space = np.column_stack([mesh - 200, depth])
    cos, sin = np.cos(np.radians(20)), np.sin(np.radians(20))
    turned = space @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    back = align_pose(turned[:, :2] + 90, turned[:, 2], mesh, depth)
    assert np.allclose(back[:, 0], mesh[:, 0], atol=1e-6)
    assert abs(back[:, 1] - mesh[:, 1]).max() < 2


def test_outline_is_the_targets_and_the_middle_ones_own(mesh: np.ndarray) -> None:
    """On the rim points lie on the target's outline, in the middle they have not moved."""
    own = mesh + np.array([7, -5])
    moved = blend_into_outline(own, mesh)
    share = compute_radial_share(mesh)
    assert np.allclose(moved[list(FACE_OVAL)], mesh[list(FACE_OVAL)])
    assert np.allclose(moved[share < 0.6], own[share < 0.6])
    assert share[list(FACE_OVAL)] == pytest.approx(1)


def test_dense_map_takes_every_landmark_home(mesh: np.ndarray) -> None:
    """Read at the landmarks of the target, an affine map names those of the source to a small part of a pixel."""
    source = mesh @ np.array([[1.5, 0.2], [-0.1, 0.8]]) + 20
    box = (80, 60, 320, 340)
    nodes = build_dense_map(source, mesh, box)
    rows, columns = nodes.shape[:2]
    cell = np.array([(box[2] - box[0]) / columns, (box[3] - box[1]) / rows])
    at = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) + 0.5) * cell - 0.5 + box[:2]
    inner = rim_share_of(at, mesh) < 0.9
    assert inner.sum() > 1000
    assert abs(nodes - (at @ np.array([[1.5, 0.2], [-0.1, 0.8]]) + 20))[inner].max() < 0.05


def rim_share_of(points: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    """How far out points lie on the fixture's ellipse."""
    return np.hypot(*((points - mesh[list(FACE_OVAL)].mean(0)) / (80, 110)).transpose(2, 0, 1))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 300), st.integers(-400, 400))
def test_dense_map_has_no_holes(seed: int, noise: float, shift: int) -> None:
    """Whatever the source's mesh looks like and wherever the box lies, every node has a place to come from."""
    random = np.random.default_rng(seed)
    target = random.uniform(0, 200, (MESH_POINT_COUNT, 2))
    source = target + random.normal(0, noise, (MESH_POINT_COUNT, 2)) if noise else np.full((MESH_POINT_COUNT, 2), 9.0)
    assert np.isfinite(build_dense_map(source, target, (shift, shift, shift + 150, shift + 90))).all()


def test_upward_points_from_chin_to_forehead(mesh: np.ndarray) -> None:
    """On an upright face up is up."""
    assert np.allclose(compute_up_vector(mesh), (0, -1), atol=0.01)
