"""Flower crown: long chestnut hair that frames the face, roses and daisies, a garden in evening sun."""

import numpy as np

from .. import backdrops, lights, materials, noise, solids, tresses
from ..flora import around, daisy, face_out, leaf, rose
from ..head import sitter
from ..layers import Look
from ..scene import Camera, Stage

# one side, from the face outwards: parting, brow, temple, cheek, jaw, collarbone, tip
_GUIDES = (
    [(0.2, 6.6, -0.9), (3.6, 5.2, -0.6), (6.2, 1.8, -2.6), (7.0, -3.0, -4.4), (7.4, -8.5, -4.0),
     (8.6, -15, -2.6), (9.4, -24, -0.6), (8.6, -36, 1.0), (7.5, -47, 1.0)],
    [(0.3, 7.8, -1.8), (4.4, 6.4, -1.6), (7.5, 2.2, -4.2), (8.4, -3.0, -5.6), (9.0, -9.0, -5.0),
     (10.4, -16, -3.8), (11.4, -25, -1.6), (10.8, -37, 0.4), (10, -48, 0.0)],
    [(0.3, 9.2, -3.4), (4.8, 7.9, -3.2), (8.4, 3.2, -6.2), (9.7, -3.0, -7.6), (10.6, -9.5, -7.0),
     (12.2, -17, -5.6), (13.6, -26, -3.2), (13.4, -37, -1.0), (12.5, -48, -1.0)],
    [(0.3, 10.4, -6.0), (4.9, 9.2, -6.4), (8.9, 3.8, -9.2), (10.4, -3.0, -10.2), (11.6, -10, -9.8),
     (13.4, -18, -8.4), (15.4, -27, -5.4), (15.6, -37, -3.0), (15.0, -48, -3.0)],
    [(0.3, 10.9, -9.5), (4.8, 9.7, -10.2), (8.9, 4.0, -12.2), (10.4, -3.0, -13.0), (11.6, -11, -13.0),
     (13.8, -19, -12.4), (16.0, -28, -10.0), (16.5, -38, -8.0), (16.0, -48, -8.0)],
)  # fmt: skip


def _hair(stage: Stage) -> None:
    for side, guides in ((0, [np.array(g) for g in _GUIDES]), (1, tresses.mirrored([np.array(g) for g in _GUIDES]))):
        for k, (tone, count) in enumerate((("#3a2013", 70), ("#5b3218", 95), ("#9a6334", 55))):
            fibres = tresses.locks(guides, count, 70, 0.34, 100 + 10 * side + k, 1.05, 3.1, 0.034, 34)
            bsdf = materials.strand(tone, 0.55, 0.30)
            stage.add_strands(list(fibres), bsdf, "front")


