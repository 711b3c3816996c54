"""Petals, roses, daisies and leaves as coloured meshes; a flower looks along its own z axis."""

from __future__ import annotations

import numpy as np

from . import noise, solids


def petal(length: float, width: float, cup: float, curl: float) -> solids.Mesh:
    u, v = np.meshgrid(np.linspace(-1, 1, 13), np.linspace(0, 1, 15))
    half = width * np.sin(np.pi * np.clip(v, 0, 1) ** 0.75) ** 0.6 * (0.55 + 0.45 * v) + 0.02
    x = u * half
    y = length * v * (1 - 0.10 * u**2 * v)
    z = cup * u**2 * half + curl * length * v**2 + 0.03 * np.sin(u * 7 + v * 5) * v
    mesh = solids.grid_mesh(np.stack([x, y, z], -1))
    mesh.uv = np.stack([u.ravel(), v.ravel()], -1)
    return mesh


def around(mesh: solids.Mesh, angle: float, tilt: float) -> solids.Mesh:
    """A petal stood up by `tilt` radians and turned about the flower's axis (z)."""
    c, s = np.cos(tilt), np.sin(tilt)
    up = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    c, s = np.cos(angle), np.sin(angle)
    return mesh.moved(turn=np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]) @ up)


def rose(rng: np.random.Generator, size: float, tone: np.ndarray, heart: np.ndarray) -> solids.Mesh:
    petals, rings = [], ((3, 0.42, 1.42), (5, 0.62, 1.15), (6, 0.80, 0.85), (7, 0.98, 0.52), (8, 1.10, 0.22))
    for k, (count, length, tilt) in enumerate(rings):
        for j in range(count):
            angle = 2 * np.pi * (j + 0.5 * (k % 2)) / count + rng.normal(0, 0.12)
            one = petal(size * length, size * (0.34 + 0.08 * k), 0.55 - 0.05 * k, -0.10 - 0.05 * k)
            share = one.uv[:, 1:] * 0.75 + k * 0.06
            one.colour = heart * (1 - share) + tone * share * rng.uniform(0.9, 1.06)
            turned = around(one, angle, tilt + rng.normal(0, 0.08))
            petals.append(turned.moved((0, 0, size * 0.06 * (4 - k))))
    return solids.join(*petals)


def daisy(rng: np.random.Generator, size: float, tone: np.ndarray) -> solids.Mesh:
    petals = []
    for j in range(16):
        one = petal(size, size * 0.16, 0.3, rng.normal(-0.12, 0.08))
        one.colour = tone * (0.75 + 0.25 * one.uv[:, 1:])
        petals.append(around(one, 2 * np.pi * j / 16 + rng.normal(0, 0.05), 0.18 + rng.normal(0, 0.06)))
    disc = solids.ball((0, 0, 0.1 * size), (0.27 * size, 0.27 * size, 0.16 * size), 14)
    disc = disc.displaced(0.03 * size * noise.waves(disc.points, 0.12, 4))
    disc.colour = np.tile(np.array([0.75, 0.36, 0.02]), (len(disc.points), 1))
    return solids.join(*petals, disc)


def leaf(rng: np.random.Generator, size: float) -> solids.Mesh:
    blade = petal(size, size * 0.26, 0.5, -0.25)
    vein = np.exp(-((blade.uv[:, :1] / 0.10) ** 2)) * 0.35
    blade.colour = np.array([0.055, 0.13, 0.035]) * rng.uniform(0.7, 1.5) * (1 + vein)
    return blade


def face_out(direction: np.ndarray, spin: float) -> np.ndarray:
    z = direction / np.linalg.norm(direction)
    x = np.cross([0, 1, 0.2], z)
    x /= np.linalg.norm(x)
    y = np.cross(z, x)
    turn = np.stack([x, y, z], 1)
    c, s = np.cos(spin), np.sin(spin)
    return turn @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
