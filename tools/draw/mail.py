"""Mail: thousands of riveted rings laid in rows over a body, every other row leaning the other way (four in one)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from .solids import Distance, Mesh
from .strands import unit


def drape(
    distance: Distance, columns: int = 300, rows: int = 420, centre_z: float = -9.5, low: float = -14.0
) -> np.ndarray:
    """(rows, columns, 3) net on a head and shoulders: meridians from the crown over the throat and outwards."""
    t = np.linspace(0, 1, rows)
    height = np.interp(t, [0, 0.32, 0.50, 1], [-2.0, -2.0, low, low - 1])
    lean = np.radians(np.interp(t, [0, 0.32, 0.50, 1], [90, 0, 0, -70]))
    round_ = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    start = np.stack([np.zeros(rows), height, np.full(rows, centre_z)], -1)[:, None]
    ray = np.stack(
        [
            np.cos(lean)[:, None] * np.sin(round_),
            np.broadcast_to(np.sin(lean)[:, None], (rows, columns)),
            np.cos(lean)[:, None] * np.cos(round_),
        ],
        -1,
    )
    near, far = np.full((rows, columns), 0.5), np.full((rows, columns), 46.0)
    for _ in range(22):  # bisection: the body is star-shaped enough from its axis
        middle = (near + far) / 2
        inside = distance(start + ray * middle[..., None]) < 0
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    reach = gaussian_filter(near, (2.0, 1.5), mode=("nearest", "wrap"))
    return start + ray * reach[..., None]


def rings(net: np.ndarray, spacing: float, radius: float, wire: float, seed: int):
    """Places of the rings: centre, two axes in the ring's plane, as (n, 3) arrays."""
    rng = np.random.default_rng(seed)
    length = np.linalg.norm(np.diff(net, axis=0), axis=-1)
    along = np.concatenate([np.zeros((1, net.shape[1])), np.cumsum(length, axis=0)])
    longest = along[-1].max()
    levels = np.arange(spacing, longest, spacing)
    # every row lies at one distance from the crown, measured over the surface, as hanging mail does
    lines = np.stack([[np.interp(levels, along[:, j], net[:, j, i]) for i in range(3)] for j in range(net.shape[1])])
    lines = lines.transpose(2, 0, 1)
    centres, sides, downs = [], [], []
    for k, line in enumerate(lines[:-1]):
        below = lines[k + 1] - line
        closed = np.vstack([line, line[:1]])
        step = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
        count = max(int(step[-1] / (radius * 1.42)), 3)
        at = (np.arange(count) + 0.5 * (k % 2) + rng.normal(0, 0.04, count)) / count * step[-1] % step[-1]
        c = np.stack([np.interp(at, step, closed[:, i]) for i in range(3)], -1)
        d = np.stack([np.interp(at, step[:-1], below[:, i]) for i in range(3)], -1)
        ahead = np.stack([np.interp((at + 0.05) % step[-1], step, closed[:, i]) for i in range(3)], -1) - c
        side, down = unit(ahead), unit(d)
        normal = unit(np.cross(down, side))
        lean = (0.62 if k % 2 else -0.62) + rng.normal(0, 0.10, count)
        sides.append(unit(side * np.cos(lean)[:, None] + normal * np.sin(lean)[:, None]))
        downs.append(unit(down + normal * rng.normal(0.12, 0.10, count)[:, None]))
        centres.append(c + normal * wire)
    return np.concatenate(centres), np.concatenate(sides), np.concatenate(downs)


def forge(
    centres: np.ndarray, sides: np.ndarray, downs: np.ndarray, radius: float, wire: float, segments=16, around=6
) -> Mesh:
    """All rings as one mesh."""
    a = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    b = np.linspace(0, 2 * np.pi, around, endpoint=False)
    a, b = (v.ravel() for v in np.meshgrid(a, b, indexing="ij"))
    x, y, z = (radius + wire * np.cos(b)) * np.cos(a), (radius + wire * np.cos(b)) * np.sin(a), wire * np.sin(b)
    axis = np.cross(sides, downs)
    points = (
        centres[:, None]
        + sides[:, None] * x[None, :, None]
        + downs[:, None] * y[None, :, None]
        + axis[:, None] * z[None, :, None]
    )
    i, j = np.meshgrid(np.arange(segments), np.arange(around), indexing="ij")
    p = (i * around + j).ravel()
    q = ((i + 1) % segments * around + j).ravel()
    r, s = (i * around + (j + 1) % around).ravel(), ((i + 1) % segments * around + (j + 1) % around).ravel()
    one = np.concatenate([np.stack([p, q, r], -1), np.stack([r, q, s], -1)])
    faces = one[None] + (np.arange(len(centres)) * segments * around)[:, None, None]
    return Mesh(points.reshape(-1, 3), faces.reshape(-1, 3))
