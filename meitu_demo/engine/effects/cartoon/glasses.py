"""Glasses: found by fitting two lens outlines to the thin lines around the eyes, and drawn again."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import cv2
import numpy as np

from . import mesh
from .colour import Lab, sample, shade, to_rgb
from .eyes import Eye
from .head import Field, Head, Points
from .look import Look
from .pen import Painting, Patch, curve, ribbon

SCALE = 120  # px of a face width on the level copy of the eyes
WINDOW = (-0.62, -0.42, 0.62, 0.42)  # u0, v0, u1, v1 of that copy around the middle of the eyes
HALF_WIDTHS, HALF_HEIGHTS = (0.16, 0.185, 0.21, 0.235), (0.10, 0.125, 0.15, 0.175, 0.20)
DROPS, SHIFTS = (-0.02, 0.01, 0.04, 0.07, 0.10), (-0.015, 0.01, 0.035)  # of the lens' middle: below the eye, outwards
SQUARENESS = (2.0, 3.2)  # exponents of the superellipse: round and rectangular lenses
LEAST_RIM, LEAST_BRIDGE = 3.4, 3.0  # L a rim differs from the skin on both sides; bare faces measured up to 2.2
STRONG_RIM = 13.0  # L from which the frame is drawn thick
THICK, THIN = 0.032, 0.018  # face widths
OUTWARDS = 34  # of a lens' 64 points: from the outer end under the eye to the nose, where no brow is mistaken for a rim
TINT = 22.0  # L under the skin from which even the bright parts of a lens say sunglasses


@dataclass(frozen=True, slots=True, eq=False)
class Glasses:
    """lenses: two closed outlines. strokes: bridge and temples. All in canvas pixels. width: of the frame, pixels.
    frame, tint: LAB; no tint for clear lenses."""

    lenses: tuple[Points, Points]
    strokes: tuple[Points, ...]
    width: float
    frame: Lab
    tint: Lab | None


def find_glasses(lab: Lab, head: Head, eyes: tuple[Eye, Eye]) -> Glasses | None:
    """The glasses on a face of the photo (`lab`, in CIELAB), wide enough for the drawn `eyes`; or None."""
    fit = fit_rims(lab, head)
    if fit.rim < LEAST_RIM or fit.bridge < LEAST_BRIDGE:
        return None
    lenses = tuple(head.place(_around(ring, eye, head)) for ring, eye in zip(fit.lenses, eyes, strict=True))
    rims = np.concatenate([head.place(lens[:OUTWARDS]) for lens in fit.lenses])
    inner = [
        lens[np.abs(head.upright(lens)[:, 0] - head.upright(other)[:, 0].mean()).argmin()]
        for lens, other in zip(lenses, lenses[::-1], strict=True)
    ]
    middle = (inner[0] + inner[1]) / 2 - head.down * 0.035 * head.unit
    temples = [
        curve(np.stack([lens[0] - head.down * 0.03 * head.unit, head.points[end]]), 12)
        for lens, end in zip(lenses, mesh.TEMPLES, strict=True)
    ]
    seen = sample(lab, rims)
    order = np.argsort(seen[:, 0] * fit.polarity)
    frame = np.median(seen[order[: len(order) // 3]], 0)
    inside = np.concatenate(
        [sample(lab, lens.mean(0) + (lens - lens.mean(0)) * share) for lens in lenses for share in (0.5, 0.8)]
    )
    cheeks = sample(lab, head.points[list(mesh.BLUSH)])[:, 0].mean()
    dark = float(np.quantile(inside[:, 0], 0.8)) < cheeks - TINT
    return Glasses(
        lenses=(lenses[0], lenses[1]),
        strokes=(curve(np.stack([inner[0], middle, inner[1]]), 16), *temples),
        width=(THICK if fit.rim > STRONG_RIM else THIN) * head.unit,
        frame=np.array([max(6.0, frame[0] - 10 * (fit.polarity > 0)), frame[1] * 1.2, frame[2] * 1.2], np.float32),
        tint=shade(np.median(inside, 0), 4) if dark else None,
    )


def _around(lens: Points, eye: Eye, head: Head) -> Points:
    """The lens stretched, where it must, to hold the drawn eye."""
    drawn = head.upright(np.concatenate([eye.upper, eye.lower]))
    low, high = lens.min(0), lens.max(0)
    room = np.array([0.03, 0.045])
    new_low, new_high = np.minimum(low, drawn.min(0) - room), np.maximum(high, drawn.max(0) + room)
    return np.asarray(new_low + (lens - low) / np.maximum(high - low, 1e-6) * (new_high - new_low))


def paint_glasses(painting: Painting, glasses: Glasses, look: Look) -> None:
    """Lenses with a glint, frame, bridge and temples, in place."""
    for lens in glasses.lenses:
        patch = Patch(painting, lens, glasses.width)
        glass = patch.mask(lens)
        if glasses.tint is not None:
            patch.paint(to_rgb(glasses.tint), glass * 0.94)
        middle, (across, down) = lens.mean(0), np.ptp(lens, axis=0)
        slant = np.array([0.22 * across, -0.45 * down])
        for shift, width in ((-0.18, 0.13), (0.02, 0.05)):
            spot = np.array([middle[0] + shift * across, middle[1]])
            glint = np.stack([spot - slant, spot + slant])
            patch.paint(np.full(3, 255, np.float32), patch.mask(ribbon(glint, width * across)) * glass * 0.14)
    colour = to_rgb(glasses.frame)
    for stroke in glasses.strokes:
        patch = Patch(painting, stroke, glasses.width)
        patch.paint(colour, patch.mask(ribbon(stroke, glasses.width * 0.8)))
    for lens in glasses.lenses:
        patch = Patch(painting, lens, glasses.width)
        closed = np.concatenate([lens, lens[:2]])
        patch.paint(colour, patch.mask(ribbon(curve(closed, 120), glasses.width)) * (1 - 0.1 * look.wash))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """rim, bridge: L by which they stand out. lenses: outlines in face units. polarity: +1 dark frame, −1 light."""

    rim: float
    bridge: float
    lenses: tuple[Points, Points]
    polarity: float


def fit_rims(lab: Lab, head: Head) -> Fit:
    """The pair of lens outlines that lies best on thin dark or light lines of the photo."""
    corners = [[lids[0][0], lids[0][-1]] for lids in mesh.EYES]
    eyes = head.upright(np.array([head.points[pair].mean(0) for pair in corners]))
    middle = eyes.mean(0)
    level = _level(lab, head, middle)
    ridge = cv2.GaussianBlur(level, (0, 0), 4.5) - cv2.GaussianBlur(level, (0, 0), 1.1)
    rings = [ring + eye for ring, eye in zip(_candidates(), eyes, strict=True)]
    best: tuple[float, int, float] = (-1.0, 0, 1.0)
    seen = [_ridge_at(ridge, ring - middle) for ring in rings]
    for polarity in (1.0, -1.0):
        # the lower quartile: a rim is there all the way, a wrinkle or a shadow is not
        rim = np.minimum(*(np.quantile(side[:, :OUTWARDS] * polarity, 0.25, axis=1) for side in seen))
        whole = np.minimum(*(side.mean(1) * polarity for side in seen))
        pick = int(np.where(rim >= 0.85 * rim.max(), whole, -np.inf).argmax())
        if rim[pick] > best[0]:
            best = (float(rim[pick]), pick, polarity)
    rim, pick, polarity = best
    x0, x1 = (round((u - WINDOW[0]) * SCALE) for u in (-0.07, 0.07))
    y0, y1 = (round((v - WINDOW[1]) * SCALE) for v in (-0.13, 0.12))
    bridge = np.quantile(ridge[y0:y1, x0:x1] * polarity, 0.3, axis=1).max()
    return Fit(rim, float(bridge), (rings[0][pick], rings[1][pick]), polarity)


def _level(lab: Lab, head: Head, middle: Points) -> Field:
    """Lightness around the eyes, turned level, SCALE pixels per face width."""
    u0, v0, u1, v1 = WINDOW
    size = (round((u1 - u0) * SCALE), round((v1 - v0) * SCALE))
    corners = head.place(np.array([[u0, v0], [u1, v0], [u0, v1]]) + middle)
    there = np.array([[0, 0], [size[0], 0], [0, size[1]]], np.float32)
    matrix = cv2.getAffineTransform(there, corners.astype(np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(np.ascontiguousarray(lab[..., 0]), matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


@cache
def _candidates() -> tuple[Points, Points]:
    """Every lens that is tried, (n, 64, 2) around the eye in face units, from the outer end down: superellipses."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    lenses = []
    for square, half, tall, drop, shift in product(SQUARENESS, HALF_WIDTHS, HALF_HEIGHTS, DROPS, SHIFTS):
        x, y = (np.sign(wave) * np.abs(wave) ** (2 / square) for wave in (np.cos(turn), np.sin(turn)))
        lenses.append(np.stack([half * x + shift, tall * y * (1 - 0.08 * x) + drop], 1))
    right = np.array(lenses)
    return np.asarray(right * (-1, 1), float), right


def _ridge_at(ridge: Field, rings: Points) -> Field:
    xy = ((rings - WINDOW[:2]) * SCALE).astype(np.float32)
    return cv2.remap(ridge, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
