"""Deterministic noise fields: the grain of everything that is drawn. Pure numpy and OpenCV."""

import cv2
import numpy as np


def value(shape: tuple[int, int], cell: float, seed: int) -> np.ndarray:
    """Smooth noise (h, w) of mean 0 and deviation 1 whose blobs are about `cell` pixels wide."""
    rng = np.random.default_rng(seed)
    h, w = shape
    small = rng.standard_normal((int(h / cell) + 4, int(w / cell) + 4)).astype(np.float32)
    big = cv2.resize(small, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)
    y, x = (rng.random(2) * cell).astype(int)
    field = big[y : y + h, x : x + w]
    return (field - field.mean()) / (field.std() + 1e-6)


def fractal(shape: tuple[int, int], cell: float, seed: int, octaves: int = 5, gain: float = 0.55) -> np.ndarray:
    """Sum of octaves of `value`, mean 0 and deviation 1: clouds, stone, worn paint."""
    total = sum(gain**k * value(shape, max(cell / 2**k, 1.5), seed + k) for k in range(octaves))
    return ((total - total.mean()) / total.std()).astype(np.float32)


def waves(points: np.ndarray, scale: float, seed: int, count: int = 24) -> np.ndarray:
    """Smooth noise at any 3-D points (…, 3): a sum of `count` random plane waves of about `scale` cm; deviation 1."""
    rng = np.random.default_rng(seed)
    k = rng.standard_normal((count, 3)) * 2 / scale
    phase = rng.random(count) * 2 * np.pi
    return np.sin(points @ k.T + phase).sum(-1) * np.sqrt(2 / count)


def creases(points: np.ndarray, scale: float, seed: int, sharp: float = 0.3) -> np.ndarray:
    """0..1: thin wandering valleys, `scale` cm apart, as cloth takes when it is moved in."""
    bent = points + 0.15 * scale * waves(points, scale * 1.5, seed + 1)[..., None]
    return np.exp(-((waves(bent, scale, seed) / sharp) ** 2))
