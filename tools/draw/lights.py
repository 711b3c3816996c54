"""Painted studio skies: a gradient with soft boxes, as an environment map that both lights and reflects."""

import cv2
import numpy as np


def sky(top, horizon, ground, boxes=(), height: int = 256) -> np.ndarray:
    """(h, 2h, 3) linear radiance. A box: azimuth°, elevation°, half width°, half height°, colour, strength, softness°.

    Azimuth 0 is behind the camera (lights the face), positive to the picture's right; ±180 is behind the sitter.
    """
    v = (np.arange(height) + 0.5) / height
    u = (np.arange(2 * height) + 0.5) / (2 * height)
    elevation = 90 - 180 * v[:, None]
    azimuth = (180 - 360 * u)[None, :]  # the map's left edge lies behind the sitter, its middle behind the camera
    up = np.clip(elevation / 90, 0, 1)[..., None] ** 0.6
    down = np.clip(-elevation / 30, 0, 1)[..., None] ** 0.7
    colour = np.array(horizon) * (1 - up) + np.array(top) * up
    colour = (colour * (1 - down) + np.array(ground) * down) * np.ones((1, 2 * height, 1))
    for az, el, half_w, half_h, tone, strength, soft in boxes:
        dx = np.abs((azimuth - az + 180) % 360 - 180) * np.cos(np.radians(np.clip(elevation, -80, 80)))
        dy = np.abs(elevation - el)
        edge = np.clip((half_w - dx) / soft + 0.5, 0, 1) * np.clip((half_h - dy) / soft + 0.5, 0, 1)
        edge = edge * edge * (3 - 2 * edge)
        colour = colour * (1 - edge[..., None] * 0.8) + edge[..., None] * np.array(tone) * strength
    return colour.astype(np.float32)


def look_up(world: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Radiance of a sky along unit vectors (…, 3)."""
    h, w = world.shape[:2]
    v = (90 - np.degrees(np.arcsin(np.clip(direction[..., 1], -1, 1)))) / 180 * h - 0.5
    u = (180 - np.degrees(np.arctan2(direction[..., 0], direction[..., 2]))) / 360 * w - 0.5
    return cv2.remap(world, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def dome(camera, world: np.ndarray, centre, radius: float, rim: float, strength: float = 1.0) -> np.ndarray:
    """(h, w, 3): what the front of a glass sphere mirrors, seen inside a disc of `rim` cm; Schlick's Fresnel term."""
    h, w = camera.height, camera.width
    y, x = np.mgrid[:h, :w].astype(np.float32)
    x = (x - w / 2 + 0.5) / camera.scale - centre[0]
    y = camera.centre_y - (y - h / 2 + 0.5) / camera.scale - centre[1]
    r = np.hypot(x, y)
    z = np.sqrt(np.maximum(radius**2 - r**2, 1e-3))
    normal = np.stack([x, y, z], -1) / np.maximum(np.sqrt(r**2 + z**2), 1e-3)[..., None]
    facing = np.clip(normal[..., 2:], 0, 1)
    mirrored = 2 * facing * normal - np.array([0, 0, 1.0])
    fresnel = 2 * (0.045 + 0.955 * (1 - facing) ** 5)
    edge = np.clip((rim - r) * camera.scale / 2, 0, 1)[..., None]
    return (look_up(world, mirrored) * fresnel * edge * strength).astype(np.float32)
