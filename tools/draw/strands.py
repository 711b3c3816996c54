"""Fur and hair: thousands of fibres grown from roots, as B-spline control points (n, 4) of x, y, z, radius."""

from __future__ import annotations

import numpy as np


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def grow(roots, directions, lengths, radius: float, seed: int, droop=0.0, wave=0.25, clump=0.5, clumps=None, points=7):
    """Fibres from `roots` (n, 3) along `directions`; (n, points, 4).

    `droop` bends them down, `wave` is sideways wandering as a share of the length, `clump` pulls tips to the tip of
    one fibre in every tuft of `clumps` tufts, as damp fur does.
    """
    rng = np.random.default_rng(seed)
    n = len(roots)
    t = np.linspace(0, 1, points)[None, :, None]
    d = unit(directions)
    lengths = np.asarray(lengths, float).reshape(-1, 1, 1)
    aside = unit(np.cross(d, rng.standard_normal((n, 3))))
    line = roots[:, None] + d[:, None] * t * lengths
    line = line + aside[:, None] * lengths * wave * (
        t**2 * rng.normal(0, 0.6, (n, 1, 1)) + 0.25 * t * np.sin(t * rng.uniform(3, 8, (n, 1, 1)))
    )
    line[..., 1] -= (droop * lengths * t**2)[..., 0]
    if clumps and clump:
        from scipy.spatial import cKDTree

        chiefs = rng.choice(n, min(clumps, n), replace=False)
        _, own = cKDTree(roots[chiefs]).query(roots + rng.normal(0, 0.08, roots.shape))
        goal = line[chiefs][own]
        pull = clump * rng.uniform(0.3, 1.0, (n, 1, 1)) * t**1.3
        line = line * (1 - pull) + goal * pull
    taper = np.clip(1.05 - t[..., 0] ** 1.5, 0.12, 1) * radius * rng.uniform(0.7, 1.3, (n, 1))
    return np.concatenate([line, taper[..., None]], -1)


def split(fibres: np.ndarray, at: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Root parts and tip parts of the same fibres, overlapping so that the spline meets (for two-coloured fur)."""
    return list(fibres[:, : at + 3]), list(fibres[:, at:])


def ends(fibre: np.ndarray) -> np.ndarray:
    """Repeat the end points so that the spline reaches them."""
    return np.concatenate([fibre[:1], fibre[:1], fibre, fibre[-1:], fibre[-1:]])
