"""Geometry in centimetres: signed distances and their meshes, swept and revolved surfaces, tubes, PLY files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from skimage.measure import marching_cubes

Distance = Callable[[np.ndarray], np.ndarray]


@dataclass
class Mesh:
    """Triangles with normals; `uv` (n, 2) and `colour` (n, 3, linear) where given."""

    points: np.ndarray
    faces: np.ndarray
    uv: np.ndarray | None = None
    colour: np.ndarray | None = None

    def normals(self) -> np.ndarray:
        a, b, c = (self.points[self.faces[:, k]] for k in range(3))
        flat = np.cross(b - a, c - a)
        total = np.zeros_like(self.points)
        for k in range(3):
            for axis in range(3):
                total[:, axis] += np.bincount(self.faces[:, k], flat[:, axis], len(self.points))
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)

    def moved(self, shift=(0, 0, 0), turn: np.ndarray | None = None, scale=1.0) -> Mesh:
        points = self.points * scale
        if turn is not None:
            points = points @ turn.T
        return Mesh(points + np.asarray(shift, float), self.faces, self.uv, self.colour)

    def displaced(self, amount: np.ndarray) -> Mesh:
        """Every point moved along its normal by `amount` (n,) cm."""
        return Mesh(self.points + self.normals() * amount[:, None], self.faces, self.uv, self.colour)

    def write(self, path) -> None:
        uv = self.uv if self.uv is not None else self.points[:, :2] / 10.0
        columns = [self.points, self.normals(), uv]
        names = ["x", "y", "z", "nx", "ny", "nz", "u", "v"]
        if self.colour is not None:
            columns.append(self.colour)
            names += ["r", "g", "b"]
        body = np.hstack(columns).astype("<f4")
        head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(body)}"]
        head += [f"property float {n}" for n in names]
        head += [f"element face {len(self.faces)}", "property list uchar int vertex_indices", "end_header", ""]
        faces = np.empty(len(self.faces), dtype=[("n", "u1"), ("i", "<i4", 3)])
        faces["n"], faces["i"] = 3, self.faces
        with Path(path).open("wb") as out:
            out.write("\n".join(head).encode() + body.tobytes() + faces.tobytes())


def join(*meshes: Mesh) -> Mesh:
    """One mesh of several; colours and uv survive when all have them."""
    starts = np.cumsum([0] + [len(m.points) for m in meshes])
    colour = np.vstack([m.colour for m in meshes]) if all(m.colour is not None for m in meshes) else None
    uv = np.vstack([m.uv for m in meshes]) if all(m.uv is not None for m in meshes) else None
    faces = np.vstack([m.faces + s for m, s in zip(meshes, starts, strict=False)])
    return Mesh(np.vstack([m.points for m in meshes]), faces, uv, colour)


def grid_mesh(surface: np.ndarray, wrap_u=False, wrap_v=False) -> Mesh:
    """A mesh of a (rows, columns, 3) net of points; `wrap_u` closes the columns, `wrap_v` the rows."""
    rows, columns = surface.shape[:2]
    r, c = np.meshgrid(np.arange(rows - (not wrap_v)), np.arange(columns - (not wrap_u)), indexing="ij")
    r1, c1 = (r + 1) % rows, (c + 1) % columns
    a, b, d, e = r * columns + c, r * columns + c1, r1 * columns + c, r1 * columns + c1
    faces = np.concatenate([np.stack([a, d, b], -1).reshape(-1, 3), np.stack([b, d, e], -1).reshape(-1, 3)])
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    return Mesh(surface.reshape(-1, 3), faces, np.stack([u, v], -1).reshape(-1, 2))


def revolve(profile: np.ndarray, steps: int = 128, squash: tuple[float, float] = (1, 1)) -> Mesh:
    """A (n, 2) profile of radius and height turned about the y axis; `squash` scales x and z."""
    angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    ring = np.stack([np.cos(angle) * squash[0], np.zeros(steps), -np.sin(angle) * squash[1]], -1)
    net = profile[:, None, :1] * ring[None] + np.array([0, 1, 0]) * profile[:, None, 1:]
    return grid_mesh(net, wrap_u=True)


def frames(path: np.ndarray, closed: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tangent, side and up vectors (n, 3) along a path, turned as little as possible from point to point."""
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        ahead[0], ahead[-1] = path[1] - path[0], path[-1] - path[-2]
    tangent = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    side = np.empty_like(tangent)
    guess = np.cross(tangent[0], [0.0, 0.0, 1.0] if abs(tangent[0][2]) < 0.9 else [0.0, 1.0, 0.0])
    for k, t in enumerate(tangent):
        guess = guess - t * (guess @ t)
        side[k] = guess = guess / np.linalg.norm(guess)
    return tangent, side, np.cross(tangent, side)


