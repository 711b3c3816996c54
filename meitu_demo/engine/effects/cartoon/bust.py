"""One person's part of the canvas: views of the shared pictures around a head, and which pixels are theirs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .head import Field, Head, Image

REACH = (-1.75, -1.6, 1.75, 2.3)  # u0, v0, u1, v1 of what a head's hair, skin and shadows may cover


@dataclass(frozen=True, slots=True, eq=False)
class Bust:
    """`head` is placed in the window `rows` × `columns`; `own` says there how much a pixel is nearest to this head."""

    head: Head
    rows: slice
    columns: slice
    own: Field


def busts(canvas: Image, heads: Sequence[Head]) -> list[Bust]:
    """One per head that reaches into the canvas, the smallest first: the nearest person is painted over the others."""
    height, width = canvas.shape[:2]
    found = []
    for head in sorted(heads, key=lambda head: head.unit):
        u0, v0, u1, v1 = REACH
        corners = head.place([(u0, v0), (u1, v0), (u0, v1), (u1, v1)])
        x0, y0 = np.clip(np.floor(corners.min(0)), 0, (width, height)).astype(int).tolist()
        x1, y1 = np.clip(np.ceil(corners.max(0)), 0, (width, height)).astype(int).tolist()
        if x1 - x0 < 8 or y1 - y0 < 8:
            continue
        offset = np.array([-x0, -y0], float)
        shape = (y1 - y0, x1 - x0)
        nearest = _distance(head.moved(offset), shape)
        own = np.ones(shape, np.float32)
        for other in heads:
            if other is not head:
                own = np.minimum(own, np.clip((_distance(other.moved(offset), shape) - nearest) * 12 + 0.5, 0, 1))
        found.append(Bust(head.moved(offset), slice(y0, y1), slice(x0, x1), own))
    return found


def _distance(head: Head, shape: tuple[int, int]) -> Field:
    """From the middle of the head and bust, in face units; below the chin distance grows slowly, shoulders belong."""
    u, v = head.grid(shape)
    return np.asarray(np.hypot(u, np.where(v > 0.3, 0.3 + (v - 0.3) * 0.5, v)), np.float32)
