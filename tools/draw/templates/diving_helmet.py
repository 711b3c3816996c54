"""Deep-sea diver: a copper helmet with brass ports over a red wool cap, canvas, light falling through green water."""
# ruff: noqa: RUF005 - a list added to an array is a shift, not a concatenation

import numpy as np

from .. import backdrops, lights, materials, noise, solids
from ..head import head_distance, oval_distance, rim, sitter
from ..layers import Look
from ..scene import Camera, Stage

CENTRE = np.array([0, -3.6, -9.0])
PORT = 10.4  # inner radius of the front port


def _wool(p: np.ndarray) -> np.ndarray:
    throat = solids.capsule(p, (0, -9, -9), (0, -24, -11), 6.6, 8.6)
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    ears = solids.ellipsoid(q, (7.6, -2.8, -9.0), (2.2, 4.4, 3.4))
    whole = solids.merge(solids.merge(head_distance(p) - 0.85, ears, 1.2), throat, 2.0)
    return np.maximum(whole, -np.maximum(oval_distance(p) + 0.6, -8.5 - p[..., 2]))


def _metal_tone(mesh: solids.Mesh, colour: str, seed: int, wear: float = 1.0) -> solids.Mesh:
    """Polished where it is touched, brown and green where it is not; small dents."""
    q = mesh.points
    mesh = mesh.displaced(0.035 * wear * noise.waves(q, 2.4, seed) + 0.010 * noise.waves(q, 0.7, seed + 1))
    dirt = np.clip(0.45 * noise.waves(q, 5, seed + 2) + 0.4 * noise.waves(q, 1.6, seed + 3), 0, 1.6)[:, None] * wear
    green = np.clip(noise.waves(q, 2.0, seed + 5) * noise.waves(q, 0.6, seed + 8) - 1.2, 0, 0.6)[:, None] * wear
    base = np.array(materials.srgb(colour))
    tone = base * (1 - 0.38 * np.clip(dirt, 0, 1)) * (1 + 0.06 * noise.waves(q, 0.5, seed + 4)[:, None])
    mesh.colour = np.clip(tone * (1 - 0.6 * green) + np.array([0.10, 0.24, 0.19]) * 0.6 * green, 0, 1)
    return mesh


def _bolts(
    stage: Stage, centre, towards, radius: float, count: int, size: float, bsdf: dict, role: str = "body"
) -> None:
    axis = np.asarray(towards, float) / np.linalg.norm(towards)
    side = np.cross([0, 1, 0.001], axis)
    side /= np.linalg.norm(side)
    up = np.cross(axis, side)
    heads = []
    for a in 2 * np.pi * (np.arange(count) + 0.5) / count:
        spot = np.asarray(centre) + radius * (np.cos(a) * side + np.sin(a) * up)
        profile = [[0.001, 0.62], [0.55, 0.56], [0.72, 0.30], [0.78, 0.0], [1.05, 0.0], [1.05, -0.4]]
        heads.append(solids.lathe(np.array(profile) * size, spot, axis, 24))
    stage.add(solids.join(*heads), bsdf, role)


def _port(stage: Stage, centre, towards, inner: float, brass: dict, role: str = "body") -> None:
    profile = [
        [inner, -3.0],
        [inner, 0.7],
        [inner + 0.25, 1.0],
        [inner + 0.9, 1.15],
        [inner + 1.5, 1.0],
        [inner + 1.7, 0.6],
    ]
    profile += [[inner + 1.75, 0.1], [inner + 2.5, 0.0], [inner + 2.65, -0.3], [inner + 2.65, -2.5]]
    fine = solids.smooth_line(np.column_stack([np.array(profile), np.zeros(10)]), 90)[:, :2]
    stage.add(_metal_tone(solids.lathe(fine, centre, towards, 220), "#c68d4c", int(inner * 7), 0.8), brass, role)


