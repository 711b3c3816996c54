"""From linear light to a painting: film curve, denoising, brushwork along the forms, bloom, vignette, grain."""

from __future__ import annotations

import cv2
import numpy as np

from . import noise


def film(linear: np.ndarray, exposure: float = 1.0, warmth: float = 0.0) -> np.ndarray:
    """Linear RGB to sRGB floats through a filmic shoulder (Narkowicz' fit of ACES, softened)."""
    x = np.maximum(linear, 0) * exposure * 0.75
    x = x * (1 + warmth * np.array([0.06, 0.0, -0.08], np.float32))
    y = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    y = np.clip(y, 0, 1)
    return np.where(y <= 0.0031308, y * 12.92, 1.055 * np.maximum(y, 1e-6) ** (1 / 2.4) - 0.055).astype(np.float32)


def denoise(image: np.ndarray, strength: float = 4.0) -> np.ndarray:
    """Remove the sampling noise of the path tracer (non-local means, Buades 2005) from sRGB floats."""
    bgr = np.uint8(np.clip(image, 0, 1)[..., ::-1] * 255 + 0.5)
    return (
        cv2.fastNlMeansDenoisingColored(bgr, None, strength, strength * 1.5, 5, 15)[..., ::-1].astype(np.float32) / 255
    )


def flow(image: np.ndarray, sigma: float = 4.0) -> np.ndarray:
    """(h, w, 2) unit vectors along the edges: the structure tensor's minor direction."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    a, b, c = (cv2.GaussianBlur(g, (0, 0), sigma) for g in (gx * gx, gx * gy, gy * gy))
    angle = 0.5 * np.arctan2(2 * b, a - c) + np.pi / 2
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def smear(field: np.ndarray, along: np.ndarray, length: int) -> np.ndarray:
    """Average along the flow for `length` px both ways (line integral convolution, Cabral and Leedom 1993)."""
    h, w = field.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    total, weight = field.astype(np.float32).copy(), 1.0
    for sign in (1, -1):
        px, py, vx, vy = x.copy(), y.copy(), along[..., 0] * sign, along[..., 1] * sign
        for k in range(length):
            px, py = px + vx, py + vy
            share = 1 - (k + 1) / (length + 1)
            total = total + share * cv2.remap(field, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            weight += share
            nx = cv2.remap(along[..., 0], px, py, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
            ny = cv2.remap(along[..., 1], px, py, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
            turn = np.sign(nx * vx + ny * vy) + ((nx * vx + ny * vy) == 0)
            vx, vy = nx * turn, ny * turn
    return total / weight


def brushwork(image: np.ndarray, amount: float = 1.0, seed: int = 1, length: int = 5) -> np.ndarray:
    """Colour smeared along the forms and bristle marks in the same direction; weaker where detail is fine."""
    along = flow(image)
    soft = smear(image, along, length)
    detail = cv2.GaussianBlur(np.abs(image - cv2.GaussianBlur(image, (0, 0), 2.5)).mean(-1), (0, 0), 4)
    share = np.clip(1 - detail / 0.10, 0.35, 1)[..., None] * min(amount, 1)
    painted = image * (1 - share) + soft * share
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    form = np.hypot(*(cv2.GaussianBlur(cv2.Sobel(grey, cv2.CV_32F, *d), (0, 0), 6) for d in ((1, 0), (0, 1))))
    bristle = smear(noise.value(image.shape[:2], 2.0, seed), flow(image, 9.0), 14)
    bristle *= np.clip(form / 0.05, 0.12, 1) / (bristle.std() + 1e-6)
    patches = noise.fractal(image.shape[:2], 60, seed + 9, 4)
    lightness = painted.mean(-1, keepdims=True)
    touch = (0.012 * bristle + 0.008 * patches)[..., None] * amount * (0.5 + lightness)
    return np.clip(painted * (1 + touch) + touch * 0.25, 0, 1)


def bloom(linear: np.ndarray, threshold: float = 1.4, amount: float = 0.12, sigma: float = 14) -> np.ndarray:
    """Light that spills around highlights, in linear RGB."""
    bright = np.clip(linear - threshold, 0, 4)
    return linear + amount * (
        cv2.GaussianBlur(bright, (0, 0), sigma) + 0.6 * cv2.GaussianBlur(bright, (0, 0), sigma * 3.5)
    )


def vignette(shape: tuple[int, int], strength: float = 0.35, centre=(0.5, 0.42)) -> np.ndarray:
    h, w = shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    r = np.hypot((x / w - centre[0]) * 1.25, y / h - centre[1])
    return (1 - strength * np.clip(r / 0.75 - 0.35, 0, 1) ** 1.6)[..., None].astype(np.float32)


def grain(image: np.ndarray, amount: float = 0.010, seed: int = 3) -> np.ndarray:
    """Canvas threads and a little film grain."""
    h, w = image.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    weave = np.sin(x * 2.1 + noise.value((h, w), 9, seed)) * np.sin(y * 2.1 + noise.value((h, w), 9, seed + 1))
    speck = noise.value((h, w), 1.6, seed + 2)
    return np.clip(image + (amount * (0.35 * weave + 0.65 * speck))[..., None], 0, 1)
