"""Long hair from a parting: locks of fibres that follow the head, frame the face and fall over the shoulders."""

from __future__ import annotations

import numpy as np

from .solids import smooth_line


def locks(
    guides: list, count: int, per_lock: int, width: float, seed: int, wave: float, turns: float, radius=0.030, points=22
):
    """Fibres (n, points, 4). `guides` are lines (k, 3) from parting to tip, ordered from the face outwards.

    Every lock follows a blend of two neighbouring guides; its fibres share one wave, so that the hair reads as strands
    of many hairs rather than as noise.
    """
    rng = np.random.default_rng(seed)
    lines = np.stack([smooth_line(g, points) for g in guides])
    t = np.linspace(0, 1, points)[:, None]
    fibres = []
    for _ in range(count):
        at = rng.uniform(0, len(lines) - 1.001)
        k = int(at)
        centre = lines[k] * (1 - at + k) + lines[k + 1] * (at - k)
        phase, swing = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.6, 1.3) * wave
        turn = turns * rng.uniform(0.8, 1.2)
        grow = np.clip(t * 1.6 - 0.15, 0, 1)
        centre = centre + swing * grow * np.hstack(
            [np.sin(2 * np.pi * turn * t + phase[0]), 0 * t, 0.8 * np.cos(2 * np.pi * turn * t + phase[1])]
        )
        inner = rng.standard_normal((per_lock, 1, 3)) * width * rng.uniform(0.5, 1.2)
        spread = 0.75 + 0.35 * np.sin(np.pi * t) - 0.45 * t**3
        fine = 0.05 * np.sin(2 * np.pi * (t * rng.uniform(2, 7, (per_lock, 1, 1)) + rng.random((per_lock, 1, 3))))
        stray = rng.standard_normal((per_lock, 1, 3)) * (rng.random((per_lock, 1, 1)) < 0.06) * 0.6 * t
        body = centre[None] + inner * spread + fine + stray
        taper = radius * rng.uniform(0.7, 1.2, (per_lock, 1)) * np.clip(1.25 - t[:, 0][None] ** 2, 0.25, 1)
        fibres.append(np.concatenate([body, taper[..., None]], -1))
    return np.concatenate(fibres)


def mirrored(guides: list) -> list:
    return [np.asarray(g, float) * [-1, 1, 1] for g in guides]
