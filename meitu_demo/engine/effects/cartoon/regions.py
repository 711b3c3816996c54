"""Sorts a person's pixels into hair, skin and everything else (clothes), from the mesh's position and the colours.

Expectation-maximisation over three colour histograms with a spatial prior in the head's upright coordinates, on a small
copy; the memberships are then pulled to the photo's edges with a guided filter and cleaned into drawn shapes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .head import Field, Head, Image
from .pen import above, ramp

SMALL_UNIT = 72.0  # px of a face width on the copy that the sorting works on
BINS = 24  # per axis of the LAB histograms
ROUNDS = 3
LONG_HAIR = 0.45  # how likely hair is beside the neck and on the shoulders, against clothes there


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Shares 0..1 of each canvas pixel, float32 (h, w). person: not background. hair, skin: within the person.
    The rest of the person is clothes."""

    person: Field
    hair: Field
    skin: Field

    @property
    def cloth(self) -> Field:
        return np.asarray(np.clip(self.person - self.hair - self.skin, 0, 1), np.float32)


def sort_regions(canvas: Image, person: Field, own: Field, head: Head) -> Regions:
    """Hair, skin and clothes of the person whose `head` is given; `person` is the matte and `own` this person's share
    where people stand close."""
    step = max(1.0, head.unit / SMALL_UNIT)
    size = [max(8, round(side / step)) for side in canvas.shape[1::-1]]
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    matte = cv2.resize(person, size, interpolation=cv2.INTER_AREA)
    matte = matte * sizable(matte > 0.5, (0.3 * head.unit / step) ** 2)
    labels = _sort(small, matte, *_maps(head, small.shape, step))
    least = (0.14 * head.unit / step) ** 2
    labels *= np.stack([sizable(part > 0.5, least * times) for part, times in zip(labels, (1, 1, 3), strict=True)])
    near = np.stack([cv2.GaussianBlur(part, (0, 0), 0.06 * head.unit / step) for part in labels]) + 1e-6
    labels += np.clip(matte - labels.sum(0), 0, 1) * near / near.sum(0)  # specks join what surrounds them
    half = cv2.resize(canvas, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # edges are smoothed further down
    full = cv2.resize(labels.transpose(1, 2, 0), half.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    fine = cv2.ximgproc.guidedFilter(half, full, max(2, round(head.unit / 72)), 60.0)
    fine = cv2.GaussianBlur(fine.astype(np.float32), (0, 0), max(0.5, head.unit / 180))
    lead = np.stack([fine[..., 0] - fine[..., 1:].max(2), fine[..., 1] - fine[..., ::2].max(2)], 2)
    lead = cv2.resize(lead, canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    hair, skin = (above(np.ascontiguousarray(lead[..., part]), 0.0) for part in (0, 1))
    whole = person * cv2.resize(sizable(matte > 0.3, 4 * least).astype(np.float32), canvas.shape[1::-1])
    shape = above(cv2.GaussianBlur(whole, (0, 0), max(0.8, head.unit / 60)), 0.5, floor=0.01)
    own = own * shape
    return Regions(shape, hair * own, np.minimum(skin, 1 - hair) * own)


def _maps(head: Head, shape: tuple[int, ...], step: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two (3, h, w) stacks for hair, skin and clothes: where each is likely before any colour is seen (a zero is
    final), and where its colours are first learnt."""
    u, v = head.grid(shape, step)
    face = np.zeros(shape[:2], np.float32)
    cv2.fillConvexPoly(face, np.round((head.hull + 0.5) / step - 0.5).astype(np.int32), 1.0)
    inner = cv2.GaussianBlur(face, (0, 0), 0.05 * head.unit / step)
    uv = head.upright(head.points)
    chin, top, brow = float(uv[152, 1]), float(uv[10, 1]), float(uv[[105, 334], 1].mean())
    over_brows = ramp(brow - 0.02, brow - 0.14, v)
    below = ramp(chin - 0.15, chin + 0.1, v)
    skull = ramp(1.2, 0.95, np.hypot(u / 0.8, (v + 0.1) / 1.0))
    crown = ramp(top + 0.05, top - 0.3, v)
    neck = below * ramp(0.6, 0.4, np.abs(u)) * ramp(chin + 0.7, chin + 0.3, v)
    ears = ramp(0.72, 0.6, np.abs(u)) * (1 - below) * (1 - over_brows)
    outside = 1 - inner
    aside = ramp(0.42, 0.6, np.abs(u))
    hair = outside * np.maximum(skull, LONG_HAIR * ramp(1.3, 0.8, np.abs(u)) * ramp(1.9, 1.3, v))
    hair *= 1 - ramp(chin - 0.4, chin - 0.1, v) * (1 - 0.6 * aside)
    hair = np.maximum(hair, inner * np.where(face * (inner > 0.97) > 0, 0.5 * over_brows, 0.4 * ramp(0.3, 0.1, v)))
    skin = np.maximum.reduce([inner, outside * skull * (0.8 - 0.7 * crown), 0.5 * neck, 0.6 * ears, 0.3 * below])
    cloth = outside * below * (1 - 0.4 * neck)
    prior = np.stack([hair, skin, cloth])
    lips = ramp(0.0, 0.02, np.hypot(u / 1.0, v - float(uv[13, 1])) - 0.2)
    eyes = np.minimum.reduce([ramp(0.1, 0.14, np.hypot(u - x, (v - y + 0.05) / 0.8)) for x, y in uv[[468, 473]]])
    seeds = np.stack(
        [
            np.clip(skull - inner, 0, 1) * ramp(top - 0.02, top - 0.2, v) + 0.2 * skull * ears,
            (inner > 0.97) * (1 - over_brows) * lips * eyes,
            below * ramp(chin + 0.25, chin + 0.6, v),
        ]
    )
    return np.asarray(prior / np.maximum(prior.sum(0), 1e-4), np.float32), np.asarray(seeds, np.float32)


def _sort(small: Image, matte: Field, prior: NDArray[np.float32], seeds: NDArray[np.float32]) -> NDArray[np.float32]:
    """(3, h, w) memberships that sum to at most 1."""
    lab = cv2.cvtColor(cv2.bilateralFilter(small, 5, 24, 3), cv2.COLOR_RGB2LAB)
    index = lab[..., 0].astype(np.int32) * BINS // 256
    for axis in (1, 2):  # chroma within ±48: skin, hair and most clothes
        index = index * BINS + np.clip((lab[..., axis].astype(np.int32) - 128) * BINS // 96 + BINS // 2, 0, BINS - 1)
    seeds = seeds * matte
    skin = _likelihood(index, seeds[1], 4)
    seeds[0] *= skin < 0.1 * np.quantile(skin[seeds[1] > 0.5], 0.5) if (seeds[1] > 0.5).any() else 1.0
    share = seeds
    for round_ in range(ROUNDS):
        spread = 3 if round_ == 0 else 1
        likelihood = np.stack([_likelihood(index, part**2, spread) for part in share])
        share = prior * likelihood
        share /= np.maximum(share.sum(0), 1e-9)
        share = np.stack([cv2.GaussianBlur(part, (0, 0), 1.0) for part in share]) * matte
    stray = ~_joined(share[1] > 0.4, seeds[1] > 0.5) & (prior[0] > 0.3)  # a bright parting is no skin
    share[0] += share[1] * stray
    share[1] *= ~stray
    share[0] *= _joined(share[0] > 0.4, seeds[0] > 0.3)
    return share


def _joined(mask: NDArray[np.bool_], anchor: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts of `mask` that touch `anchor`, and what is not of it: hair grows from the head."""
    _, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    kept = np.unique(parts[mask & anchor])
    return np.asarray(np.isin(parts, kept[kept > 0]) | ~mask)


def sizable(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """`mask` without its parts smaller than `least` pixels."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    return np.asarray(keep[parts])


def _likelihood(index: NDArray[np.int32], weight: Field, spread: int) -> Field:
    cube = np.bincount(index.ravel(), weight.ravel(), BINS**3).reshape(BINS, BINS, BINS).astype(np.float32)
    for axis in (0, 1, 2) * spread:
        cube = cube * 0.5 + 0.25 * (np.roll(cube, 1, axis) + np.roll(cube, -1, axis))
    cube = cube / max(float(cube.sum()), 1e-6) + 1e-6
    return np.asarray(cube.ravel()[index], np.float32)
