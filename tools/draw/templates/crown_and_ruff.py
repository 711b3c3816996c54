"""Crown and ruff: a jewelled gold crown with ermine, dark curls, a starched ruff over a velvet gown."""
# ruff: noqa: RUF005 - a list added to an array is a shift, not a concatenation

import numpy as np

from .. import backdrops, lights, materials, noise, solids, strands, tresses
from ..flora import face_out, petal
from ..head import sitter
from ..layers import Look
from ..scene import Camera, Stage

# one side, from the face outwards: under the crown, temple, cheek, jaw, into the ruff
_CURLS = (
    [(1.5, 6.4, -0.6), (4.6, 5.2, -1.2), (6.5, 2.0, -2.9), (7.1, -2.6, -4.6),
     (7.3, -7.4, -4.6), (7.6, -12.0, -4.4), (8.0, -16.0, -4.0)],
    [(2.0, 7.2, -1.5), (5.6, 6.0, -2.0), (7.9, 2.4, -4.6), (8.8, -2.6, -6.0),
     (9.2, -7.8, -6.0), (9.6, -12.4, -5.6), (10.0, -16.4, -5.0)],
    [(2.5, 8.0, -3.0), (6.4, 6.8, -4.0), (9.0, 2.6, -7.0), (10.2, -2.6, -8.2),
     (10.9, -8.0, -8.2), (11.4, -12.6, -7.8), (11.6, -16.6, -7.2)],
    [(2.5, 8.6, -6.0), (6.6, 7.6, -7.6), (9.4, 3.0, -10.0), (10.9, -2.6, -11.0),
     (11.8, -8.2, -11.2), (12.4, -13.0, -11.0), (12.6, -17.0, -10.5)],
)  # fmt: skip
_CENTRE = np.array([0, 0, -8.8])
_CLOTH = 40.0  # cm, half the width of the gown's painted cloth


def _ring(angle, radius: float, y) -> np.ndarray:
    return _CENTRE + np.stack([radius * np.sin(angle), y + 0 * angle, radius * 1.0 * np.cos(angle)], -1)


def _hair(stage: Stage) -> None:
    for side, guides in ((0, [np.array(g) for g in _CURLS]), (1, tresses.mirrored([np.array(g) for g in _CURLS]))):
        for k, (tone, count) in enumerate((("#160d08", 55), ("#2b190e", 75), ("#4a2c18", 35))):
            fibres = tresses.locks(guides, count, 60, 0.30, 200 + 10 * side + k, 0.85, 3.4, 0.034, 30)
            stage.add_strands(list(fibres), materials.strand(tone, 0.6, 0.28), "front")
    stage.add(solids.ball((0, 1.5, -9.4), (8.4, 9.2, 8.6), 50), materials.matt("#100a06"), "body")


