"""Where a head is in the picture, in its own upright coordinates, and which part of the photo to draw."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...imaging.faces import Face

Image = NDArray[np.uint8]
Field = NDArray[np.float32]
Points = NDArray[np.float64]

CANVAS_SIDE = 896  # px, long side of the drawing
MOST_ENLARGED = 2.8  # photo pixels to canvas pixels; beyond, the photo has no more shapes to give
FOREHEAD, CHIN, RIGHT_CHEEK, LEFT_CHEEK = 10, 152, 234, 454
HEAD_AND_SHOULDERS = (-1.45, -1.35, 1.45, 1.7)  # u0, v0, u1, v1 around a face, in face units


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A face on the canvas. points: (478, 2) canvas pixels. (u, v) are its upright coordinates: origin at the middle of
    the face, u towards the subject's left, v towards the chin, in units of one face width (seen from the front)."""

    points: Points
    yaw: float

    @property
    def down(self) -> Points:
        """Unit vector from the forehead to the chin."""
        axis = self.points[CHIN] - self.points[FOREHEAD]
        return np.asarray(axis / max(float(np.linalg.norm(axis)), 1e-6))

    @property
    def unit(self) -> float:
        """Canvas pixels of one face width; a turned face is measured by its height."""
        width = np.linalg.norm(self.points[LEFT_CHEEK] - self.points[RIGHT_CHEEK])
        height = np.linalg.norm(self.points[CHIN] - self.points[FOREHEAD])
        return max(float(width), float(height) / 1.3, 4.0)

    @property
    def axes(self) -> Points:
        """Rows: one unit along u and one along v, in canvas pixels."""
        x, y = self.down * self.unit
        return np.array([[y, -x], [x, y]])

    @property
    def hull(self) -> Points:
        """Outline of the face: the convex hull of its mesh, which holds for turned heads too."""
        return np.asarray(cv2.convexHull(self.points.astype(np.float32)).reshape(-1, 2), float)

    @property
    def origin(self) -> Points:
        return np.asarray((self.points[FOREHEAD] + self.points[CHIN]) / 2)

    def place(self, uv: Sequence[Sequence[float]] | Points) -> Points:
        """Canvas pixels of upright coordinates (n, 2)."""
        return np.asarray(uv, float) @ self.axes + self.origin

    def upright(self, xy: Points) -> Points:
        """Upright coordinates (n, 2) of canvas pixels."""
        return np.asarray((xy - self.origin) @ self.axes.T / self.unit**2)

    def grid(self, shape: tuple[int, ...], step: float = 1.0) -> tuple[Field, Field]:
        """u and v at every pixel of a picture of `shape` whose pixels are `step` canvas pixels."""
        height, width = shape[:2]
        (ux, uy), (vx, vy) = self.axes / self.unit**2
        x = (np.arange(width, dtype=np.float32) + 0.5) * step - 0.5 - self.origin[0]
        y = ((np.arange(height, dtype=np.float32) + 0.5) * step - 0.5 - self.origin[1])[:, None]
        return np.asarray(x * ux + y * uy, np.float32), np.asarray(x * vx + y * vy, np.float32)

    def moved(self, offset: Points, scale: float = 1.0) -> "Head":
        """The same head after the canvas was shifted by `offset` and scaled."""
        return Head((self.points + offset) * scale, self.yaw)


def turned(heads: Sequence[Head], shape: tuple[int, ...], turns: int) -> list[Head]:
    """The heads on ``np.rot90(canvas, turns)``; `shape` is that of the canvas before."""
    height, width = shape[:2]
    placed = []
    for head in heads:
        x, y = head.points.T
        quarter = [(x, y), (y, width - 1 - x), (width - 1 - x, height - 1 - y), (height - 1 - y, x)][turns % 4]
        placed.append(Head(np.stack(quarter, 1), head.yaw))
    return placed


def frame(image: Image, faces: Sequence[Face]) -> tuple[Image, list[Head]]:
    """Cuts out head and shoulders of all `faces`, scaled to the canvas; returns it with the heads placed on it."""
    heads = [Head(np.asarray(face.landmarks, float), face.yaw) for face in faces]
    u0, v0, u1, v1 = HEAD_AND_SHOULDERS
    corners = np.concatenate([head.place([(u0, v0), (u1, v0), (u0, v1), (u1, v1)]) for head in heads])
    size = np.array(image.shape[1::-1])
    low = np.clip(np.floor(corners.min(0)), 0, size - 48).astype(int)
    high = np.clip(np.ceil(corners.max(0)), np.minimum(low + 48, size), size).astype(int)
    region = image[low[1] : high[1], low[0] : high[0]]
    scale = min(CANVAS_SIDE / max(region.shape[:2]), MOST_ENLARGED)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    target = np.maximum(np.round((high - low) * scale), 16).astype(int)
    canvas = np.asarray(cv2.resize(region, target.tolist(), interpolation=flags), np.uint8)
    # pixel centres at integers: the centre of pixel 0 lies half a pixel inside the picture's edge
    return canvas, [Head((head.points - low + 0.5) * scale - 0.5, head.yaw) for head in heads]
