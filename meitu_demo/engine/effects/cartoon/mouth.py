"""Redraws the mouth: two lips in the person's own hue, teeth as one clean shape; a smile stays a smile."""

import cv2
import numpy as np

from . import mesh
from .colour import Lab, shade, to_rgb
from .head import Head, Points
from .look import Look
from .pen import Painting, Patch, curve, ribbon, taper
from .skin import Tones

OPEN = 0.025  # height of the gap between the lips / face width from which the mouth counts as open
TEETH_OVER_SKIN = -9.0  # L: an opening at least this bright against the skin shows teeth


def paint_mouth(painting: Painting, lab: Lab, head: Head, tones: Tones, look: Look) -> None:
    """Lips, the line between them or what an open mouth shows, and the shadow under it, in place."""
    points = head.points
    patch = Patch(painting, points[list(mesh.LIPS)], 0.15 * head.unit)
    if patch.empty:
        return
    above_, below = curve(points[list(mesh.MOUTH_ABOVE)]), curve(points[list(mesh.MOUTH_BELOW)])
    rim_up, rim_low = curve(points[list(mesh.UPPER_LIP)]), curve(points[list(mesh.LOWER_LIP)])
    gap = np.linalg.norm(above_ - below, axis=1)
    ink = to_rgb(shade(tones.base, -58, 1.0, -16))
    lips = _own_lips(patch, lab, [rim_up, above_], [rim_low, below], tones)
    lip = 0.5 * shade(tones.base, -13, 1.5, -26) + 0.5 * np.array([tones.base[0] - 13, lips[1] * 1.15, lips[2]])
    opened = float(gap.max()) > OPEN * head.unit
    line = (above_ + below) / 2
    soft = look.wash * 0.01 * head.unit
    patch.paint(
        to_rgb(shade(lip, -7, 1.0, -4)),
        patch.mask(np.concatenate([rim_up, (above_ if opened else line)[::-1]]), blur=soft) * 0.85,
    )
    patch.paint(to_rgb(lip), patch.mask(np.concatenate([rim_low, (below if opened else line)[::-1]]), blur=soft) * 0.75)
    shine = rim_low[14:26] * 0.55 + (below if opened else line)[14:26] * 0.45
    patch.paint(
        to_rgb(shade(tones.light, 4, 0.8)), patch.mask(ribbon(shine, 0.018 * head.unit * taper(len(shine)))) * 0.55
    )
    if opened:
        _inside(patch, lab, head, above_, below, tones)
    corners = 0.010 * head.unit * (0.75 + 0.5 * look.line / 2.6)
    width = corners * np.clip(1.25 - np.sin(np.linspace(0, np.pi, len(line))) * 0.55, 0.3, 1.3)
    if opened:
        patch.paint(ink, patch.mask(ribbon(above_, width)))
        patch.paint(ink, patch.mask(ribbon(below, width * 0.55)) * 0.8)
    else:
        patch.paint(ink, patch.mask(ribbon(line, width * taper(len(line), 0.2, 0.2))))
    under = rim_low[12:28] + head.down * 0.035 * head.unit
    patch.paint(to_rgb(tones.shadow), patch.mask(ribbon(under, 0.025 * head.unit * taper(len(under))), blur=soft) * 0.9)


def _own_lips(patch: Patch, lab: Lab, upper: list[Points], lower: list[Points], tones: Tones) -> Lab:
    flesh = patch.mask(*(np.concatenate([rim, inner[::-1]]) for rim, inner in (upper, lower))) > 0.9
    seen = patch.cut(lab)[flesh]
    return np.asarray(np.median(seen, 0) if len(seen) else shade(tones.base, -13, 1.5, -26), np.float32)


def _inside(patch: Patch, lab: Lab, head: Head, above_: Points, below: Points, tones: Tones) -> None:
    hole = np.concatenate([above_, below[::-1]])
    mask = patch.mask(hole)
    patch.paint(to_rgb(np.array([22, 26, 14], np.float32)), mask)
    down = np.linspace(0, 1, 24)[:, None]
    middle = slice(14, 26)  # of the 40 points: where upper teeth show in every smile
    xy = (above_[middle, None] + (below - above_)[middle, None] * down).astype(np.float32)
    light = cv2.remap(lab[..., 0], xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).mean(0)
    skin = float(tones.base[0])
    bright = float(light.max())
    if bright > max(tones.seen + TEETH_OVER_SKIN, 1.0):
        share = float(np.clip((np.flatnonzero(light >= 0.7 * bright)[-1] + 2) / 24, 0.5, 1.0))
        edge = above_ + (below - above_) * share
        inset = slice(2, -2)
        teeth = patch.mask(np.concatenate([above_[inset], edge[inset][::-1]])) * mask
        patch.paint(to_rgb(np.array([min(96.0, skin + 22), 0, 3], np.float32)), teeth)
        gum = patch.mask(ribbon(above_, 0.03 * head.unit), blur=1.0)
        patch.paint(to_rgb(np.array([min(84.0, skin + 8), 3, 1], np.float32)), gum * teeth * 0.6)
    else:
        tongue = np.concatenate([(above_ * 0.35 + below * 0.65)[8:-8], below[8:-8][::-1]])
        patch.paint(to_rgb(np.array([48, 38, 18], np.float32)), patch.mask(tongue, blur=0.01 * head.unit) * mask)