def _crown(stage: Stage) -> None:
    gold = materials.surface(materials.vertex_colour(), 0.2, metallic=1.0)
    tone = np.array(materials.srgb("#e2ab4a"))

    def gilt(mesh: solids.Mesh) -> solids.Mesh:
        dirt = np.clip(0.5 + 0.35 * noise.waves(mesh.points, 1.2, 3), 0, 1)[:, None]
        mesh.colour = tone * (0.72 + 0.28 * dirt)
        return mesh

    parts = []
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    band = [
        (9.75, 5.3),
        (10.15, 5.5),
        (10.2, 5.9),
        (9.95, 6.1),
        (9.95, 8.3),
        (10.25, 8.5),
        (10.2, 8.9),
        (9.8, 9.1),
        (9.5, 9.0),
        (9.4, 5.4),
    ]
    net = np.stack([_ring(angle, r, y) for r, y in band])
    parts.append(gilt(solids.grid_mesh(net[::-1], wrap_u=True, wrap_v=True)))
    jewels: dict[str, list] = {"#8f0a1c": [], "#0b2f8a": [], "#0c5a36": []}
    pearls = []
    for k, a in enumerate(np.arange(16) * 2 * np.pi / 16):
        out = np.array([np.sin(a), 0.05, np.cos(a)])
        turn = face_out(out, 0)
        tall = k % 2 == 0
        foot = _ring(np.array(a), 9.95, 8.8)
        height = 5.6 if tall else 3.2
        for lean, length, width in ((0, height, 0.34), (-0.75, height * 0.62, 0.30), (0.75, height * 0.62, 0.30)):
            leaf = petal(length, length * width * 0.62, -0.35, 0.06)
            c, s = np.cos(lean), np.sin(lean)
            leaf = leaf.moved((0, 0.15 * abs(lean), 0.1 * abs(lean)), np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]))
            parts.append(gilt(leaf.moved(foot, turn)))
        parts.append(gilt(solids.ball(foot + out * 0.35 + [0, 0.35, 0], (0.62, 0.62, 0.62), 14)))
        pearls.append(
            solids.ball(
                foot + [0, height + 0.25, 0] + out * 0.28, (0.48, 0.48, 0.48) if tall else (0.36, 0.36, 0.36), 16
            )
        )
        colour = ("#8f0a1c", "#0b2f8a", "#0c5a36", "#0b2f8a")[k % 4]
        gem = _ring(np.array(a), 10.15, 7.2)
        size = (0.98, 0.78, 0.5) if tall else (0.6, 0.6, 0.42)
        jewels[colour].append(solids.ball((0, 0, 0), size, 16).moved(gem, turn))
        setting = solids.tube(
            np.stack([size[0] * 1.08 * np.cos(angle[::8]), size[1] * 1.08 * np.sin(angle[::8]), 0 * angle[::8]], -1),
            0.16,
            10,
            closed=True,
        )
        parts.append(gilt(setting.moved(gem, turn)))
        for step in (-1, 1):
            spot = _ring(np.array(a + step * np.pi / 16 * 0.82), 10.15, 7.2)
            pearls.append(solids.ball(spot + [0, 0.55 * step, 0], (0.3, 0.3, 0.3), 12))
    stage.add(solids.join(*parts), gold, "front")
    for colour, stones in jewels.items():
        stage.add(solids.join(*stones), materials.surface(colour, 0.06, coat=1.0, specular=0.95), "front")
    stage.add(solids.join(*pearls), materials.surface("#e9e2d6", 0.16, coat=0.8, sheen=0.4), "front")
    cap = solids.ball((0, 8.4, -8.8), (9.2, 5.4, 9.2), 50)
    puff = 0.5 * np.abs(np.sin(np.arctan2(cap.points[:, 0], cap.points[:, 2] + 8.8) * 4)) + 0.1 * noise.waves(
        cap.points, 2, 4
    )
    stage.add(cap.displaced(puff), materials.surface("#4a0713", 0.85, sheen=1.0), "front")
    _ermine_band(stage)


def _ermine_band(stage: Stage) -> None:
    """A soft roll of white fur under the crown's rim."""
    rng = np.random.default_rng(5)
    n = 15000
    a, b = rng.uniform(-2.2, 2.2, n), rng.uniform(-1.9, 1.9, n)
    out = np.stack([np.sin(a), 0 * a, np.cos(a)], -1)
    centre = _ring(a, 9.3, 4.9 + 0.35 * np.cos(a))
    normal = np.cos(b)[:, None] * out + np.sin(b)[:, None] * np.array([0, 1.0, 0])
    lay = normal + np.array([0, -0.5, 0]) + rng.normal(0, 0.3, (n, 3))
    fibres = strands.grow(
        centre + normal * 0.62, lay, 0.95 * rng.uniform(0.6, 1.2, n), 0.026, 6, 0.15, 0.3, 0.4, n // 20, 6
    )
    dark = np.hypot((a * 5.2 / 2.2 + 0.5) % 1 - 0.5, (np.sin(b) + 0.25) * 0.45) < 0.16
    stage.add_strands(list(fibres[~dark]), materials.strand("#efe9de", 0.3, 0.5), "front")
    stage.add_strands(list(fibres[dark]), materials.strand("#15110f", 0.4, 0.4), "front")
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    roll = solids.tube(_ring(t, 9.3, 4.9 + 0.35 * np.cos(t)), 0.66, 14, closed=True)
    stage.add(roll, materials.matt("#b5ada0"), "front")


