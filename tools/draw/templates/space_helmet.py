"""Space helmet: a white suit, a soft cap with ear cups, a glass bubble, the Earth's limb behind."""
# ruff: noqa: RUF005 - a list added to an array is a shift, not a concatenation

import numpy as np

from .. import backdrops, lights, materials, noise, solids
from ..head import head_distance, oval_distance, rim, sitter
from ..layers import Look
from ..scene import Camera, Stage

CENTRE = np.array([0, -3.5, -8.0])  # of the glass


def _cap(p: np.ndarray) -> np.ndarray:
    """A padded cap over head and throat with an opening for the face."""
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    cups = solids.ellipsoid(q, (8.0, -3.2, -8.6), (2.5, 4.3, 3.6))
    throat = solids.capsule(p, (0, -10, -9), (0, -24, -12), 6.2, 8.2)
    whole = solids.merge(solids.merge(head_distance(p) - 0.95, cups, 0.8), throat, 2.0)
    hole = np.maximum(oval_distance(p) + 0.55, -8.5 - p[..., 2])
    return np.maximum(whole, -hole)


def _suit(p: np.ndarray) -> np.ndarray:
    s = solids
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    chest = s.ellipsoid(p, (0, -40, -12), (22.5, 20, 13.5))
    shoulder = s.capsule(q, (0, -25.5, -12), (18, -29, -12), 8.6, 8.0)
    return s.merge(chest, shoulder, 3.0)


def _sleeve(p: np.ndarray) -> np.ndarray:
    q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    return solids.capsule(q, (21.0, -30, -12), (29, -48, -11), 8.6, 9.0)


def _worn(mesh: solids.Mesh, rows: np.ndarray | None = None) -> solids.Mesh:
    q = mesh.points
    fold = 0.55 * noise.creases(q * [0.55, 1.25, 0.6], 8.5, 3, 0.5) + 0.16 * noise.creases(
        q * [0.6, 1.3, 0.6], 4.0, 5, 0.4
    )
    fold += 0.16 * noise.waves(q, 9, 9)
    if rows is not None:
        fold += 0.55 * (1 - np.abs(np.sin(rows * np.pi / 3.4))) ** 1.6
    worn = mesh.displaced(-fold)
    tone = 0.52 + 0.035 * noise.waves(q, 9, 1) + 0.02 * noise.waves(q, 1.5, 2) - 0.10 * np.clip(fold - 0.2, 0, 1)
    worn.colour = np.clip(tone[:, None] * np.array([1.0, 0.985, 0.95]), 0, 1)
    return worn


def _ring(stage: Stage, y: float, radius: float, thick: float, bsdf: dict, role: str = "body") -> None:
    t = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    path = np.stack([radius * np.sin(t), np.full_like(t, y), -9.5 + 0.82 * radius * np.cos(t)], -1)
    stage.add(solids.tube(path, thick, 20, closed=True), bsdf, role)


def _facing_ring(radius: float, z: float, thick: float) -> solids.Mesh:
    t = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    path = np.stack([radius * np.sin(t), CENTRE[1] + radius * np.cos(t), np.full_like(t, z)], -1)
    return solids.tube(path, thick, 24, closed=True)


def _helmet(stage: Stage) -> None:
    white = materials.surface("#c9c9c6", 0.22, coat=0.6, specular=0.5)
    steel = materials.conductor("Cr", 0.12)
    arc = np.linspace(np.pi, np.pi * 0.535, 60)
    shell = np.stack([17.6 * np.sin(arc), 17.6 * np.cos(arc)], -1)
    shell = np.vstack([shell, [[16.9, -1.2]], np.stack([16.6 * np.sin(arc[::-1]), 16.6 * np.cos(arc[::-1])], -1)])
    turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])
    stage.add(solids.revolve(shell, 200).moved(CENTRE, turn), white, "body")
    inside = np.stack([16.3 * np.sin(arc), 16.3 * np.cos(arc)], -1)
    pad = solids.revolve(inside, 200).moved(CENTRE + [0, 0, 0.1], turn)
    stage.add(pad, materials.surface("#23262b", 0.75, sheen=0.5), "body")
    stage.add(_facing_ring(17.0, CENTRE[2] - 1.4, 0.95), steel, "body")
    stage.add(_facing_ring(16.0, CENTRE[2] - 0.9, 0.35), materials.surface("#15171a", 0.6), "body")
    for k in range(24):
        a = 2 * np.pi * (k + 0.5) / 24
        spot = [17.0 * np.sin(a), CENTRE[1] + 17.0 * np.cos(a), CENTRE[2] - 0.48]
        stage.add(solids.ball(spot, (0.3, 0.3, 0.16), 10), materials.metal("#8d9094", 0.3), "body")


