"""Peking opera: a phoenix crown of kingfisher blue, pearls and red pompons, glossy side locks, an embroidered robe."""
# ruff: noqa: RUF005 - a list added to an array is a shift, not a concatenation

import numpy as np

from .. import backdrops, lights, materials, noise, solids, strands
from ..flora import around, face_out, petal
from ..head import head_distance, oval_distance, rim, sitter
from ..layers import Look
from ..scene import Camera, Stage

_CLOTH = 40.0  # cm, half the width of the embroidered picture
# tiers of the crown from the brow upwards: height, half width, depth, rise in the middle
_TIERS = (
    (6.3, 9.5, 9.3, 0.6),
    (9.0, 10.0, 8.8, 1.0),
    (11.8, 10.0, 7.6, 1.4),
    (14.4, 9.0, 6.0, 1.6),
    (16.6, 7.0, 4.2, 1.6),
)


def _tier(k: int, angle) -> tuple[np.ndarray, np.ndarray]:
    """Places and outward directions on tier `k` at angles from the front."""
    angle = np.asarray(angle, float)
    y, rx, rz, rise = _TIERS[k]
    place = np.stack([rx * np.sin(angle), y + rise * np.cos(angle), -9.0 + rz * np.cos(angle)], -1)
    out = np.stack([np.sin(angle), np.full_like(angle, 0.12 + 0.13 * k), np.cos(angle) * 1.1], -1)
    return place, strands.unit(out)


def _blossom(rng: np.random.Generator, size: float, tone: str, count: int = 6) -> solids.Mesh:
    """An enamelled flower: kingfisher feather inside gold wire, a pearl in the middle."""
    blue, gold = np.array(materials.srgb(tone)), np.array(materials.srgb("#e0b050"))
    parts = []
    for layer, (length, tilt) in enumerate(((1.0, 0.25), (0.62, 0.6))):
        for j in range(count):
            one = petal(size * length, size * length * 0.42, 0.35, 0.10)
            u, v = one.uv[:, 0], one.uv[:, 1]
            wire = ((np.abs(u) > 0.78) | (v > 0.90) | (np.abs(u) < 0.08))[:, None]
            one.colour = np.where(wire, gold, blue * (0.7 + 0.6 * v[:, None]) * rng.uniform(0.85, 1.2))
            parts.append(around(one, 2 * np.pi * (j + 0.5 * layer) / count, tilt).moved((0, 0, 0.12 * layer)))
    pearl = solids.ball((0, 0, 0.28 * size), np.full(3, 0.24 * size), 12)
    pearl.colour = np.tile([0.86, 0.82, 0.76], (len(pearl.points), 1))
    return solids.join(*parts, pearl)