def _crown(stage: Stage) -> None:
    rng = np.random.default_rng(21)
    tones = [("#e9a39a", "#c4453f"), ("#f6e3d2", "#e0a27a"), ("#d9606a", "#8e1f33"), ("#f3c9b0", "#d9775a")]
    parts = []
    for k, angle in enumerate(np.linspace(-1.62, 1.62, 15)):
        place = np.array(
            [10.2 * np.sin(angle), 6.6 - 1.2 * np.cos(angle) - 1.4 * np.sin(angle) ** 2, -8.6 + 9.6 * np.cos(angle)]
        )
        out = np.array([np.sin(angle), 0.42, np.cos(angle)])
        for _ in range(5):
            shift = rng.normal(0, 0.9, 3)
            aim = out + rng.normal(0, 0.55, 3)
            blade = around(leaf(rng, rng.uniform(2.2, 3.6)), rng.uniform(0, 6.28), 0.5)
            parts.append(blade.moved(place + shift * [1, 0.8, 0.5] - 0.5 * out, face_out(aim, 0)))
        if k % 2 == 0:
            tone, heart = (np.array(materials.srgb(c)) for c in tones[(k // 2) % 4])
            flower = rose(rng, 2.25 + 0.35 * np.cos(angle * 2 + 1), tone, heart)
        else:
            flower = daisy(rng, 1.75, np.array([0.86, 0.85, 0.80]))
        parts.append(
            flower.moved(
                place + 0.4 * out + [0, rng.normal(0, 0.35), 0],
                face_out(out + rng.normal(0, 0.12, 3), rng.uniform(0, 6)),
            )
        )
        small = daisy(rng, 0.85, np.array([0.62, 0.60, 0.86]))
        for _ in range(3):
            at = place + np.array([rng.normal(0, 1.5), rng.choice([-1.6, 1.9]) + rng.normal(0, 0.3), 0.2]) + 0.5 * out
            parts.append(small.moved(at, face_out(out + rng.normal(0, 0.3, 3), 0)))
    stage.add(solids.join(*parts), materials.surface(materials.vertex_colour(), 0.62, sheen=0.7, specular=0.3), "front")


def _dress(stage: Stage) -> None:
    def shape(p: np.ndarray) -> np.ndarray:
        q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
        chest = solids.merge(
            solids.ellipsoid(p, (0, -36, -13.5), (19.6, 13.6, 10.6)),
            solids.capsule(q, (14, -25, -13.5), (23, -44, -13), 5.6, 6.6),
            3,
        )
        neckline = np.hypot(p[..., 0], (p[..., 1] + 17.5) * 1.05) - 13.0
        return np.maximum(chest, -neckline)

    mesh = solids.contour(shape, (-31, -44, -26), (31, -19, 4), 0.2)
    q = mesh.points
    fold = np.sin(np.arctan2(q[:, 0], -q[:, 1] - 12) * 34 + 1.5 * noise.waves(q, 6, 3)) * 0.22 + 0.3 * noise.creases(
        q, 5, 5, 0.4
    )
    stage.add(mesh.displaced(fold + 0.3), materials.surface("#d8cbb8", 0.8, sheen=0.8), "body")


def build() -> tuple[Stage, np.ndarray, Look]:
    camera = Camera(scale=24.5, centre_y=-8.0)
    sky = lights.sky(
        (0.62, 0.70, 0.72), (0.55, 0.52, 0.42), (0.20, 0.24, 0.12),
        [(-32, 36, 30, 24, (1.0, 0.95, 0.88), 4.0, 18), (48, 8, 26, 30, (1.0, 0.9, 0.8), 1.0, 24),
         (158, 26, 20, 26, (1.0, 0.74, 0.42), 8.0, 10), (-150, 34, 18, 30, (1.0, 0.84, 0.58), 6.0, 10)],
    )  # fmt: skip
    stage = Stage(camera, sky, depth=4)
    stage.add(sitter(True), materials.skin("#d7a386"), "skin")
    scalp = solids.ball((0, 1.5, -9.2), (8.3, 9.5, 8.6), 60)
    stage.add(scalp, materials.matt("#24140b"), "body")
    _hair(stage)
    _crown(stage)
    _dress(stage)
    return stage, _garden(camera), Look(exposure=1.05, shadow=0.85, bloom=0.16, vignette=0.35, warmth=0.35)


def _garden(camera: Camera) -> np.ndarray:
    """Leaves against the low sun, far out of focus."""
    w, h = camera.width, camera.height
    picture = backdrops.gradient(w, h, (0.22, 0.26, 0.10), (0.055, 0.085, 0.035))
    y, x = np.mgrid[:h, :w].astype(np.float32)
    sun = np.exp(-(((x / w - 0.80) / 0.34) ** 2) - ((y / h - 0.16) / 0.26) ** 2)[..., None]
    picture = backdrops.soften(backdrops.mottle(picture, 0.42, 7, 230), 20) + sun * np.array(
        [0.95, 0.62, 0.25], np.float32
    )
    rng = np.random.default_rng(9)
    spots = []
    for _ in range(120):
        px, py = rng.random(), rng.random() * 1.2
        near = np.exp(-(((px - 0.8) / 0.4) ** 2) - ((py - 0.2) / 0.45) ** 2)
        tone = (1.0, 0.82, 0.45) if rng.random() < 0.5 + 0.4 * near else (0.55, 0.75, 0.28)
        spots.append((px, py, rng.uniform(0.012, 0.045), tone, rng.uniform(0.02, 0.10) + 0.22 * near * rng.random()))
    return backdrops.discs(picture, spots, 0.5)
