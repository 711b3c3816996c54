"""One face: its mesh, its pose, and how much of it lies outside the frame. Whoever finds faces, makes these."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# MERGED imaging/pose.py: Head pose from a face mesh: the directions of its left-right and top-bottom axes in space.
# FaceMesh gives depth in the same unit as x, so no camera model is needed. Against solvePnP with a canonical face it
# differs by a few degrees, far under the limits that use it.

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


Points = NDArray[np.float32]
LEFT_CHEEK_POINT, RIGHT_CHEEK_POINT = 234, 454


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face: MediaPipe's 478 landmarks (468.. are the irises) and the head's pose.

    landmarks: (478, 2) float32, pixels of the full image. depth: (478,) float32, pixels, smaller is nearer.
    yaw, pitch, roll: degrees; yaw positive towards the image's right, pitch positive looking down, roll clockwise.
    score: the detector's, 0..1. cut: share 0..1 of the mesh outside the frame.
    """

    landmarks: Points
    depth: NDArray[np.float32]
    yaw: float
    pitch: float
    roll: float
    score: float = 1.0
    cropped_share: float = 0.0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The mesh's bounds (x0, y0, x1, y1)."""
        (x0, y0), (x1, y1) = self.landmarks.min(0), self.landmarks.max(0)
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def width(self) -> float:
        """Distance in pixels between the mesh's outermost cheek points."""
        return float(np.linalg.norm(self.landmarks[RIGHT_CHEEK_POINT] - self.landmarks[LEFT_CHEEK_POINT]))

    @property
    def side(self) -> float:
        """Side in pixels of the square that a detector would draw: what the vendors' smallest face is measured on."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box."""
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2


def build_face(landmarks: Points, depth: NDArray[np.float32], shape: tuple[int, ...], score: float = 1.0) -> Face:
    """A Face from mesh points in an image of `shape` (height, width); pose and cut are derived."""
    height, width = shape
    inside = (landmarks >= 0).all(1) & (landmarks <= (width - 1, height - 1)).all(1)
    yaw, pitch, roll = estimate_head_pose(landmarks, depth)
    return Face(landmarks, depth, yaw, pitch, roll, score, float(1 - inside.mean()))
