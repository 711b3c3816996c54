"""A face: its mesh, its head pose, and the share of it outside the frame.

The pose is read from the directions of the mesh's left-right and top-bottom axes in space. FaceMesh gives depth in the
unit of x, so no camera model is needed; the result differs from solvePnP with a canonical face by a few degrees, far
below the limits that use it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Mirror pairs (image left, image right) and top-bottom pairs that expressions hardly move.
HORIZONTAL_PAIRS = ((234, 454), (127, 356), (132, 361), (33, 263))
VERTICAL_PAIRS = ((10, 152), (67, 172), (297, 397))
PITCH_BIAS_DEG = 10.0  # slope from forehead to chin on a face that looks straight ahead

Points = NDArray[np.float32]
LEFT_CHEEK_POINT, RIGHT_CHEEK_POINT = 234, 454


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face: MediaPipe's 478 landmarks (468.. are the irises) and the head's pose.

    landmarks: (478, 2) float32, pixels of the full image. depth: (478,) float32, pixels, smaller is nearer.
    yaw, pitch, roll: degrees; yaw positive towards the image's right, pitch positive looking down, roll clockwise.
    score: the detector's, 0..1. cropped_share: share 0..1 of the mesh outside the frame.
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
        """Longer side of the box in pixels, which the vendors' limits on face size refer to."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box."""
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2


def build_face(landmarks: Points, depth: NDArray[np.float32], shape: tuple[int, ...], score: float = 1.0) -> Face:
    """Build a Face from mesh points in an image of `shape` (height, width); computes pose and cropped_share."""
    height, width = shape
    inside = (landmarks >= 0).all(1) & (landmarks <= (width - 1, height - 1)).all(1)
    yaw, pitch, roll = estimate_head_pose(landmarks, depth)
    return Face(landmarks, depth, yaw, pitch, roll, score, float(1 - inside.mean()))


def estimate_head_pose(landmarks: NDArray[np.float32], depth: NDArray[np.float32]) -> tuple[float, float, float]:
    """Estimate (yaw, pitch, roll) in degrees from (N ≥ 468, 2) landmarks and their (N,) depth.

    Yaw is positive when the face looks towards the image's right, pitch when it looks down, roll when the head leans
    clockwise in the image.
    """
    space = np.column_stack([landmarks, depth]).astype(np.float64)
    across, down = _compute_axis(space, HORIZONTAL_PAIRS), _compute_axis(space, VERTICAL_PAIRS)
    roll = np.arctan2(across[1], across[0])
    yaw = np.arctan2(across[2], np.hypot(across[0], across[1]))
    pitch = np.arctan2(down[2], down[1] * np.cos(roll) - down[0] * np.sin(roll))  # as if the head were upright
    return float(np.degrees(yaw)), float(np.degrees(pitch)) - PITCH_BIAS_DEG, float(np.degrees(roll))


def _compute_axis(space: NDArray[np.float64], pairs: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    starts, ends = np.transpose(pairs)
    return np.asarray((space[ends] - space[starts]).sum(0))