def tube(path: np.ndarray, radius, sides: int = 24, closed: bool = False) -> Mesh:
    """A tube of `radius` (number or one per point) along `path` (n, 3)."""
    _, side, up = frames(path, closed)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    r = np.broadcast_to(np.asarray(radius, float), (len(path),))[:, None, None]
    net = path[:, None] + r * (
        np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * up[:, None]
    )
    return grid_mesh(net, wrap_u=True, wrap_v=closed)


def lathe(profile, centre=(0, 0, 0), towards=(0, 0, 1), steps: int = 160) -> Mesh:
    """`revolve` of (radius, height) pairs with its axis through `centre` along `towards`."""
    axis = np.asarray(towards, float) / np.linalg.norm(towards)
    side = np.cross([0, 1, 0.001], axis)
    side /= np.linalg.norm(side)
    return revolve(np.array(profile, float), steps).moved(centre, np.stack([side, axis, np.cross(side, axis)], 1))


def smooth_line(points, count: int) -> np.ndarray:
    """(count, 3) on a Catmull-like cubic through a few points."""
    points = np.asarray(points, float)
    return CubicSpline(np.arange(len(points)), points)(np.linspace(0, len(points) - 1, count))


def ball(centre, radii, steps: int = 24) -> Mesh:
    """An ellipsoid."""
    angle = np.linspace(0, np.pi, steps)
    profile = np.stack([np.sin(angle), np.cos(angle)], -1)
    mesh = revolve(profile, steps * 2)
    return Mesh(mesh.points * np.asarray(radii, float) + np.asarray(centre, float), mesh.faces, mesh.uv)


def contour(distance: Distance, low, high, step: float) -> Mesh:
    """The zero surface of a signed distance inside a box, by marching cubes."""
    axes = [np.arange(a, b + step, step) for a, b in zip(low, high, strict=True)]
    field = np.stack(
        [distance(np.stack(np.meshgrid([x], axes[1], axes[2], indexing="ij"), -1))[0] for x in axes[0]],
    ).astype(np.float32)
    points, faces, _, _ = marching_cubes(field, 0.0)
    return Mesh(points * step + np.asarray(low, float), faces[:, ::-1].copy())


def ellipsoid(p: np.ndarray, centre, radii) -> np.ndarray:
    """Distance to an ellipsoid (Quilez' bound: exact sign, near-exact close to the surface)."""
    q = p - np.asarray(centre, float)
    r = np.asarray(radii, float)
    k0 = np.linalg.norm(q / r, axis=-1)
    return k0 * (k0 - 1) / np.maximum(np.linalg.norm(q / r**2, axis=-1), 1e-9)


def capsule(p: np.ndarray, a, b, ra: float, rb: float | None = None) -> np.ndarray:
    """Distance to a rod from a to b whose radius goes from ra to rb."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    t = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(p - a - t[..., None] * (b - a), axis=-1) - (ra + ((ra if rb is None else rb) - ra) * t)


def merge(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    """Union of two distances with a fillet of radius `soft`."""
    h = np.clip(0.5 + 0.5 * (b - a) / soft, 0, 1)
    return b * (1 - h) + a * h - soft * h * (1 - h)