def _ruff(stage: Stage) -> None:
    """Two layers of figure-of-eight pleats, each with a lace edge of small loops."""
    linen = materials.surface("#dcd6ca", 0.75, sheen=0.6)
    for layer, (y0, outer, amp, count, phase) in enumerate(
        ((-17.2, 15.8, 1.55, 30, 0.0), (-19.3, 17.2, 1.45, 32, 0.5))
    ):
        angle = np.linspace(0, 2 * np.pi, 1800, endpoint=False)
        share = np.linspace(0, 1, 26)[:, None]
        wave = count * angle + phase + 0.22 * np.sin(3 * angle + layer) + 0.08 * np.sin(11 * angle)
        radius = 6.6 + (outer - 6.6) * share + 0.16 * np.sin(wave * 2)[None] * share
        swing = amp * share**0.8 * (1 + 0.06 * np.sin(5 * angle + 1))[None]
        turn = angle[None] + 0.050 * np.sin(2 * wave)[None] * share
        z = radius * 0.86 * np.cos(turn)
        y = (
            y0
            + swing * np.sin(wave)[None]
            - 0.20 * np.clip(z, 0, None)
            + 0.24 * np.clip(-z, 0, None)
            + 0.8 * share * (1 - share)
        )
        net = np.stack([radius * np.sin(turn), y, z - 10.2], -1)
        stage.add(solids.grid_mesh(net, wrap_u=True), linen, "body")
        rim_line = net[-1]
        loops = []
        for k in range(0, 1800, 9):
            a, b = rim_line[k], rim_line[(k + 9) % 1800]
            out = strands.unit(net[-1][k] - net[-4][k])
            t = np.linspace(0, np.pi, 9)[:, None]
            loops.append(solids.tube(a + (b - a) * (1 - np.cos(t)) / 2 + out * 0.62 * np.sin(t), 0.055, 6))
        loops.append(solids.tube(rim_line, 0.075, 8, closed=True))
        stage.add(solids.join(*loops), materials.surface("#e6d3a4", 0.5, sheen=0.4), "body")


def _gown(stage: Stage) -> None:
    def shape(p: np.ndarray) -> np.ndarray:
        q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
        chest = solids.merge(
            solids.ellipsoid(p, (0, -38, -13), (19.5, 16, 12)),
            solids.capsule(q, (0, -22, -13), (17, -27, -13), 5.8, 6.6),
            4,
        )
        return np.minimum(chest, np.maximum(solids.ellipsoid(q, (23, -34, -13), (10.5, 11.5, 10.0)), -(p[..., 1] + 48)))

    mesh = solids.contour(shape, (-36, -44, -26), (36, -16, 5), 0.2)
    q = mesh.points
    x, y = np.abs(q[:, 0]), q[:, 1]
    sleeve = np.clip((x - 16.5) / 1.5, 0, 1)
    panes = np.abs(np.sin(_panes(x, y)))
    tuft = np.abs(np.sin((x + y) * np.pi / 6.4)) * np.abs(np.sin((x - y) * np.pi / 6.4))
    fold = 1.1 * sleeve * panes**0.5 + (1 - sleeve) * 0.45 * tuft**0.5 - 0.12 * noise.creases(q, 3, 6, 0.4)
    mesh = mesh.displaced(fold)
    mesh.uv = np.stack([(q[:, 0] + _CLOTH) / (2 * _CLOTH), -q[:, 1] / (2 * _CLOTH)], -1)
    pile = noise.value((1024, 1024), 2, 4) * 0.004
    velvet = materials.surface(
        materials.picture(_brocade()), 0.6, sheen=0.5, specular=0.35, bump=materials.picture(pile)
    )
    stage.add(mesh, velvet, "body")
    stage.add(solids.ball((0, -24, -10.5), (10.5, 3.6, 8.0), 40), materials.surface("#101226", 0.7, sheen=0.6), "body")

    def on_chest(px: float, py: float) -> np.ndarray:
        z = np.linspace(8, -14, 300)
        inside = shape(np.stack([np.full(300, px), np.full(300, py), z], -1)) < 0
        return np.array([px, py, (z[np.argmax(inside)] if inside.any() else -6.0) + 0.75])

    pearls = []
    for width, drop in ((9.0, 8.5), (12.5, 14.0)):
        a = np.linspace(-1.3, 1.3, 400)
        line = np.stack([width * np.sin(a), -22.5 - drop * np.cos(a)], -1)
        run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        for at in np.arange(0.5, run[-1], 0.92):
            k = int(np.searchsorted(run, at))
            pearls.append(solids.ball(on_chest(*line[k]), (0.43, 0.43, 0.43), 14))
    for i in range(-5, 6):
        for j in range(0, 5):
            node = (3.2 * i, -22.4 - 3.2 * j - (1.6 if i % 2 else 0))
            if abs(node[0]) < 16:
                pearls.append(solids.ball(on_chest(*node) - [0, 0, 0.3], (0.30, 0.30, 0.30), 12))
    stage.add(solids.join(*pearls), materials.surface("#d8d0c2", 0.16, coat=0.8, sheen=0.2), "body")


