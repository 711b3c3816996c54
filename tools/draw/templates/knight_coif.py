"""Knight: a coif of riveted rings over a padded cap, a wine-red surcoat, candles in a stone hall."""

import numpy as np

from .. import backdrops, lights, mail, materials, noise, solids
from ..head import head_distance, oval_distance, rim, sitter
from ..layers import Look
from ..scene import Camera, Stage

RADIUS, WIRE = 0.36, 0.068


def _body(p: np.ndarray) -> np.ndarray:
    s = solids
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    head = s.merge(head_distance(p), s.ellipsoid(p, (0, -0.5, -8.6), (9.1, 10.2, 9.4)), 1.0) - 0.55
    throat = s.capsule(p, (0, -9, -8.6), (0, -22, -11.0), 6.6, 9.0)
    slope = s.merge(
        s.capsule(q, (0, -21, -12), (17.5, -27, -12), 5.5, 6.6), s.ellipsoid(p, (0, -40, -12.5), (22, 20, 12)), 3.0
    )
    arm = s.capsule(q, (18.5, -28, -12), (25, -48, -12), 6.8, 7.4)
    return s.merge(s.merge(s.merge(head, throat, 2.5), slope, 5.0), arm, 1.6)


def _surcoat(p: np.ndarray) -> np.ndarray:
    neck = np.hypot(p[..., 0] / 1.05, (p[..., 1] + 18.0)) - 13.2
    sides = np.abs(p[..., 0]) - 19.5 - 0.05 * np.abs(p[..., 1] + 30)
    shell = np.maximum(_body(p) - 0.9, -(_body(p) - 0.35))
    return np.maximum(np.maximum(shell, -neck), np.maximum(sides, -4.0 - p[..., 2] - 8))


def build() -> tuple[Stage, np.ndarray, Look]:
    camera = Camera(scale=24.5, centre_y=-8.0)
    sky = lights.sky(
        (0.10, 0.12, 0.15), (0.16, 0.15, 0.14), (0.10, 0.07, 0.05),
        [(-42, 36, 24, 26, (0.96, 0.98, 1.0), 6.5, 8), (40, 14, 26, 26, (1.0, 0.86, 0.7), 0.7, 24),
         (118, 8, 14, 26, (1.0, 0.62, 0.30), 4.0, 10), (-142, 30, 16, 36, (0.75, 0.88, 1.0), 6.0, 10),
         (60, 62, 12, 8, (1.0, 0.9, 0.75), 2.5, 6)],
    )  # fmt: skip
    stage = Stage(camera, sky, depth=4)
    stage.add(sitter(False), materials.skin("#cf997b"), "skin")

    def padded(p: np.ndarray) -> np.ndarray:
        opening = np.maximum(oval_distance(p) + 0.75, -8.5 - p[..., 2])
        return np.maximum(_body(p) + 0.4, -opening)

    lining = solids.contour(padded, (-34, -44, -26), (34, 12, 4.5), 0.26)
    stage.add(lining, materials.surface("#2b2018", 0.85, sheen=0.3), "front")
    net = mail.drape(_body, low=-11.0)
    centres, sides, downs = mail.rings(net, 0.45, RADIUS, WIRE, 5)
    outward = np.cross(downs, sides)
    seen = (outward[:, 2] > -0.45) & (np.abs(centres[:, 0]) < 31) & (centres[:, 1] > -45)
    seen &= ~((oval_distance(centres) < -0.35) & (centres[:, 2] > -8.5) & (centres[:, 1] > -14))
    seen &= np.linalg.norm(downs, axis=1) > 0.5
    rings = mail.forge(centres[seen], sides[seen], downs[seen], RADIUS, WIRE)
    tone = np.repeat(
        np.clip(
            0.42
            + 0.05 * noise.waves(centres[seen], 5, 3)
            + 0.05 * np.random.default_rng(2).standard_normal(int(seen.sum())),
            0.2,
            0.7,
        ),
        16 * 6,
    )
    rings.colour = tone[:, None] * np.array([1.0, 0.97, 0.92])
    stage.add(rings, materials.surface(materials.vertex_colour(), 0.27, metallic=1.0), "front")
    edge = rim(0.55, 0.50)
    stage.add(
        solids.tube(edge, 0.42 + 0.03 * noise.waves(edge, 0.8, 2), 16, closed=True),
        materials.surface("#5a3620", 0.55, sheen=0.2),
        "front",
    )
    cloth = solids.contour(_surcoat, (-24, -44, -20), (24, -16, 6), 0.15)
    q = cloth.points
    hang = np.clip((-24 - q[:, 1]) / 10, 0, 1)
    fold = np.sin(q[:, 0] * 0.8 + 1.3 * noise.waves(q * [0.5, 0.18, 0.5], 5, 4)) * hang
    cloth = cloth.displaced(
        0.75 * fold - 0.5 * noise.creases(q * [1, 0.4, 1], 5, 7, 0.4) * hang + 0.03 * noise.waves(q, 0.6, 2)
    )
    ring, turn = np.hypot(q[:, 0] / 1.05, q[:, 1] + 18.0) - 13.2, np.arctan2(q[:, 0], -q[:, 1] - 18)
    band = np.clip((1.75 - ring) / 0.1, 0, 1)
    vine = np.abs(ring - 0.9 - 0.34 * np.sin(turn * 46)) < 0.17
    dots = np.hypot(ring - 0.9 + 0.34 * np.sin(turn * 46), ((turn * 23 / np.pi) % 1 - 0.5) * 1.9) < 0.24
    lines = (np.abs(ring - 0.2) < 0.11) | (np.abs(ring - 1.6) < 0.11)
    gold = (band * (vine | dots | lines))[:, None]
    red, thread = np.array(materials.srgb("#5a0f18")), np.array(materials.srgb("#b98a3a"))
    cloth.colour = (red * (1 - 0.55 * band[:, None])) * (1 - gold) * (
        1 + 0.12 * noise.waves(q, 3, 9)[:, None]
    ) + thread * gold
    weave = noise.value((512, 512), 2, 4) * 0.006
    stage.add(
        cloth, materials.surface(materials.vertex_colour(), 0.8, sheen=0.9, bump=materials.picture(weave)), "body"
    )
    return stage, _hall(camera), Look(exposure=1.1, shadow=0.85, bloom=0.12, vignette=0.45, warmth=0.3)


def _hall(camera: Camera) -> np.ndarray:
    """A stone hall far out of focus: an arched window's light, candles."""
    w, h = camera.width, camera.height
    picture = backdrops.mottle(backdrops.gradient(w, h, (0.050, 0.050, 0.054), (0.028, 0.022, 0.018)), 0.35, 6, 200)
    y, x = np.mgrid[:h, :w].astype(np.float32)
    window = np.exp(-(((x / w - 0.10) / 0.13) ** 2) - ((y / h - 0.26) / 0.26) ** 2)[..., None]
    picture = picture + window * np.array([0.22, 0.28, 0.34], np.float32)
    picture = backdrops.soften(picture, 22)
    rng = np.random.default_rng(14)
    spots = []
    for _ in range(34):
        px, py = rng.uniform(0.62, 1.03), rng.uniform(0.18, 0.72)
        spots.append((px, py, rng.uniform(0.012, 0.036), (1.0, 0.55, 0.20), rng.uniform(0.05, 0.45)))
    spots += [
        (rng.uniform(0, 0.3), rng.uniform(0.4, 0.8), rng.uniform(0.01, 0.02), (1.0, 0.6, 0.25), rng.uniform(0.03, 0.15))
        for _ in range(8)
    ]
    return backdrops.discs(picture, spots, 0.3)
