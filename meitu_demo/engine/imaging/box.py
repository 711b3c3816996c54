"""A rectangle of whole pixels in a picture."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Box(NamedTuple):
    """x1 and y1 are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def enclose(cls, low: ArrayLike, high: ArrayLike, shape: tuple[int, ...], min_side_px: int = 1) -> "Box":
        """The pixels from the point `low` (x, y) to `high` that a picture of `shape` (height, width, …) has."""
        size = np.array(shape[1::-1])
        first = np.clip(np.floor(low).astype(int), 0, np.maximum(size - min_side_px, 0))
        stop = np.clip(np.ceil(high).astype(int), first + min_side_px, size)
        return cls(*first.tolist(), *stop.tolist())

    @property
    def corner(self) -> tuple[int, int]:
        return self.x0, self.y0

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def shape(self) -> tuple[int, int]:
        return self.y1 - self.y0, self.x1 - self.x0

    def relative_to(self, other: "Box") -> "Box":
        """The rectangle in coordinates relative to the corner of `other`."""
        return Box(self.x0 - other.x0, self.y0 - other.y0, self.x1 - other.x0, self.y1 - other.y0)
