"""Arctic parka: a red down jacket, a deep hood with a ruff of wolf fur, snow light."""
# ruff: noqa: RUF005 - a list added to an array is a shift, not a concatenation

import numpy as np

from .. import backdrops, lights, materials, noise, solids, strands
from ..head import sitter
from ..layers import Look
from ..scene import Camera, Stage


def _ring(angle: np.ndarray) -> np.ndarray:
    """The seam of the fur: an egg around the face, closing under the chin."""
    x = 9.9 * np.sin(angle)
    y = -4.0 + 10.9 * np.cos(angle) + 0.6 * np.cos(2 * angle)
    z = -1.6 - 2.6 * np.sin(angle) ** 2 + 0.8 * np.cos(angle)
    return np.stack([x, y, z], -1)


def _fur(stage: Stage) -> None:
    rng = np.random.default_rng(11)
    for count, length, radius, wave, roots_at, tones, cut in (
        (26000, 2.2, 0.034, 0.5, 2.0, ("#4a3a2e", "#8b7866"), 3),
        (24000, 4.6, 0.030, 0.42, 2.0, ("#5d4a3a", "#d9cbb6"), 3),
        (9000, 6.2, 0.026, 0.35, 2.0, ("#8a7762", "#f4ecdf"), 2),
        (2600, 6.6, 0.028, 0.35, 2.0, ("#6b5746", "#2a221d"), 3),
    ):
        angle = rng.uniform(0, 2 * np.pi, count)
        centre = _ring(angle)
        ahead = strands.unit(_ring(angle + 0.01) - centre)
        outward = strands.unit(centre - np.array([0, -4.0, -6.0]))
        forward = strands.unit(np.cross(ahead, outward))
        forward *= np.sign(forward[:, 2:])
        around = rng.uniform(-0.62 * np.pi, 0.62 * np.pi, count) + 0.12
        normal = np.cos(around)[:, None] * forward + np.sin(around)[:, None] * outward
        roots = centre + normal * roots_at * 0.8
        lay = (
            normal
            + 0.45 * forward
            + 0.55 * outward * np.sign(np.sin(around) + 0.35)[:, None]
            + rng.normal(0, 0.28, (count, 3))
        )
        inward = np.sin(around) < -0.35
        size = length * rng.uniform(0.6, 1.15, count) * np.where(inward, 0.52, 1.0)
        fibres = strands.grow(roots, lay, size, radius, int(rng.integers(1e6)), 0.22, wave, 0.65, count // 26, 8)
        low, high = strands.split(fibres, cut)
        stage.add_strands(low, materials.strand(tones[0], 0.25), "front")
        stage.add_strands(high, materials.strand(tones[1], 0.45), "front")


def _coat(p: np.ndarray) -> np.ndarray:
    s = solids
    body = s.ellipsoid(p, (0, -40, -13), (22, 21, 12.0))
    hood = s.ellipsoid(p, (0, -2.5, -13), (12.6, 15.0, 12.0))
    neck = s.capsule(p, (0, -16, -10), (0, -26, -11), 10.0, 11.5)
    yoke = s.merge(
        s.capsule(p, (0, -23, -13), (17.5, -27, -13), 7.5, 6.5),
        s.capsule(p, (0, -23, -13), (-17.5, -27, -13), 7.5, 6.5),
        2.0,
    )
    return s.merge(s.merge(hood, neck, 3.0), s.merge(body, yoke, 3.5), 2.5)


def _sleeve(p: np.ndarray) -> np.ndarray:
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    return solids.capsule(q, (20.0, -28.5, -13), (28.5, -46, -13), 7.2, 8.0)


def _shell(p: np.ndarray) -> np.ndarray:
    mouth = solids.capsule(p, (0, -3.5, -6), (0, -3.5, 12), 9.6, 11.0)
    return np.maximum(_coat(p), -mouth)


def _quilted(mesh: solids.Mesh, along: np.ndarray, spacing: float) -> solids.Mesh:
    """Down chambers across `along`, pulled in at the stitches, with the small creases of a windproof shell."""
    q = mesh.points
    place = along / spacing + 0.10 * noise.waves(q, 16, 5)
    row = np.abs(np.sin(place * np.pi))
    below = np.clip((-18.0 - q[:, 1]) / 3.0, 0, 1)
    puff = (row**0.42 - 0.8) * 1.15
    stitch = (1 - row) ** 2.2
    mirrored = np.stack([q[:, 0], q[:, 1], q[:, 2]], -1)
    tug = stitch * (np.abs(noise.waves(mirrored * [1.5, 0.25, 1.2], 1.5, 4)) ** 0.7) * 0.34
    crease = noise.waves(q * [0.8, 1.5, 0.8] + 0.6 * noise.waves(q, 4, 2)[:, None], 3.0, 8)
    crease = 0.16 * np.exp(-((crease / 0.35) ** 2)) + 0.05 * np.abs(noise.waves(q, 1.0, 9))
    hood = (1 - below) * 0.22 * np.abs(noise.waves(q * [1, 0.7, 1], 4, 3))
    return mesh.displaced((puff - tug - crease) * below - hood)


def _zip(stage: Stage) -> None:
    y = np.linspace(-17.3, -36, 60)
    z = np.array([_front_depth(v) for v in y])
    line = np.stack([0.12 * np.sin(y / 3), y, z + 1.1], -1)
    stage.add(solids.tube(line + [0, 0, -0.35], 0.85, 20), materials.surface("#3a0f10", 0.7, sheen=0.4), "body")
    for k in range(0, 59):
        for side in (-1, 1):
            c = line[k] * 0.5 + line[k + 1] * 0.5 + [side * 0.16, 0.08 * side, 0.45]
            stage.add(solids.ball(c, (0.2, 0.085, 0.12), 8), materials.metal("#d6b26a", 0.25), "body")


def _front_depth(y: float) -> float:
    z = np.linspace(8, -14, 400)
    p = np.stack([np.zeros_like(z), np.full_like(z, y), z], -1)
    return float(z[np.argmax(_coat(p) < 0)])


def build() -> tuple[Stage, np.ndarray, Look]:
    camera = Camera(scale=24.5, centre_y=-8.0)
    sky = lights.sky(
        (0.70, 0.86, 1.12), (0.45, 0.55, 0.70), (0.42, 0.48, 0.60),
        [(-35, 42, 30, 22, (1.0, 0.96, 0.90), 5.2, 18), (62, 12, 18, 30, (0.75, 0.88, 1.0), 1.5, 15),
         (148, 22, 16, 38, (0.8, 0.92, 1.0), 4.0, 12), (-152, 30, 14, 38, (1.0, 0.86, 0.68), 4.5, 12)],
    )  # fmt: skip
    stage = Stage(camera, sky, depth=3)
    stage.add(sitter(False), materials.skin("#d29c7e"), "skin")
    cloth = noise.fractal((512, 512), 3, 2, 2) * 0.006
    red = materials.surface("#8e1512", 0.46, sheen=0.12, specular=0.45, bump=materials.picture(cloth))
    coat = solids.contour(_shell, (-26, -44, -27), (26, 14, 6), 0.24)
    stage.add(_quilted(coat, coat.points[:, 1] + 0.012 * coat.points[:, 0] ** 2, 5.4), red, "body")
    sleeves = solids.contour(_sleeve, (-38, -44, -24), (38, -19, -2), 0.24)
    down = 0.9 * sleeves.points[:, 1] - 0.42 * np.abs(sleeves.points[:, 0])
    stage.add(_quilted(sleeves, down, 5.4), red, "body")
    _zip(stage)
    lining = solids.tube(_ring(np.linspace(0, 2 * np.pi, 120, endpoint=False)), 1.5, 20, closed=True)
    stage.add(lining, materials.matt("#3b2d24"), "front")
    _fur(stage)
    return stage, _snow(camera), Look(exposure=1.0, shadow=0.8, bloom=0.10)


def _snow(camera: Camera) -> np.ndarray:
    """Blue hour on the ice: a pale horizon, far ridges, drifting flakes out of focus."""
    w, h = camera.width, camera.height
    picture = backdrops.gradient(w, h, (0.16, 0.27, 0.42), (0.80, 0.84, 0.88), 0.8)
    x = np.arange(w)
    for level, height, tone, seed in (
        (0.50, 90, (0.34, 0.47, 0.62), 3),
        (0.57, 60, (0.55, 0.66, 0.76), 6),
        (0.66, 30, (0.82, 0.87, 0.92), 9),
    ):
        ridge = level * h + noise.fractal((4, w), 260, seed, 5)[0] * height * 0.6
        mask = np.clip((np.arange(h)[:, None] - ridge[x][None]) / 3, 0, 1)[..., None]
        picture = picture * (1 - mask) + np.array(tone, np.float32) * mask
    picture = backdrops.soften(backdrops.mottle(picture, 0.07, 4), 16)
    rng = np.random.default_rng(8)
    flakes = [
        (rng.random(), rng.random() * 1.25, 0.003 + 0.011 * rng.random() ** 2, (0.9, 0.95, 1.0), rng.uniform(0.08, 0.4))
        for _ in range(190)
    ]
    return backdrops.discs(picture, flakes)
