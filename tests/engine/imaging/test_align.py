import subprocess
import sys

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
    """A cloud like a face mesh: the outline on an ellipse, all other points inside."""
    random = np.random.default_rng(3)
    angle, reach = random.uniform(0, 2 * np.pi, MESH_POINT_COUNT), 0.9 * np.sqrt(random.uniform(0, 1, MESH_POINT_COUNT))
    around = np.linspace(0, 2 * np.pi, len(FACE_OVAL), endpoint=False)
    angle[list(FACE_OVAL)], reach[list(FACE_OVAL)] = around, 1
    return np.column_stack([200 + 80 * reach * np.sin(angle), 200 - 110 * reach * np.cos(angle)])


@given(st.floats(-180, 180), st.floats(0.1, 10), st.floats(-500, 500))
def test_fit_similarity_finds_any_rotation_scale_and_shift(angle: float, scale: float, shift: float) -> None:
    """A similarity that was applied to points is recovered exactly."""
    points = np.random.default_rng(0).normal(size=(20, 2))
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    aim = points @ np.array([[cos, -sin], [sin, cos]]).T + (shift, -shift)
    matrix, offset = fit_similarity(points, aim, np.ones(20))
    assert np.allclose(points @ matrix.T + offset, aim, atol=1e-6)


def test_fit_similarity_never_mirrors() -> None:
    """A mirrored target is matched by a rotation, so left and right of a face are never exchanged."""
    points = np.random.default_rng(0).normal(size=(20, 2))
    matrix, _ = fit_similarity(points, points * (-1, 1), np.ones(20))
    assert np.linalg.det(matrix) > 0


def test_align_pose_reverses_a_head_rotation(mesh: np.ndarray) -> None:
    """A head that was rotated by 20° gets its former pose back, with every feature in place."""
    depth = np.abs(mesh[:, 0] - 200) * 0.8
    space = np.column_stack([mesh - 200, depth])
    cos, sin = np.cos(np.radians(20)), np.sin(np.radians(20))
    turned = space @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    back = align_pose(turned[:, :2] + 90, turned[:, 2], mesh, depth)
    assert np.allclose(back[:, 0], mesh[:, 0], atol=1e-6)
    assert abs(back[:, 1] - mesh[:, 1]).max() < 2


def test_blend_into_outline_moves_the_rim_and_not_the_middle(mesh: np.ndarray) -> None:
    """Points on the rim move to the target's outline; points in the middle do not move."""
    source = mesh + np.array([7, -5])
    moved = blend_into_outline(source, mesh)
    share = compute_radial_share(mesh)
    assert np.allclose(moved[list(FACE_OVAL)], mesh[list(FACE_OVAL)])
    assert np.allclose(moved[share < 0.6], source[share < 0.6])
    assert share[list(FACE_OVAL)] == pytest.approx(1)


def test_build_dense_map_maps_every_landmark_to_its_source(mesh: np.ndarray) -> None:
    """For an affine map, the value at each target landmark is the source landmark within 0.05 px."""
    source = mesh @ np.array([[1.5, 0.2], [-0.1, 0.8]]) + 20
    box = (80, 60, 320, 340)
    nodes = build_dense_map(source, mesh, box)
    rows, columns = nodes.shape[:2]
    cell = np.array([(box[2] - box[0]) / columns, (box[3] - box[1]) / rows])
    positions = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) + 0.5) * cell - 0.5 + box[:2]
    inner = compute_rim_share(positions, mesh) < 0.9
    assert inner.sum() > 1000
    assert abs(nodes - (positions @ np.array([[1.5, 0.2], [-0.1, 0.8]]) + 20))[inner].max() < 0.05


def compute_rim_share(points: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    """Distance of points from the centre as a share of the fixture's ellipse."""
    return np.hypot(*((points - mesh[list(FACE_OVAL)].mean(0)) / (80, 110)).transpose(2, 0, 1))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 300), st.integers(-400, 400))
def test_build_dense_map_has_no_holes(seed: int, noise: float, shift: int) -> None:
    """Every node has a source position, whatever the source's mesh and the box are."""
    random = np.random.default_rng(seed)
    target = random.uniform(0, 200, (MESH_POINT_COUNT, 2))
    source = target + random.normal(0, noise, (MESH_POINT_COUNT, 2)) if noise else np.full((MESH_POINT_COUNT, 2), 9.0)
    assert np.isfinite(build_dense_map(source, target, (shift, shift, shift + 150, shift + 90))).all()


def test_compute_up_vector_points_from_chin_to_forehead(mesh: np.ndarray) -> None:
    """On an upright face the upward vector points up."""
    assert np.allclose(compute_up_vector(mesh), (0, -1), atol=0.01)


def test_align_leaves_scipy_unloaded_until_faces_are_aligned() -> None:
    """It is the slowest import of the engine, and the first page need not wait for it."""
    program = "import sys; from meitu_demo.engine.imaging import align; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