def _copper(stage: Stage, brass: dict) -> None:
    arc = np.linspace(np.arcsin(11.2 / 16.2), np.pi * 0.98, 160)
    shell = np.stack([16.2 * np.sin(arc), 16.2 * np.cos(arc)], -1)
    body = solids.lathe(shell, CENTRE, (0, 0, 1), 260)
    stage.add(_metal_tone(body, "#b5673a", 40, 1.0), brass, "body")
    inside = solids.lathe(shell * 0.97, CENTRE, (0, 0, 1), 120)
    stage.add(inside, materials.surface("#4a3c30", 0.7), "body")
    neck = solids.revolve(np.array([[11.8, 6.0], [12.2, 3.0], [13.4, 0.8], [13.6, -3.0]]), 160, (1, 0.86)).moved(
        (0, -20.4, -9.6)
    )
    stage.add(_metal_tone(neck, "#b5673a", 77), brass, "body")
    front = CENTRE + [0, 0, 12.6]
    _port(stage, front, (0, 0, 1), PORT, brass)
    _bolts(
        stage, front + [0, 0, 0.15], (0, 0, 1), PORT + 2.15, 12, 0.55, materials.surface("#d2a95c", 0.25, metallic=1.0)
    )
    for side in (-1, 1):
        towards = np.array([side * 0.93, 0.05, 0.36])
        spot = CENTRE + towards * 15.6
        _port(stage, spot, towards, 3.4, brass)
        _bolts(stage, spot, towards, 5.5, 8, 0.4, materials.surface("#d2a95c", 0.25, metallic=1.0))
        glass = solids.lathe([[0.001, 0.5], [2, 0.4], [3.45, 0.1]], spot, towards, 60)
        stage.add(glass, materials.surface("#0b1a1c", 0.05, coat=1.0, specular=0.9), "body")
        for k in (-1.6, 0, 1.6):
            across = np.cross(towards, [0, 1, 0.0])
            bar = [spot + across * k + np.array([0, 1, 0]) * v + towards * 0.9 for v in np.linspace(-3.4, 3.4, 12)]
            stage.add(solids.tube(np.array(bar), 0.28, 12), brass_plain(), "body")
    valve = [[0.001, 3.0], [1.4, 2.9], [1.7, 2.4], [1.2, 2.1], [1.2, 1.0], [2.2, 0.8], [2.4, 0.0], [2.4, -1.5]]
    stage.add(_metal_tone(solids.lathe(valve, CENTRE + [0, 15.9, 1.5], (0, 1, 0.15), 80), "#c68d4c", 4), brass, "body")


def brass_plain() -> dict:
    return materials.surface("#c2924a", 0.28, metallic=1.0)


def _corselet(stage: Stage, brass: dict) -> None:
    def plate(p: np.ndarray) -> np.ndarray:
        dome = solids.ellipsoid(p, (0, -36, -11), (20.5, 17, 15.5))
        return np.maximum(dome, -(p[..., 1] + 35.5))

    collar = [[13.2, 2.0], [14.6, 1.8], [15.1, 1.0], [15.2, 0.2], [16.4, 0.0], [16.6, -0.8], [15.6, -1.6], [15.4, -3.2]]
    fine = solids.smooth_line(np.column_stack([np.array(collar), np.zeros(8)]), 70)[:, :2]
    ring = solids.revolve(fine, 220, (1, 0.86)).moved((0, -20.2, -9.6))
    stage.add(_metal_tone(ring, "#c68d4c", 14, 0.9), brass, "body")
    stage.add(_metal_tone(solids.contour(plate, (-22, -36, -28), (22, -18, 6), 0.25), "#b5673a", 61), brass, "body")
    studs = []
    for a in np.linspace(-1.25, 1.25, 9):
        base = np.array([19.4 * np.sin(a), -33.2, -11 + 14.6 * np.cos(a)])
        out = np.array([np.sin(a), 0.25, np.cos(a)])
        studs.append(
            solids.lathe(
                np.array([[0.001, 2.0], [0.35, 1.9], [0.35, 0.9], [1.0, 0.85], [1.1, 0.3], [1.4, 0.25], [1.4, -0.5]]),
                base,
                out,
                28,
            )
        )
        wing = np.array(
            [base + out * 1.3 + np.array([np.cos(a), 0, -np.sin(a)]) * v for v in np.linspace(-1.3, 1.3, 9)]
        )
        studs.append(solids.tube(wing, 0.30 + 0.12 * np.abs(np.linspace(-1, 1, 9)), 12))
    stage.add(solids.join(*studs), materials.surface("#d8b066", 0.22, metallic=1.0), "body")


def _canvas(stage: Stage) -> None:
    def dress(p: np.ndarray) -> np.ndarray:
        q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
        trunk = solids.ellipsoid(p, (0, -46, -12), (23.5, 16.5, 15.5))
        arm = solids.capsule(q, (19, -31.5, -12), (28, -50, -11), 7.8, 8.6)
        return solids.merge(trunk, arm, 2.5)

    mesh = solids.contour(dress, (-40, -46, -28), (40, -20, 6), 0.24)
    q = mesh.points
    fold = 0.8 * noise.creases(q * [0.5, 1.6, 0.5], 5.5, 3, 0.4) + 0.35 * noise.creases(
        q * [0.5, 1.4, 0.5], 2.6, 6, 0.35
    )
    seam = np.abs((np.abs(q[:, 0]) - 0.55 * (q[:, 1] + 26) * -1 - 14) % 9 - 4.5) < 0.16
    mesh = mesh.displaced(-fold - 0.12 * seam)
    tone = np.array(materials.srgb("#8d7a55")) * (1 + 0.14 * noise.waves(q, 4, 9) - 0.25 * np.clip(fold, 0, 1))[:, None]
    mesh.colour = np.clip(tone, 0, 1)
    weave = noise.value((512, 512), 2, 4) * 0.012
    stage.add(mesh, materials.surface(materials.vertex_colour(), 0.9, sheen=0.4, bump=materials.picture(weave)), "body")


