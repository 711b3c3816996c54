"""Speed of the bare effects, against operations that each of them includes or replaces."""

import cProfile
import pstats
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np

from meitu_demo.domain.model import Image
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine import face_templates
from meitu_demo.engine.effects.avatar.draw import VERSIONS, draw_avatar
from meitu_demo.engine.effects.fuse import fuse
from meitu_demo.engine.effects.reshape import reshape
from meitu_demo.engine.effects.restore import restore
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.imaging.mediapipe_loader import load_solution
from meitu_demo.engine.sample_photos import load_astronaut

from .ratio import Row, compare

AESTHETICS = CATALOGUE["facial_aesthetics"]
MAX_AVATAR_S = 0.6  # on two cores
DETECT_AND_REMAP = "face detection and one cv2.remap"


def rows() -> list[Row]:
    """Finding faces; reshaping, fusing, drawing and restoring, with face detection where the effect needs a face."""
    return [
        *_measure_face_rows(),
        *_measure_reshape_rows(),
        *_measure_fuse_rows(),
        *_measure_avatar_rows(),
        _measure_restore_row(),
    ]


def _measure_face_rows() -> list[Row]:
    frames = {"half figure": _make_frame(1920, 1080), "close-up": _make_frame(1920, 1080, np.s_[20:260, 110:350])}
    with load_solution("face_mesh") as solution:
        mesh = solution.FaceMesh(static_image_mode=True, refine_landmarks=True)
    return [
        compare(
            f"finding a face at 1080p, {name}",
            partial(find_faces, frame),
            "MediaPipe's FaceMesh with its own detector",
            partial(mesh.process, frame),
            max_ratio=1.8,
        )
        for name, frame in frames.items()
    ]


def _measure_reshape_rows() -> list[Row]:
    small = load_astronaut()

    def compare_shape(name: str, frame: Image, shape: int) -> Row:
        run = partial(AESTHETICS.render_offline, frame, AESTHETICS.validate({"shape_type": shape, "strength": 1}))
        return compare(name, run, DETECT_AND_REMAP, _make_detect_and_remap(frame), max_ratio=1.4)

    def reshape_repeatedly(count: int) -> None:
        (face,) = find_faces(small)
        for shape in range(count):
            reshape(small, face, shape)

    all_shapes, one_shape = partial(reshape_repeatedly, 22), partial(reshape_repeatedly, 1)
    return [
        compare_shape("aesthetics at 1080p, whole effect", _make_frame(1920, 1080), 8),
        compare_shape("aesthetics at 2000×2000, face fills it", cv2.resize(small[20:260, 110:350], (2000, 2000)), 1),
        compare("22 shapes at 512 px", all_shapes, "one shape", one_shape, max_ratio=6),
    ]


def _measure_fuse_rows() -> list[Row]:
    photo = load_astronaut()

    def compare_template(key: str) -> Row:
        template = face_templates.load_template(key)
        return compare(
            f"fuse onto {key}, with finding the face",
            lambda: fuse(photo, find_faces(photo)[0], template),
            "finding a face on both pictures",
            lambda: (find_faces(photo), find_faces(template.composite)),
            max_ratio=1.8,
        )

    return [compare_template("panda"), compare_template("space_helmet")]


def _measure_avatar_rows() -> list[Row]:
    photo = load_astronaut()
    smooth = partial(cv2.bilateralFilter, cv2.resize(photo, (768, 768)), 9, 50, 50)

    def draw(version: str) -> None:
        draw_avatar(photo, find_faces(photo), version)

    return [
        compare(f"avatar {version}, 780×800, with finding the face (aim {MAX_AVATAR_S} s)", partial(draw, version),
        "one bilateral at 768²", smooth)
        for version in VERSIONS
    ]  # fmt: skip


def _measure_restore_row() -> Row:
    noisy = _add_noise(_make_frame(1633, 1225))
    baseline = partial(cv2.fastNlMeansDenoisingColored, noisy, None, 5, 5)
    name = "cv2.fastNlMeansDenoisingColored(h=5)"
    return compare("restoration, 2 MP", partial(restore, noisy), name, baseline, max_ratio=0.35, rounds=7)


def _make_detect_and_remap(frame: Image) -> Callable[[], None]:
    height, width = frame.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)

    def run() -> None:
        find_faces(frame)
        cv2.remap(frame, x, y, cv2.INTER_LINEAR)

    return run


def profile_avatar(version: str) -> list[tuple[str, float]]:
    """The avatar's slowest functions: (name, milliseconds). Profiling itself slows them down."""
    photo = load_astronaut()
    faces = find_faces(photo)
    draw_avatar(photo, faces, version)
    profile = cProfile.Profile()
    profile.runcall(draw_avatar, photo, faces, version)
    table: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    callers = {key for key in table if key[2] in ("draw_avatar", "_draw_upright") and "draw.py" in key[0]}
    found = [(key[2], row[3] * 1e3) for key, row in table.items() if callers & row[4].keys() and key not in callers]
    return sorted(found, key=lambda pair: -pair[1])[:6]


def _make_frame(width: int, height: int, crop: tuple[slice, ...] = np.s_[:, :]) -> Image:
    """A landscape frame: the astronaut, or a crop of it, enlarged to its height, on grey."""
    frame = np.full((height, width, 3), 128, np.uint8)
    photo = cv2.resize(load_astronaut()[crop], (height, height), interpolation=cv2.INTER_CUBIC)
    left = (width - height) // 2
    frame[:, left : left + height] = photo
    return frame


def _add_noise(image: Image) -> Image:
    noise = np.random.default_rng(3).normal(0, 10, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
