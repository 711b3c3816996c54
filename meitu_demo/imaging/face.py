"""One face: its mesh, its pose, and how much of it lies outside the frame. Whoever finds faces, makes these."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pose import estimate_head_pose

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