def _pompons(stage: Stage, places: np.ndarray, sizes: np.ndarray, tone: str, seed: int) -> None:
    """Balls of silk floss."""
    rng = np.random.default_rng(seed)
    for place, size in zip(places, sizes, strict=True):
        core = solids.ball(place, np.full(3, size * 0.72), 14)
        stage.add(core, materials.matt(tone), "front")
    each = 420
    way = strands.unit(rng.standard_normal((len(places), each, 3)))
    roots = (places[:, None] + way * sizes[:, None, None] * 0.6).reshape(-1, 3)
    length = np.repeat(sizes, each) * rng.uniform(0.36, 0.52, len(roots))
    floss = strands.grow(roots, way.reshape(-1, 3), length, 0.026, seed, 0.02, 0.25, 0.2, len(roots) // 14, 5)
    stage.add_strands(list(floss), materials.strand(tone, 0.3, 0.5), "front")


def _crown(stage: Stage) -> None:
    rng = np.random.default_rng(31)
    enamel = materials.surface(materials.vertex_colour(), 0.28, metallic=0.45, coat=0.5)
    dome = solids.ball((0, 7.0, -10.5), (9.4, 10.2, 8.8), 330)
    turn = np.arctan2(dome.points[:, 0], dome.points[:, 2] + 10.5) * 9 / np.pi * 2.2
    row = dome.points[:, 1] * 0.9
    shift = 0.5 * (np.floor(row) % 2)
    scale = np.hypot((turn + shift) % 1 - 0.5, (row % 1) * 0.85 - 0.75)  # fish scales of feather between gold wires
    wire = np.clip((0.10 - np.abs(scale - 0.52)) / 0.03, 0, 1)[:, None]
    heart = np.clip((0.12 - scale) / 0.03, 0, 1)[:, None]
    feather = np.array(materials.srgb("#12678c")) * (0.45 + 1.3 * np.clip(scale, 0, 0.7))[:, None]
    gilt = np.array(materials.srgb("#d3a64c"))
    dome.colour = np.clip(feather * (1 - wire) + gilt * wire, 0, 1) * (1 - heart) + gilt * heart
    stage.add(dome.displaced(0.10 * wire[:, 0] + 0.12 * heart[:, 0]), enamel, "front")
    parts = []
    for k, count, size, tone in ((0, 11, 1.35, "#1f86b5"), (2, 9, 2.1, "#2aa0c4"), (4, 5, 2.2, "#1f7fb0")):
        for angle in np.linspace(-1.45, 1.45, count):
            place, out = _tier(k, angle)
            parts.append(_blossom(rng, size, tone).moved(place + 0.5 * out, face_out(out, rng.uniform(0, 1))))
    for angle, size in ((0.0, 3.0), (-0.62, 2.3), (0.62, 2.3)):  # the phoenix' fan over the brow
        place, out = _tier(3, angle)
        parts.append(_blossom(rng, size, "#36b2cf", 9).moved(place + 1.3 * out, face_out(out, 0.2)))
    stage.add(solids.join(*parts), enamel, "front")
    for k, count, size, tone, seed in (
        (1, 11, 1.3, "#b8141f", 3),
        (3, 8, 1.45, "#c0182a", 4),
        (4, 7, 1.6, "#b8141f", 5),
    ):
        angles = np.linspace(-1.5, 1.5, count)
        place, out = _tier(k, angles)
        lift = out * 1.3 + (np.array([0, 1.6, 0]) if k == 4 else 0)
        _pompons(stage, place + lift, np.full(count, size) * rng.uniform(0.92, 1.08, count), tone, seed)
    angles = np.linspace(-1.3, 1.3, 9)
    place, out = _tier(2, angles)
    _pompons(stage, place + out * 1.6 + [0, 1.5, 0], np.full(9, 0.62), "#e8b9c0", 8)
    pearl = materials.surface("#e8e0d2", 0.18, coat=0.8, sheen=0.3)
    beads = []
    for k, lift in ((0, -1.35), (0, 1.25), (1, 1.4), (2, 1.55), (3, 1.5)):
        angles = np.linspace(-1.62, 1.62, 64 - 8 * k)
        place, out = _tier(k, angles)
        beads += [
            solids.ball(p + 0.35 * o + [0, lift, 0], (0.27, 0.27, 0.27), 10) for p, o in zip(place, out, strict=True)
        ]
    for angle in np.linspace(-0.62, 0.62, 9):  # a short fringe over the brow
        place, out = _tier(0, angle)
        beads += [solids.ball(place + 0.5 * out + [0, -1.3 - 0.42 * j, 0.05 * j], (0.2, 0.2, 0.2), 9) for j in range(3)]
    stage.add(solids.join(*beads), pearl, "front")


def _tassels(stage: Stage) -> None:
    """Strings of beads beside the cheeks that end in silk."""
    rng = np.random.default_rng(17)
    pearl = materials.surface("#e8e0d2", 0.18, coat=0.8)
    coral, jade = materials.surface("#c2242a", 0.2, coat=0.8), materials.surface("#1d8aa8", 0.2, coat=0.8)
    rows: dict[str, list] = {"pearl": [], "coral": [], "jade": []}
    silk = []
    for side in (-1, 1):
        for k in range(6):
            x, z = side * (9.7 + 0.75 * k), -4.6 - 0.9 * k
            length = 15.5 + 1.1 * k
            y = np.arange(5.0, 5.0 - length, -0.58)
            sway = side * 0.25 * np.sin(y / 7 + k)
            for j, v in enumerate(y):
                kind = "coral" if j % 9 == 8 else "jade" if j % 9 == 4 else "pearl"
                r = 0.36 if kind != "pearl" else 0.27
                rows[kind].append(solids.ball((x + sway[j], v, z + 0.09 * (5 - v)), (r, r, r), 10))
            end = np.array([x + sway[-1], y[-1] - 0.4, z + 0.09 * (5 - y[-1])])
            roots = end + rng.normal(0, 0.12, (150, 3))
            way = np.array([0, -1.0, 0.12]) + rng.normal(0, 0.05, (150, 3))
            silk.append(strands.grow(roots, way, rng.uniform(5.5, 7.0, 150), 0.03, 60 + k, 0.0, 0.06, 0.2, 30, 6))
    for kind, bsdf in (("pearl", pearl), ("coral", coral), ("jade", jade)):
        stage.add(solids.join(*rows[kind]), bsdf, "front")
    stage.add_strands(list(np.concatenate(silk)), materials.strand("#c41f2b", 0.5, 0.3), "front")


def _side_locks(stage: Stage) -> None:
    """The pasted locks: a glossy black frame, scalloped over the brow, tapering along the cheeks."""

    def frame(p: np.ndarray) -> np.ndarray:
        shell = head_distance(p) - 0.55
        low = np.clip((-3.0 - p[..., 1]) / 8, 0, 1)
        opening = np.maximum(oval_distance(p) + 1.0 - 0.55 * low, -9.0 - p[..., 2])
        return np.maximum(np.maximum(shell, -opening), -(p[..., 1] + 11.5))

    mesh = solids.contour(frame, (-11, -12, -19), (11, 12, 4), 0.13)
    q = mesh.points
    comb = np.sin(np.hypot(q[:, 0], q[:, 1] + 4) * 26 + 2 * noise.waves(q, 3, 2)) * 0.025
    lacquer = materials.surface("#0b0908", 0.24, coat=0.6, specular=0.6)
    stage.add(mesh.displaced(comb), lacquer, "front")
    edge = rim(0.95, 0.45, 200)
    curls = []
    for share in np.linspace(-0.20, 0.20, 9):
        spot = edge[round(share * 200) % 200]
        t = np.linspace(0, 1, 60)
        r = 0.95 * (1 - 0.8 * t)
        line = spot + np.stack([r * np.cos(13 * t), 0.45 + r * np.sin(13 * t), 0.12 + 0.28 * t], -1)
        curls.append(solids.tube(line, 0.26 * (1 - 0.4 * t), 12))
    for side in (1, -1):
        path = np.array([edge[int(side * v * 200) % 200] for v in np.linspace(0.20, 0.43, 40)])
        width = 0.75 * np.sin(np.linspace(0.25, 1, 40) * np.pi) ** 0.5 + 0.03
        curls.append(solids.tube(path + [side * 0.25, 0, 0.0], width, 16))
    stage.add(solids.join(*curls), lacquer, "front")


def _cape_edge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance (cm, roughly) to the rim of the cloud collar, a lobed cape; negative on it."""
    u, v = x / 1.25, y + 18.5
    return np.hypot(u, v) - 12.2 - 1.9 * np.abs(np.cos(np.arctan2(u, -v) * 3.5)) ** 0.7


def _embroidery() -> np.ndarray:
    """(n, n, 3): the robe's front as flat cloth, satin stitch and couched gold; spans 2 * _CLOTH cm, top at y = 0."""
    n = 2048
    unit = 2 * _CLOTH / n
    y, x = np.mgrid[:n, :n].astype(np.float32)
    x, y = x * unit - _CLOTH, -y * unit
    red, night, gold, pale, rose, jade, blue = (
        np.array(materials.srgb(c), np.float32)
        for c in ("#7e0c16", "#123247", "#c8963a", "#e6dcc6", "#c65a70", "#2f8f86", "#3f9fc0")
    )
    stitch = noise.value((n, n), 2.2, 5)[..., None]
    cloth = red * (1 + 0.10 * noise.fractal((n, n), 130, 3)[..., None])

    def lay(mask: np.ndarray, colour: np.ndarray, shade: float = 0.16) -> None:
        nonlocal cloth
        a = np.clip(mask, 0, 1)[..., None]
        cloth = cloth * (1 - a) + colour * (1 + shade * stitch) * a

    def flower(cx: float, cy: float, size: float, tone: np.ndarray) -> None:
        r, t = np.hypot(np.abs(x) - cx, y - cy) / size, np.arctan2(y - cy, np.abs(x) - cx)
        for share, petals, colour in ((1.0, 8, tone), (0.66, 6, tone * 0.55 + pale * 0.45), (0.34, 5, tone * 0.5)):
            rim = share * (0.82 + 0.18 * np.abs(np.cos(t * petals / 2)))
            lay((rim - r) * size / unit / 1.5, colour * (0.65 + 0.5 * np.clip(r / share, 0, 1))[..., None])
            lay(1 - np.abs(rim - r) * size / unit / 2.2, gold)
        lay((0.13 - r) * size / unit, gold)

    def scroll(cx: float, cy: float, size: float, way: float, colour: np.ndarray) -> None:
        r, t = np.hypot(np.abs(x) - cx, y - cy) / size, np.arctan2(y - cy, np.abs(x) - cx)
        turns = (np.log(np.maximum(r, 0.02)) * 1.15 - way * t / (2 * np.pi)) % 1
        line = np.minimum(np.abs(turns - 0.5), 1) * r * size * 0.9
        lay((0.13 - line) / unit / 1.5 * (r < 1.0) * (r > 0.10), colour)

    for cx, cy, size, way in (
        (21, -27, 3.2, 1),
        (26.5, -33, 3.0, -1),
        (20, -36.5, 3.2, 1),
        (27, -41, 3.2, -1),
        (14, -40, 2.8, -1),
    ):
        scroll(cx, cy, size, way, gold)
    flower(23.6, -30.4, 1.5, rose)
    flower(23.2, -39.0, 1.7, blue)
    flower(17.4, -32.6, 1.3, rose)
    flower(9.0, -40.5, 1.6, blue)
    edge = _cape_edge(x, y)
    lay(-edge / unit / 1.5, night * (1 + 0.15 * noise.fractal((n, n), 90, 8)[..., None]), 0.08)
    angle, radius = np.arctan2(x / 1.25, -(y + 18.5)), np.hypot(x / 1.25, y + 18.5)
    waves = np.abs(np.sin(radius * 3.0 + 1.1 * np.sin(angle * 28)))  # the sea at the cape's hem
    lay((0.30 - waves) * 5 * (edge > -3.3) * (edge < -1.2), jade)
    for cx, cy, size in ((0.0, -28.2, 2.1), (7.2, -26.0, 1.8), (12.2, -21.6, 1.6), (4.2, -23.9, 1.0)):
        flower(cx, cy, size, rose if size > 1.7 else blue)
    for cx, cy, way in ((3.6, -27.4, 1), (9.8, -23.4, -1), (10.6, -27.0, 1), (7.6, -22.4, 1)):
        scroll(cx, cy, 1.6, way, gold)
    lay((0.55 - np.abs(edge + 0.62)) / unit / 1.5, pale)
    diamonds = np.abs(((angle * 26) % 1) - 0.5) * 1.1 + np.abs(edge + 0.62)
    lay((0.34 - diamonds) / unit / 2, rose)
    for at in (-0.06, -1.2, -3.4):
        lay((0.10 - np.abs(edge - at)) / unit / 1.5, gold)
    return np.clip(cloth, 0.004, 0.9)


def _robe(stage: Stage) -> None:
    def body(p: np.ndarray) -> np.ndarray:
        q = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
        chest = solids.merge(
            solids.ellipsoid(p, (0, -37, -13), (20, 15, 11.5)),
            solids.capsule(q, (0, -21.5, -13), (18, -27, -13), 5.6, 6.6),
            4,
        )
        arm = solids.capsule(q, (18.5, -28, -13), (25, -48, -12), 7.2, 9.5)
        neck = solids.capsule(p, (0, -16.2, -11.2), (0, -24, -12), 6.5, 7.6)
        hole = solids.capsule(p, (0, -8, -9.5), (0, -17.4, -10.4), 5.7, 5.9)
        whole = np.maximum(solids.merge(solids.merge(chest, arm, 1.6), neck, 2.2), -hole)
        return np.where(np.hypot(p[..., 0], p[..., 2] + 11) < 9.5, np.maximum(whole, p[..., 1] + 17.8), whole)

    mesh = solids.contour(body, (-37, -44, -26), (37, -15, 5), 0.2)
    q = mesh.points
    edge = _cape_edge(q[:, 0], q[:, 1])
    cape = np.clip(-edge / 0.12, 0, 1) * (q[:, 2] > -16)
    fold = 0.6 * noise.creases(q * [1, 0.6, 1], 6, 3, 0.45) * np.clip((np.abs(q[:, 0]) - 9) / 6, 0, 1)
    mesh = mesh.displaced(0.35 * cape - fold * (1 - cape))
    mesh.uv = np.stack([(q[:, 0] + _CLOTH) / (2 * _CLOTH), (-q[:, 1]) / (2 * _CLOTH)], -1)
    weave = noise.value((1024, 1024), 2, 4) * 0.004
    silk = materials.surface(
        materials.picture(_embroidery()), 0.5, sheen=0.25, specular=0.4, bump=materials.picture(weave)
    )
    stage.add(mesh, silk, "body")
    profile = [[6.0, 0], [6.15, 1.2], [6.3, 3.0], [6.55, 3.25], [6.8, 3.0], [6.9, 1.2], [7.2, -1.0], [7.6, -2.2]]
    stand = solids.revolve(solids.smooth_line(np.column_stack([profile, np.zeros(8)]), 90)[:, :2], 420, (1, 0.95))
    high = stand.points[:, 1]
    gold, pale = (np.array(materials.srgb(c)) for c in ("#c8963a", "#e6dcc6"))
    turn = np.arctan2(stand.points[:, 0], stand.points[:, 2])
    trim = (
        (np.abs(high - 2.75) < 0.3)
        | (np.abs(high + 0.1) < 0.22)
        | (np.abs(np.sin(turn * 30) * 0.5 + 1.35 - high) < 0.16)
    )
    stand.colour = np.where(trim[:, None], gold, pale)
    stage.add(stand.moved((0, -18.9, -10.9)), materials.surface(materials.vertex_colour(), 0.5, sheen=0.6), "body")
    fringe = []
    rng = np.random.default_rng(3)
    lip = np.where((np.abs(edge) < 0.22) & (q[:, 2] > -9) & (q[:, 1] < -22))[0]
    for k in rng.choice(lip, min(2600, len(lip)), replace=False):
        fringe.append(mesh.points[k] + [0, 0, 0.2])
    floss = strands.grow(
        np.array(fringe),
        np.tile([0, -1.0, 0.25], (len(fringe), 1)),
        np.full(len(fringe), 2.2),
        0.035,
        9,
        0.1,
        0.08,
        0.1,
        300,
        5,
    )
    stage.add_strands(list(floss), materials.strand("#d9a846", 0.5, 0.3), "body")


def build() -> tuple[Stage, np.ndarray, Look]:
    camera = Camera(scale=23.0, centre_y=-5.4)
    sky = lights.sky(
        (0.30, 0.26, 0.24), (0.34, 0.26, 0.24), (0.20, 0.10, 0.08),
        [(-34, 38, 28, 22, (1.0, 0.96, 0.90), 5.2, 12), (44, 14, 26, 26, (1.0, 0.90, 0.82), 1.4, 20),
         (140, 22, 14, 34, (1.0, 0.55, 0.32), 4.5, 10), (-145, 28, 14, 34, (0.55, 0.85, 1.0), 5.0, 10),
         (10, 72, 22, 8, (1.0, 0.95, 0.9), 4.0, 6)],
    )  # fmt: skip
    stage = Stage(camera, sky, depth=4)
    stage.add(sitter(False), materials.skin("#e0b097"), "skin")
    _side_locks(stage)
    _crown(stage)
    _tassels(stage)
    _robe(stage)
    face = {"lip": (0.80, 0.20, 0.24), "lips": 0.8, "blush": 0.75}
    return stage, _theatre(camera), Look(exposure=1.05, shadow=0.85, bloom=0.12, vignette=0.4, face=face)


def _theatre(camera: Camera) -> np.ndarray:
    """A curtain of dark red silk and lanterns far behind."""
    w, h = camera.width, camera.height
    picture = backdrops.gradient(w, h, (0.085, 0.018, 0.018), (0.045, 0.010, 0.014))
    x = np.linspace(0, 1, w)
    pleats = np.interp(x, np.linspace(0, 1, 400), noise.fractal((4, 400), 26, 4, 3)[0])
    picture = picture * np.exp(0.55 * pleats)[None, :, None].astype(np.float32)
    picture = backdrops.soften(backdrops.mottle(picture, 0.15, 5), 16)
    rng = np.random.default_rng(12)
    spots = [
        (
            rng.choice([0.1, 0.9]) + rng.normal(0, 0.07),
            rng.uniform(0.03, 0.75),
            rng.uniform(0.02, 0.05),
            (1.0, 0.42, 0.16),
            rng.uniform(0.06, 0.30),
        )
        for _ in range(34)
    ]
    return backdrops.discs(picture, spots, 0.4)