def _panes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Phase of the long strips of the puffed sleeves."""
    return (x - 16.5 + 0.10 * (y + 30) + 0.02 * (y + 30) ** 2) * np.pi / 3.1


def _brocade() -> np.ndarray:
    """(n, n, 3): midnight velvet, a couched gold lattice with sprigs, gold-edged strips on the sleeves."""
    n = 2048
    unit = 2 * _CLOTH / n
    y, x = np.mgrid[:n, :n].astype(np.float32)
    x, y = np.abs(x * unit - _CLOTH), -y * unit
    night, gold, wine = (np.array(materials.srgb(c), np.float32) for c in ("#14173a", "#b9883c", "#5c0f1e"))
    stitch = noise.value((n, n), 2.2, 5)[..., None]
    cloth = night * (1 + 0.18 * noise.fractal((n, n), 100, 3)[..., None])

    def lay(mask: np.ndarray, colour: np.ndarray) -> None:
        nonlocal cloth
        a = np.clip(mask, 0, 1)[..., None]
        cloth = cloth * (1 - a) + colour * (1 + 0.22 * stitch) * a

    body = np.clip((16.5 - x) / unit / 2, 0, 1)
    u, v = (x + y + 22.4) / 6.4, (x - y - 22.4) / 6.4
    for w in (u, v):
        wire = np.abs((w + 0.5) % 1 - 0.5) * 6.4
        lay(body * (0.11 - np.abs(wire - 0.17)) / unit, gold)
    cx, cy = (u % 1 - 0.5) * 6.4, (v % 1 - 0.5) * 6.4
    px, py = (cx + cy) / 2, (cx - cy) / 2
    r, t = np.hypot(px, py), np.arctan2(py, px)
    lay(body * (0.35 + 0.42 * np.abs(np.cos(2 * t)) ** 1.5 - r) / unit / 1.5, gold)
    lay(body * (0.17 + 0.30 * np.abs(np.cos(2 * t)) ** 1.5 - r) / unit / 1.5, wine)
    panes = np.abs(np.sin(_panes(x, y)))
    lay((1 - body) * (0.30 - panes) / 0.03, wine)
    lay((1 - body) * (0.07 - np.abs(panes - 0.36)) / 0.02, gold)
    return np.clip(cloth, 0.003, 0.9)


def build() -> tuple[Stage, np.ndarray, Look]:
    camera = Camera(scale=24.5, centre_y=-6.4)
    sky = lights.sky(
        (0.20, 0.19, 0.18), (0.20, 0.17, 0.14), (0.10, 0.07, 0.05),
        [(-38, 38, 28, 24, (1.0, 0.96, 0.90), 6.2, 12), (44, 10, 26, 26, (1.0, 0.9, 0.8), 0.9, 24),
         (142, 26, 14, 34, (1.0, 0.80, 0.55), 5.0, 10), (-138, 34, 14, 34, (0.85, 0.92, 1.0), 4.5, 10),
         (64, 58, 10, 8, (1.0, 0.95, 0.9), 4.0, 5)],
    )  # fmt: skip
    stage = Stage(camera, sky, depth=5)
    stage.add(sitter(False), materials.skin("#d7a386"), "skin")
    _hair(stage)
    _crown(stage)
    _ruff(stage)
    _gown(stage)
    return stage, _chamber(camera), Look(exposure=1.05, shadow=0.85, bloom=0.12, vignette=0.5, warmth=0.35)


def _chamber(camera: Camera) -> np.ndarray:
    """The brown-green dark of an old master, lighter on one side, with a hint of a curtain."""
    w, h = camera.width, camera.height
    picture = backdrops.gradient(w, h, (0.060, 0.050, 0.034), (0.026, 0.020, 0.016))
    y, x = np.mgrid[:h, :w].astype(np.float32)
    glow = np.exp(-(((x / w - 0.70) / 0.32) ** 2) - ((y / h - 0.36) / 0.36) ** 2)[..., None]
    picture = picture + glow * np.array([0.085, 0.072, 0.044], np.float32)
    pleats = np.interp(np.linspace(0, 1, w), np.linspace(0, 1, 300), noise.fractal((4, 300), 22, 4, 3)[0])
    curtain = np.clip((0.24 - x / w - 0.03 * np.sin(y / h * 5)) / 0.03, 0, 1)[..., None]
    cloth = np.array([0.075, 0.010, 0.016], np.float32) * np.exp(0.6 * pleats)[None, :, None]
    picture = picture * (1 - curtain) + cloth * curtain
    return backdrops.soften(backdrops.mottle(picture, 0.28, 8, 150), 9)
