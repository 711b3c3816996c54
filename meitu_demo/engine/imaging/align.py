"""Aligns one face mesh with another: pose, outline, and the dense map for the pixels.

A mesh is (468 or more, 2) points in MediaPipe's FaceMesh topology.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

MESH_POINT_COUNT = 468  # points of the surface; the irises, 468 and up, are left out, because they move with the eyes
FACE_OVAL: tuple[int, ...] = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
FACE_OVAL += (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
FOREHEAD_LINE = (389, 251, 284, 332, 297, 338, 10, 109, 67, 103, 54, 21, 162)  # the outline's top, right to left
LIPS: tuple[int, ...] = (0, 11, 12, 13, 14, 15, 16, 17, 37, 39, 40, 61, 78, 80, 81, 82, 84, 87, 88, 91)
LIPS += (95, 146, 178, 181, 185, 191)
LIPS += (267, 269, 270, 291, 308, 310, 311, 312, 314, 317, 318, 321, 324, 375, 402, 405, 409, 415)
LIPS_WEIGHT = 0.2  # an open mouth must not turn or shrink the whole face
PITCH_CORRECTION_SHARE = 0.35
USER_FEATURES_RADIUS = 0.62  # share of the distance to the outline within which the user's features are unchanged
RING_SCALES = (1.25, 4.0)  # copies of the outline that carry the map beyond the face
MAP_POINTS = sorted({*FACE_OVAL, *range(0, MESH_POINT_COUNT, 2)})  # enough for the dense map, which is smooth
GRID_NODES_PER_FACE = 72  # nodes of the dense map across a face; a finer map makes no visible difference
MIN_TRIANGLE_AREA = 1e-6  # squared nodes


def fit_similarity(source: Points, target: Points, weights: NDArray[np.float64]) -> tuple[Points, NDArray[np.float64]]:
    """(matrix, offset) of the weighted least-squares similarity: ``source @ matrix.T + offset`` approximates `target`.

    source, target: (n, 2) or (n, 3). Umeyama, "Least-squares estimation of transformation parameters", 1991.
    """
    share = weights / weights.sum()
    mean_source, mean_target = share @ source, share @ target
    centred, aim = source - mean_source, target - mean_target
    left, size, right = np.linalg.svd((aim * share[:, None]).T @ centred)
    size[-1] *= (sign := np.sign(np.linalg.det(left @ right)) or 1.0)
    left[:, -1] *= sign
    scale = size.sum() / max(float((share @ centred**2).sum()), 1e-12)
    matrix = scale * left @ right
    return matrix, mean_target - matrix @ mean_source


def align_pose(mesh: Points, depth: Points, target: Points, target_depth: Points) -> Points:
    """Move, scale and rotate `mesh` (468, 2) in space to the pose of `target`; its features are preserved.

    Yaw is corrected fully, pitch in part: correcting pitch moves the brows relative to the eyes, which looks like
    another expression.
    """
    space, aim = np.column_stack([mesh, depth]), np.column_stack([target, target_depth])
    weights = np.ones(len(space))
    weights[list(LIPS)] = LIPS_WEIGHT
    matrix, offset = fit_similarity(space, aim, weights)
    turned = space @ matrix[:2].T + offset[:2]
    matrix, offset = fit_similarity(mesh, target, weights)
    flat = mesh @ matrix.T + offset
    up = compute_up_vector(target)
    nodded = ((turned - flat) @ up)[:, None] * up
    return np.asarray(turned - (1 - PITCH_CORRECTION_SHARE) * nodded)


def compute_radial_share(mesh: Points) -> NDArray[np.float64]:
    """Relative distance (468,) of each point from the outline's centre: 0 at the centre, 1 on the outline."""
    oval = mesh[list(FACE_OVAL)]
    from_centre = mesh - oval.mean(0)
    angle = np.arctan2(*from_centre[list(FACE_OVAL)].T)
    order = np.argsort(angle)
    radius = np.hypot(*from_centre[list(FACE_OVAL)].T)[order]
    point_angles = np.arctan2(*from_centre.T)
    rim_radius = np.interp(point_angles, angle[order], radius, period=2 * np.pi)
    return np.asarray(np.hypot(*from_centre.T) / np.maximum(rim_radius, 1e-6))


