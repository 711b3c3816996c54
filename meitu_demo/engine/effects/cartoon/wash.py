"""Turns flat paint into watercolour on paper: pigment that pools, darkened rims, grain, and a border left white.

After Bousseau, Kaplan, Thollot and Sillion, "Interactive watercolor rendering" (2006): the density d of the pigment
darkens a colour c to c (1 − (1 − c)(d − 1)).
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from .head import Field, Head
from .pen import Painting, ramp

TILE = 1024  # px side of the paper; drawings are no larger
PAPER = np.array([252, 249, 243], np.float32)
BLACK = 8  # grain in dark paint stays paint
THIN = 0.86  # how much of the pigment is left after watering it down
TURBULENCE, GRAIN, RIM = 0.40, 0.16, 1.1  # how far pooling, paper grain and edges change the density


@cache
def _paper() -> tuple[Field, Field, Field]:
    """Three noises of TILE × TILE, about −1..1: slow pooling of the pigment, middle-sized wobble, fine grain."""
    random = np.random.default_rng(20)

    def noise(*cells: int) -> Field:
        total = np.zeros((TILE, TILE), np.float32)
        for octave, cell in enumerate(cells):
            small = random.standard_normal((TILE // cell + 2,) * 2).astype(np.float32)
            layer = cv2.resize(small, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
            total += layer / float(layer.std()) * 0.6**octave
        return np.asarray(total / (2 * total.std()), np.float32)

    return noise(140, 60, 24), noise(22, 9), noise(3, 2, 1)


def watercolour(painting: Painting, person: Field, heads: Sequence[Head]) -> Painting:
    """The same drawing in watercolour. `person`: everybody's matte; the largest of `heads` sets the scale."""
    height, width = painting.shape[:2]
    pool, wobble, grain = (
        cv2.resize(noise, (width, height)) if max(height, width) > TILE else noise[:height, :width]
        for noise in _paper()
    )
    pen = max(head.unit for head in heads) / 280
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    drift = 1.1 * pen
    wet = cv2.remap(
        painting,
        x + drift * wobble,
        y + drift * np.roll(wobble, 37, 0),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    grey = cv2.cvtColor(wet, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rim = cv2.GaussianBlur(grey, (0, 0), 4.5 * pen + 0.3) - cv2.GaussianBlur(grey, (0, 0), 1.2 * pen + 0.3)
    density = TURBULENCE * pool + GRAIN * grain + RIM * np.clip(rim, 0, 40) / 40 - 0.05
    colour = wet.astype(np.float32) * np.float32(THIN / 255) + np.float32(1 - THIN)
    colour *= 1 - (1 - colour) * density[..., None]
    margin = _margin(person, heads, pool, wobble)[..., None]
    light = 1 + 0.012 * grain[..., None]
    return np.asarray(np.clip((colour * 255 * margin + PAPER * (1 - margin)) * light, BLACK, 255) + 0.5, np.uint8)


def _margin(person: Field, heads: Sequence[Head], pool: Field, wobble: Field) -> Field:
    """Where there is paint: all of the person but the lower edge, and a wash around each head."""
    height, width = person.shape
    unit = max(head.unit for head in heads)
    ragged = 0.22 * pool + 0.07 * wobble
    halo, near = np.zeros_like(person), np.zeros_like(person)
    for head in heads:
        u, v = head.grid(person.shape)
        away = np.hypot(u, v).astype(np.float32)
        np.maximum(halo, ramp(1.62, 1.5, away + ragged * unit / head.unit), out=halo)
        np.maximum(near, ramp(0.95, 0.8, away), out=near)
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    edge = np.minimum(np.minimum(x, width - 1 - x), height - 1 - y) / unit
    inside = ramp(0.10, 0.16, edge + 0.5 * ragged)
    return np.asarray(np.maximum(person, halo) * np.maximum(inside, near), np.float32)
