"""Head pose from a face mesh: the directions of its left-right and top-bottom axes in space.

FaceMesh gives depth in the same unit as x, so no camera model is needed. Against solvePnP with a canonical face it
differs by a few degrees, far under the limits that use it.
"""

import numpy as np
from numpy.typing import NDArray

# Mirror pairs (image left, image right) and top-bottom pairs that expressions hardly move.
HORIZONTAL_PAIRS = ((234, 454), (127, 356), (132, 361), (33, 263))
VERTICAL_PAIRS = ((10, 152), (67, 172), (297, 397))
PITCH_BIAS_DEG = 10.0  # degrees: forehead to chin slopes back by this much on a face that looks straight ahead


def estimate_head_pose(landmarks: NDArray[np.float32], depth: NDArray[np.float32]) -> tuple[float, float, float]:
    """(yaw, pitch, roll) in degrees of (N ≥ 468, 2) landmarks and their (N,) depth.

    Yaw is positive when the face looks towards the image's right, pitch when it looks down, roll when the head leans
    clockwise in the image.
    """
    space = np.column_stack([landmarks, depth]).astype(np.float64)
    across = _compute_axis(space, HORIZONTAL_PAIRS)
    roll = np.arctan2(across[1], across[0])
    cos, sin = np.cos(roll), np.sin(roll)
    upright = space @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    across = _compute_axis(upright, HORIZONTAL_PAIRS)
    down = _compute_axis(upright, VERTICAL_PAIRS)
    yaw = np.degrees(np.arctan2(across[2], across[0]))
    pitch = np.degrees(np.arctan2(down[2], down[1]))
    return float(yaw), float(pitch) - PITCH_BIAS_DEG, float(np.degrees(roll))


def _compute_axis(space: NDArray[np.float64], pairs: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    ends = np.asarray(pairs)
    vectors = space[ends[:, 1]] - space[ends[:, 0]]
    return np.asarray(vectors.sum(0))