def _cap_and_microphone(stage: Stage) -> None:
    cap = solids.contour(_cap, (-12, -24, -20), (12, 13, 4.5), 0.16)
    q = cap.points
    quilting = 0.10 * np.abs(np.sin(q[:, 1] * 1.6)) ** 0.5 + 0.05 * noise.creases(q, 1.2, 4)
    cap = cap.displaced(-quilting * np.clip((np.abs(q[:, 0]) - 5.2) * 2, 0, 1) - 0.03 * noise.creases(q, 2, 8))
    edge = 3.9 - 0.10 * np.clip(q[:, 1], 0, 12) + 0.06 * np.clip(q[:, 2] + 4, -9, 0)
    side = np.maximum(np.clip((np.abs(q[:, 0]) - edge) / 0.12, 0, 1), np.clip((-9 - q[:, 1]) / 0.12, 0, 1))
    throat = np.clip((-14.8 - q[:, 1]) / 0.12, 0, 1)[:, None]
    white, brown, grey = np.array([0.60, 0.585, 0.55]), np.array([0.060, 0.036, 0.026]), np.array([0.20, 0.205, 0.21])
    cap.colour = (white * (1 - side[:, None]) + brown * side[:, None]) * (1 - throat) + grey * throat
    cap.colour = cap.colour * (1 + 0.08 * noise.waves(q, 3, 6)[:, None])
    weave = noise.value((400, 400), 2, 3) * 0.004
    stage.add(
        cap, materials.surface(materials.vertex_colour(), 0.75, sheen=0.7, bump=materials.picture(weave)), "front"
    )
    stage.add(
        solids.tube(rim(0.42, 0.55), 0.34, 16, closed=True), materials.surface("#2a1c15", 0.6, sheen=0.5), "front"
    )
    for side_x in (-1, 1):
        t = np.linspace(0, 1, 30)[:, None]
        a, b, c = np.array([8.6, -6.6, -5.4]), np.array([6.9, -11.0, 2.2]), np.array([2.9, -10.9, 2.0])
        boom = ((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c) * [side_x, 1, 1]
        stage.add(solids.tube(boom, 0.17, 12), materials.surface("#17181a", 0.35, coat=0.5), "front")
        tip = solids.ball(boom[-1], (0.75, 0.42, 0.42), 16)
        stage.add(
            tip.displaced(0.03 * noise.waves(tip.points, 0.2, 3)), materials.surface("#111214", 0.9, sheen=0.8), "front"
        )


def _fittings(stage: Stage) -> None:
    """Neck ring, hose connectors and a mission badge."""
    _ring(stage, -19.6, 14.6, 1.15, materials.conductor("Cr", 0.16))
    _ring(stage, -21.6, 15.2, 1.0, materials.metal("#1f4fa8", 0.22))
    _ring(stage, -23.2, 15.4, 1.3, materials.surface("#dcdad3", 0.7, sheen=0.4))
    turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])
    steel = materials.conductor("Cr", 0.18)
    for x, tone in ((-12.6, "#b3241c"), (12.6, "#1d4da3")):
        for radius, length, z0, bsdf in (
            (2.4, 1.2, 0.0, steel),
            (2.0, 2.0, 0.4, materials.metal(tone, 0.25)),
            (1.3, 3.0, 0.6, steel),
        ):
            profile = [
                [0.01, length],
                [radius - 0.18, length],
                [radius, length - 0.18],
                [radius, 0],
                [radius + 0.3, -0.3],
            ]
            stage.add(solids.revolve(np.array(profile), 60).moved((x, -32.0, -0.2 + z0), turn), bsdf, "body")
        t = np.linspace(0, 1, 40)[:, None]
        hose = (
            (1 - t) ** 2 * np.array([x, -32, 3.4])
            + 2 * t * (1 - t) * np.array([x, -38, 9])
            + t**2 * np.array([x * 0.7, -46, 4])
        )
        ribs = 1.05 + 0.10 * np.sin(np.linspace(0, 40 * np.pi, 400))
        fine = np.stack([np.interp(np.linspace(0, 1, 400), t[:, 0], hose[:, k]) for k in range(3)], -1)
        stage.add(solids.tube(fine, ribs, 24), materials.surface("#8f9296", 0.45), "body")
        strap = np.array([[x * 0.98, -24.2, -4.5], [x * 0.85, -26.5, -1.0], [x * 0.62, -30, 2.0], [x * 0.50, -33, 3.2]])
        fine = np.stack([np.interp(np.linspace(0, 3, 40), range(4), strap[:, k]) for k in range(3)], -1)
        band = solids.tube(fine, 1.0, 16)
        stage.add(band, materials.surface("#8b8a86", 0.8, sheen=0.4), "body")
    _chest_unit(stage)


