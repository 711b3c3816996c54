"""The stage: camera, lights and passes of one portrait, path-traced with Mitsuba 3 (BSD licence, drawing only).

Shapes carry a *role*: ``body`` (garment behind the face), ``skin`` (neck, ears), ``front`` (everything that lies over
the fused face). A glass dome is not traced: `gleam` holds its reflections, see `lights.dome`.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import mitsuba as mi
import numpy as np

from .solids import Mesh

# The scalar build runs anywhere; "llvm_ad_rgb" is three times faster where LLVM 17 or newer is at hand.
mi.set_variant(os.environ.get("DRAW_VARIANT", "scalar_rgb"))

DISTANCE = 230.0  # camera to face, cm: a portrait lens


@dataclass
class Camera:
    """A straight-on portrait camera: picture size, pixels per cm in the plane of the face, height of its centre."""

    width: int = 1024
    height: int = 1280
    scale: float = 25.0
    centre_y: float = -5.0

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) cm to (n, 2) pixels."""
        near = self.scale * DISTANCE / (DISTANCE - points[:, 2])
        x = self.width / 2 - 0.5 + points[:, 0] * near
        y = self.height / 2 - 0.5 - (points[:, 1] - self.centre_y) * near
        return np.stack([x, y], -1)

    def sensor(self, spp: int, shrink: float) -> dict:
        eye = [0, self.centre_y, DISTANCE]
        return {
            "type": "perspective",
            "fov_axis": "x",
            "fov": float(np.degrees(2 * np.arctan(self.width / self.scale / 2 / DISTANCE))),
            "to_world": mi.ScalarTransform4f().look_at(origin=eye, target=[0, self.centre_y, 0], up=[0, 1, 0]),
            "film": {
                "type": "hdrfilm",
                "width": int(self.width / shrink),
                "height": int(self.height / shrink),
                "pixel_format": "rgba",
                "rfilter": {"type": "gaussian"},
            },
            "sampler": {"type": "independent", "sample_count": spp},
        }


@dataclass
class Stage:
    """Shapes and light of one template."""

    camera: Camera
    sky: np.ndarray  # (h, 2h, 3) linear radiance, see `lights`
    depth: int = 5
    gleam: np.ndarray | None = None  # (h, w, 3) linear light added over everything
    _shapes: list[tuple[str, dict]] = field(default_factory=list)
    _folder: tempfile.TemporaryDirectory = field(default_factory=tempfile.TemporaryDirectory)

    def add(self, mesh: Mesh, bsdf: dict, role: str) -> None:
        path = Path(self._folder.name) / f"{len(self._shapes)}.ply"
        mesh.write(path)
        self._shapes.append((role, {"type": "ply", "filename": str(path), "bsdf": bsdf}))

    def add_strands(self, strands: list[np.ndarray], bsdf: dict, role: str) -> None:
        """Curves: each (n ≥ 4, 4) control points x, y, z, radius of a cubic B-spline."""
        path = Path(self._folder.name) / f"{len(self._shapes)}.txt"
        path.write_text("\n\n".join("\n".join(f"{x:.4f} {y:.4f} {z:.4f} {r:.5f}" for x, y, z, r in s) for s in strands))
        self._shapes.append((role, {"type": "bsplinecurve", "filename": str(path), "bsdf": bsdf}))

    def _scene(self, roles: set[str], integrator: dict, spp: int, shrink: float, flat: bool = False):
        scene: dict = {"type": "scene", "integrator": integrator, "sensor": self.camera.sensor(spp, shrink)}
        if not flat:
            bitmap = mi.Bitmap(np.ascontiguousarray(self.sky, dtype=np.float32))
            scene["sky"] = {"type": "envmap", "bitmap": bitmap}
        for k, (role, shape) in enumerate(self._shapes):
            if role not in roles:
                continue
            if flat:
                white = [1.0 * (role == "front"), 1.0 * (role == "skin"), 1.0 * (role == "body")]
                tone = {"type": "diffuse", "reflectance": {"type": "rgb", "value": white}}
                shape = shape | {"bsdf": {"type": "twosided", "bsdf": tone}}
            scene[f"shape{k}"] = shape
        return mi.load_dict(scene)

    def render(self, roles: set[str], spp: int, shrink: float = 1.0, seed: int = 1) -> np.ndarray:
        """(h, w, 4) linear premultiplied RGBA float32 of the shapes that have one of `roles`."""
        integrator = {"type": "path", "max_depth": self.depth, "hide_emitters": True}
        scene = self._scene(roles, integrator, spp, shrink)
        rounds = -(-spp // 8)  # in rounds of eight paths, so that memory stays small
        total = 0.0
        for k in range(rounds):
            part = np.array(mi.render(scene, spp=8, seed=seed * 1000 + k), dtype=np.float32)
            total = total + np.clip(part, 0, 5)  # a rare bright path must not become a firefly
        return total / rounds

    def coverage(self, roles: set[str], spp: int = 32, shrink: float = 1.0) -> np.ndarray:
        """(h, w, 3) share 0..1 of each pixel that front, skin and body cover, as seen by the camera."""
        integrator = {"type": "aov", "aovs": "tone:albedo"}
        scene = self._scene(roles, integrator, spp, shrink, flat=True)
        rounds = -(-spp // 8)
        total = sum(np.array(mi.render(scene, spp=8, seed=7000 + k), dtype=np.float32) for k in range(rounds))
        return np.clip(total[..., -3:] / rounds, 0, 1)