def _cap(stage: Stage) -> None:
    mesh = solids.contour(_wool, (-11, -24, -20), (11, 12, 4.5), 0.15)
    q = mesh.points
    turn = np.arctan2(q[:, 0], q[:, 2] + 9)
    knit = np.abs(np.sin(turn * 42)) ** 0.7 * 0.16 + 0.05 * np.sin(q[:, 1] * 14 + 3 * np.sign(np.sin(turn * 84)))
    mesh = mesh.displaced(knit - 0.1 + 0.03 * noise.waves(q, 0.5, 3))
    mesh.colour = np.array(materials.srgb("#7d1a16")) * (1 + 0.15 * noise.waves(q, 1.0, 3) + 0.25 * (knit - 0.1) / 0.1)[
        :, None
    ].clip(0.4, 1.6)
    stage.add(mesh, materials.surface(materials.vertex_colour(), 0.95, sheen=1.0), "front")
    edge = rim(0.45, 0.5, 400)
    t = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    roll = solids.tube(edge, 0.5 + 0.06 * np.sin(t * 95), 16, closed=True)
    stage.add(roll, materials.surface("#8a1d18", 0.95, sheen=1.0), "front")


def build() -> tuple[Stage, np.ndarray, Look]:
    camera = Camera(scale=24.0, centre_y=-8.5)
    sky = lights.sky(
        (0.42, 0.80, 0.78), (0.10, 0.26, 0.30), (0.02, 0.06, 0.08),
        [(-30, 48, 26, 20, (1.0, 1.0, 0.90), 6.5, 8), (0, 0, 20, 20, (1.0, 0.98, 0.94), 3.2, 10),
         (96, 20, 10, 34, (0.3, 0.85, 0.85), 2.4, 12), (-112, 26, 10, 34, (0.9, 1.0, 0.85), 2.6, 12),
         (165, 40, 30, 20, (0.5, 1.0, 0.95), 3.5, 14)],
    )  # fmt: skip
    stage = Stage(camera, sky, depth=5)
    stage.add(sitter(False), materials.skin("#cf997b"), "skin")
    brass = materials.surface(materials.vertex_colour(), 0.25, metallic=1.0)
    _copper(stage, brass)
    _corselet(stage, brass)
    _canvas(stage)
    _cap(stage)
    mirrored = lights.sky(
        (0.02, 0.04, 0.04), (0.03, 0.07, 0.08), (0.01, 0.02, 0.03),
        [(-70, 50, 20, 10, (0.95, 1.0, 0.95), 6.0, 3), (98, -4, 10, 36, (0.4, 0.9, 0.9), 2.0, 8)],
    )  # fmt: skip
    stage.gleam = lights.dome(camera, mirrored, CENTRE, 12.2, PORT - 0.15, 0.7)
    return stage, _water(camera), Look(exposure=1.1, shadow=0.8, lift=1.25, bloom=0.14, vignette=0.45)


def _water(camera: Camera) -> np.ndarray:
    """Green-blue depth with slanting shafts of light and bubbles."""
    w, h = camera.width, camera.height
    picture = backdrops.gradient(w, h, (0.10, 0.36, 0.38), (0.005, 0.030, 0.045), 0.75)
    y, x = np.mgrid[:h, :w].astype(np.float32)
    fan = np.arctan2(x - 0.35 * w, y + 0.45 * h) * 14
    shafts = np.interp(fan, np.linspace(-16, 16, 400), noise.fractal((4, 400), 24, 5, 4)[0])
    picture = picture * np.exp(0.42 * shafts * np.clip(1 - y / (0.95 * h), 0, 1) ** 1.2)[..., None].astype(np.float32)
    picture = backdrops.soften(backdrops.mottle(picture, 0.10, 4), 14)
    rng = np.random.default_rng(6)
    bubbles = []
    for _ in range(90):
        column = rng.choice([0.08, 0.90, 0.83])
        bubbles.append(
            (
                column + rng.normal(0, 0.035),
                rng.uniform(0, 1.1),
                rng.uniform(0.002, 0.013),
                (0.55, 1.0, 0.95),
                rng.uniform(0.03, 0.22),
            )
        )
    return backdrops.discs(picture, bubbles, 0.15)