def _chest_unit(stage: Stage) -> None:
    """The control box: rounded body, a dark panel, switches and dials."""

    def box(centre, half, radius):
        def distance(p):
            q = np.abs(p - np.array(centre)) - np.array(half) + radius
            return np.linalg.norm(np.maximum(q, 0), axis=-1) + np.minimum(q.max(-1), 0) - radius

        low, high = np.array(centre) - half - 0.5, np.array(centre) + half + 0.5
        return solids.contour(distance, low, high, 0.1)

    stage.add(box((0, -33.7, 3.6), np.array([7.6, 5.4, 2.6]), 0.9), materials.surface("#b9b8b3", 0.4, coat=0.3), "body")
    stage.add(
        box((0, -31.8, 6.2), np.array([6.4, 1.9, 0.25]), 0.2), materials.surface("#1a1c20", 0.35, coat=0.4), "body"
    )
    for k in range(5):
        x = -4.8 + 2.4 * k
        tone = ("#c8c8c4", "#c8c8c4", "#b3241c", "#c8c8c4", "#1d4da3")[k]
        stage.add(solids.ball((x, -31.8, 6.7), (0.62, 0.62, 0.45), 16), materials.surface(tone, 0.3, coat=0.5), "body")
        stage.add(solids.ball((x, -35.8, 6.2), (0.28, 0.7, 0.6), 14), materials.conductor("Cr", 0.2), "body")


def build() -> tuple[Stage, np.ndarray, Look]:
    camera = Camera(scale=24.5, centre_y=-8.0)
    sky = lights.sky(
        (0.05, 0.06, 0.09), (0.10, 0.13, 0.18), (0.12, 0.20, 0.34),
        [(-38, 40, 26, 20, (1.0, 0.97, 0.92), 8.0, 6), (35, 10, 34, 26, (1.0, 0.95, 0.9), 0.5, 30),
         (75, -6, 22, 26, (0.35, 0.62, 1.0), 2.6, 16), (152, 20, 14, 40, (0.45, 0.68, 1.0), 6.0, 12),
         (-140, 35, 16, 34, (1.0, 0.95, 0.88), 9.0, 10)],
    )  # fmt: skip
    stage = Stage(camera, sky)
    stage.add(sitter(False), materials.skin("#d29c7e"), "skin")
    weave = noise.value((512, 512), 2, 4) * 0.004
    cloth = materials.surface(materials.vertex_colour(), 0.75, sheen=0.5, bump=materials.picture(weave))
    suit = solids.contour(_suit, (-27, -44, -27), (27, -16, 6), 0.22)
    stage.add(_worn(suit), cloth, "body")
    arms = solids.contour(_sleeve, (-40, -44, -24), (40, -20, 0), 0.22)
    stage.add(_worn(arms, 0.9 * arms.points[:, 1] - 0.42 * np.abs(arms.points[:, 0])), cloth, "body")
    _helmet(stage)
    _cap_and_microphone(stage)
    _fittings(stage)
    mirrored = lights.sky(
        (0.02, 0.02, 0.03), (0.05, 0.06, 0.09), (0.03, 0.08, 0.2),
        [(-78, 52, 22, 11, (1.0, 0.97, 0.92), 9.0, 3), (-104, 4, 7, 34, (0.9, 0.95, 1.0), 3.4, 5),
         (104, -8, 12, 40, (0.35, 0.62, 1.0), 3.0, 10), (70, 60, 7, 5, (1.0, 0.97, 0.92), 4.0, 3)],
    )  # fmt: skip
    stage.gleam = lights.dome(camera, mirrored, CENTRE, 17.0, 15.8, 0.7)
    return stage, _orbit(camera), Look(exposure=1.05, shadow=0.8, bloom=0.16, vignette=0.3)


def _orbit(camera: Camera) -> np.ndarray:
    """Black sky, stars, and the Earth's limb out of focus."""
    w, h = camera.width, camera.height
    picture = backdrops.gradient(w, h, (0.006, 0.008, 0.014), (0.010, 0.016, 0.032))
    cloud = np.clip(noise.fractal((h, w), 420, 5, 6) + 0.2, 0, 3)[..., None]
    picture = picture + cloud**2 * np.array([0.010, 0.012, 0.026], np.float32)
    rng = np.random.default_rng(4)
    stars = [
        (
            rng.random(),
            rng.random() * 1.25,
            0.0012 + 0.0028 * rng.random() ** 3,
            (0.9, 0.95, 1.0) if rng.random() < 0.7 else (1, 0.85, 0.7),
            rng.uniform(0.1, 1.3),
        )
        for _ in range(330)
    ]
    picture = backdrops.discs(picture, stars, 0.1)
    y, x = np.mgrid[:h, :w].astype(np.float32)
    r = np.hypot(x - 1.30 * w, y - 1.75 * h) - 1.35 * w
    swirl = noise.fractal((h, w), 170, 12, 6, 0.6)
    ocean = np.array([0.05, 0.20, 0.52], np.float32) + np.clip(swirl, 0, 2)[..., None] * np.array(
        [0.42, 0.45, 0.46], np.float32
    )
    lit = np.clip(-r / 260, 0, 1)[..., None]
    earth = ocean * (0.25 + 0.75 * lit)
    inside = np.clip(-r / 6 + 0.5, 0, 1)[..., None]
    glow = np.exp(-np.clip(r, 0, None) / 34)[..., None] * np.array([0.20, 0.48, 1.0], np.float32)
    return backdrops.soften(picture * (1 - inside) + earth * inside + glow * (1 - inside), 4)