def blend_into_outline(features: Points, target: Points) -> Points:
    """Blend two meshes: `features` in the middle, `target` on the outline, a smooth transition between."""
    rim_fraction = np.clip((compute_radial_share(target) - USER_FEATURES_RADIUS) / (1 - USER_FEATURES_RADIUS), 0, 1)
    weight = (1 - rim_fraction * rim_fraction * (3 - 2 * rim_fraction))[:, None]
    return np.asarray(features * weight + target * (1 - weight), np.float64)


def build_dense_map(source: Points, target: Points, box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Map each node of a grid over `box` (x0, y0, x1, y1 in the target's picture) to its position in the source's.

    Returns (rows, columns, 2) float32 with GRID_NODES_PER_FACE nodes to a face's width, each at the middle of its cell,
    as ``cv2.resize`` expects. Piecewise linear on the Delaunay triangles of `target`, so the map has no holes whatever
    `source` is.
    """
    oval = list(FACE_OVAL)
    matrix, offset = fit_similarity(target, source, np.ones(len(target)))
    residual = source[oval] - (target[oval] @ matrix.T + offset)
    rings = [scale_outline(target, reach) for reach in RING_SCALES]
    outer_points = [ring @ matrix.T + offset + residual / reach for ring, reach in zip(rings, RING_SCALES, strict=True)]
    corner, size = np.array(box[:2]), np.array(box[2:]) - box[:2]
    count = np.ceil(size / max(2.0, float(np.ptp(target[:, 0])) / GRID_NODES_PER_FACE)).astype(int)
    cell = size / count
    points = (np.vstack([target[MAP_POINTS], *rings]) - corner + 0.5) / cell - 0.5  # in nodes
    nodes = np.stack(np.meshgrid(np.arange(count[0]), np.arange(count[1])), -1).astype(np.float64)
    found = _interpolate(points, np.vstack([source[MAP_POINTS], *outer_points]), nodes)
    outside = np.isnan(found[..., 0])
    found[outside] = ((nodes[outside] + 0.5) * cell - 0.5 + corner) @ matrix.T + offset
    return np.asarray(cv2.blur(found.astype(np.float32), (3, 3)), np.float32)  # smooths the creases between triangles


def _interpolate(points: Points, values: Points, nodes: Points) -> Points:
    """Interpolate `values` at `points` linearly on Delaunay triangles, at `nodes` (rows, columns, 2); NaN outside.

    SciPy's own interpolator factors each triangle in a BLAS whose threads stall for seconds on a busy machine.
    """
    from scipy.spatial import Delaunay  # slow to load: the page need not wait for it

    triangles = Delaunay(points).simplices
    corners, ends = points[triangles], values[triangles]
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = ax * by - ay * bx
    flat = abs(area) < MIN_TRIANGLE_AREA
    area[flat] = 1
    owner = np.full(nodes.shape[:2], -1, np.int32)
    drawn = np.rint(np.clip(corners, -1e5, 1e5) * 16).astype(np.int32)
    for index in np.flatnonzero(~flat).tolist():
        cv2.fillConvexPoly(owner, drawn[index], index, cv2.LINE_8, 4)
    x, y = np.moveaxis(nodes - corners[owner, 0], 2, 0)
    along_a = ((x * by[owner] - y * bx[owner]) / area[owner])[..., None]
    along_b = ((y * ax[owner] - x * ay[owner]) / area[owner])[..., None]
    found = ends[owner, 0] * (1 - along_a - along_b) + ends[owner, 1] * along_a + ends[owner, 2] * along_b
    found[owner < 0] = np.nan
    return np.asarray(found)


def scale_outline(mesh: Points, scale: float) -> Points:
    """(36, 2) outline of the face, `scale` times as large about its middle."""
    oval = mesh[list(FACE_OVAL)]
    centre = oval.mean(0)
    return np.asarray(centre + (oval - centre) * scale)


def compute_up_vector(mesh: Points) -> NDArray[np.float64]:
    """Compute the unit vector from the chin to the top of the outline."""
    up = mesh[FACE_OVAL[0]] - mesh[FACE_OVAL[18]]
    return np.asarray(up / max(float(np.hypot(*up)), 1e-6))
