"""From the passes of a stage to the files of a template: base, front layer, skin mask, landmarks, preview."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from . import finish, paint
from .head import OVAL, landmarks
from .scene import Stage

LARGEST = 330_000  # bytes of the two large files together
REACH = 190  # px around the face oval in which the front layer is kept; farther out the base holds the same paint


@dataclass
class Look:
    """How a template is developed and painted."""

    exposure: float = 1.0
    warmth: float = 0.0
    brush: float = 1.0
    denoise: float = 4.0
    bloom: float = 0.12
    vignette: float = 0.35
    shadow: float = 1.0  # strength of the front layer's shadow on the face
    lift: float = 1.0  # extra light on the face, for deep hoods
    face: dict | None = None  # arguments of `paint.base_face`
    over: Callable[[np.ndarray], np.ndarray] | None = None  # last strokes on the finished sRGB picture


def _oval(shape: tuple[int, int], marks: np.ndarray) -> np.ndarray:
    """Signed distance in px to the face oval, negative inside."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.int32(np.round(marks[list(OVAL)]))], 255)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    return cv2.distanceTransform(255 - mask, cv2.DIST_L2, 5) - inside


def _fill(colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colour spread from where `weight` is high to where it is not (pyramid of normalised blurs)."""
    result, trust = colour.copy(), np.clip(weight, 0, 1)[..., None]
    for sigma in (2, 5, 14, 40):
        w = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
        spread = cv2.GaussianBlur(colour * weight[..., None], (0, 0), sigma) / np.maximum(w, 1e-6)
        share = np.clip(w * 6, 0, 1) * (1 - trust)
        result = np.where(trust > 0, result, 0) * trust + result * (1 - trust)
        result = result * (1 - share) + spread * share
        trust = np.clip(trust + share, 0, 1)
    return result


def _unmix(mixed: np.ndarray, behind: np.ndarray, share: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The front's own colour where it covers a `share` of the pixel: single hairs stay hairs, not a haze."""
    spread = _fill(mixed, np.clip(share * 1.6 - 0.6, 0, 1) ** 2)
    own = (mixed - (1 - share[..., None]) * behind) / np.maximum(share, 0.15)[..., None]
    own = np.clip(own, spread * 0.35, np.minimum(spread * 1.9 + 0.05, 1))
    trust = (np.clip(share / 0.3 - 0.4, 0, 1) * where)[..., None]
    return spread * (1 - trust) + own * trust


def _calm(skin: np.ndarray) -> np.ndarray:
    """Skin without the last sampling noise, its edges kept."""
    for _ in range(2):
        skin = cv2.bilateralFilter(skin, 0, 0.12, 4.0)
    return skin


def passes(stage: Stage, spp: int, shrink: float = 1.0, seed: int = 1) -> dict[str, np.ndarray]:
    """Path-traced pictures with and without the front, and the coverage of each role."""
    return {
        "full": stage.render({"body", "skin", "front"}, spp, shrink, seed),
        "bare": stage.render({"body", "skin"}, max(spp * 2 // 3, 8), shrink, seed + 100),
        "cover": stage.coverage({"body", "skin", "front"}, max(spp // 2, 16), shrink),
    }


def compose(stage: Stage, found: dict, backdrop: np.ndarray, look: Look, shrink: float = 1.0) -> dict:
    """Passes to layers. `backdrop` is linear RGB of the picture's size. All returned pictures are uint8."""
    camera = stage.camera
    size = (int(camera.width / shrink), int(camera.height / shrink))
    marks = (camera.project(landmarks()) + 0.5) / shrink - 0.5
    backdrop = cv2.resize(backdrop.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    far = _oval(backdrop.shape[:2], marks) * shrink
    dim = finish.vignette(backdrop.shape[:2], look.vignette)

    def develop(light: np.ndarray) -> np.ndarray:
        whole = light[..., :3] + (1 - np.clip(light[..., 3:], 0, 1)) * backdrop
        whole = finish.bloom(np.clip(whole, 0, 12), amount=look.bloom, sigma=14 / shrink) * dim
        return finish.denoise(finish.film(whole, look.exposure, look.warmth), look.denoise)

    lit, bare = develop(found["full"]), develop(found["bare"])
    front = np.clip(found["cover"][..., 0], 0, 1)
    neck = cv2.GaussianBlur(np.clip(found["cover"][..., 1] - front, 0, 1), (0, 0), 2.0 / shrink)[..., None]
    lit = lit + neck * (0.45 * (_calm(bare) - lit) + 0.55 * (_calm(lit) - lit))  # some fill light on neck and ears
    bare = _calm(bare)
    ratio = lit.mean(-1) / np.maximum(bare.mean(-1), 0.02)
    free = np.clip(1 - front * 3, 0, 1) * (far < 60)
    ratio = cv2.GaussianBlur(_fill(np.repeat(ratio[..., None], 3, 2), free)[..., 0], (0, 0), 2.0 / shrink)
    inner = ratio[(far < -60) & (free > 0.9)]
    level = float(np.percentile(inner, 65)) if inner.size else 1.0
    shade = np.clip(1 - ratio / level, 0, 0.8) * look.shadow
    bare = np.clip(bare * min(1.0, level * look.lift), 0, 1)
    behind = bare * (1 - shade[..., None])
    bare = paint.base_face(bare, marks, **(look.face or {}))
    brush = look.brush
    full = finish.brushwork(lit, brush, length=max(2, round(5 / shrink)))
    bare = finish.brushwork(bare, brush * 0.7, length=max(2, round(4 / shrink)))
    inside = np.clip((34 - far) / 22, 0, 1)[..., None]
    base = bare * inside + full * (1 - inside)
    shade = shade * inside[..., 0]  # farther out the shadow is in the base already
    reach = np.clip((REACH - far) / 50, 0, 1)
    paint_front = _unmix(full, behind, front, np.clip((60 - far) / 20, 0, 1))
    hold = front * reach
    alpha = hold + (1 - hold) * shade
    colour = paint_front * (hold / np.maximum(alpha, 1e-4))[..., None]
    if stage.gleam is not None:
        glow = finish.film(cv2.resize(stage.gleam, size, interpolation=cv2.INTER_AREA), look.exposure)
        strength = glow.max(-1)
        mix = alpha + (1 - alpha) * strength
        tone = (glow + 0.1) / (glow + 0.1).max(-1, keepdims=True)
        colour = (colour * alpha[..., None] * (1 - strength[..., None]) + tone * strength[..., None]) / np.maximum(
            mix, 1e-4
        )[..., None]
        alpha = mix
    colour = colour * (alpha > 0.004)[..., None]
    if look.over is not None:
        base, colour = look.over(base), np.where(hold[..., None] > 0.02, look.over(colour), colour)
    base, colour = finish.grain(base), finish.grain(colour)
    skin = np.clip(found["cover"][..., 1] * np.clip((far + 10) / 4, 0, 1), 0, 1)  # from inside the seam on
    to8 = lambda x: np.uint8(np.clip(x, 0, 1) * 255 + 0.5)  # noqa: E731
    layer = np.dstack([to8(colour), to8(alpha)])
    shown = colour * alpha[..., None] + base * (1 - alpha[..., None])
    return {"base": to8(base), "front": layer, "skin": to8(skin), "preview": to8(shown), "marks": marks}


def save(folder: Path, layers: dict) -> None:
    """Write the five files of one template."""
    folder.mkdir(parents=True, exist_ok=True)
    h, w = layers["base"].shape[:2]
    base, front = Image.fromarray(layers["base"]), Image.fromarray(layers["front"])
    for quality in (88, 84, 80, 76, 72, 68):  # fur and mail are dear; the finest that keeps the folder small
        base.save(folder / "base.webp", quality=quality, method=6)
        front.save(folder / "front.webp", quality=quality - 4, alpha_quality=80, method=6)
        if sum((folder / name).stat().st_size for name in ("base.webp", "front.webp")) < LARGEST:
            break
    mask = cv2.GaussianBlur(layers["skin"], (0, 0), 1.0) // 8 * 8
    Image.fromarray(mask).save(folder / "skin.png", optimize=True)
    scale = 512 / min(h, w)
    small = cv2.resize(layers["preview"], (round(w * scale), round(h * scale)), interpolation=cv2.INTER_AREA)
    Image.fromarray(small).save(folder / "preview.webp", quality=88, method=6)
    near = landmarks()[:, 2]
    body = {
        "size": [w, h],
        "landmarks": np.round(layers["marks"], 2).tolist(),
        "depth": np.round((near.mean() - near) * layers["pixels_per_cm"], 2).tolist(),
    }
    (folder / "landmarks.json").write_text(json.dumps(body, separators=(",", ":")) + "\n")
