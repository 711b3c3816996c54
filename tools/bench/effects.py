"""The effects' bare speed, against what they cannot do without."""

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
from meitu_demo.engine.effects.avatar import draw_avatar
from meitu_demo.engine.effects.cartoon.look import LOOKS
from meitu_demo.engine.effects.fuse import fuse
from meitu_demo.engine.effects.reshape import reshape
from meitu_demo.engine.effects.restore import restore
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.sample_photos import load_astronaut

from .ratio import Row, compare

AESTHETICS = CATALOGUE["facial_aesthetics"]
DETECT_AND_REMAP = "face detection and one cv2.remap"


def rows() -> list[Row]:
    """Reshaping, fusing, drawing and restoring, each with finding the face where the effect needs one."""
    return [*_measure_reshape_rows(), *_measure_fuse_rows(), *_measure_avatar_rows(), _measure_restore_row()]


def _measure_reshape_rows() -> list[Row]:
    frame, square, small = (
        _make_frame(1920, 1080),
        cv2.resize(load_astronaut()[20:260, 110:350], (2000, 2000)),
        load_astronaut(),
    )
    run_1080p = partial(AESTHETICS.render_offline, frame, AESTHETICS.validate({"shape_type": 8, "strength": 1}))
    run_4mp = partial(AESTHETICS.render_offline, square, AESTHETICS.validate({"shape_type": 1, "strength": 1}))

    def reshape_repeatedly(count: int) -> None:
        (face,) = find_faces(small)
        for shape in range(count):
            reshape(small, face, shape)

    return [
        compare(
            "aesthetics at 1080p, whole effect",
            run_1080p,
            DETECT_AND_REMAP,
            _make_detect_and_remap(frame),
            max_ratio=1.4,
        ),
        compare(
            "aesthetics at 2000×2000, face fills it",
            run_4mp,
            DETECT_AND_REMAP,
            _make_detect_and_remap(square),
            max_ratio=1.4,
        ),
        compare(
            "22 shapes at 512 px",
            partial(reshape_repeatedly, 22),
            "one shape",
            partial(reshape_repeatedly, 1),
            max_ratio=6,
        ),
    ]


def _measure_fuse_rows() -> list[Row]:
    photo = load_astronaut()
    rows = []
    for key in ("astronaut", "space_helmet"):
        template = face_templates.load_template(key)
        rows.append(
            compare(
                f"fuse onto {key}, with finding the face",
                lambda drawn=template: fuse(photo, find_faces(photo)[0], drawn),
                "finding a face on both pictures",
                lambda drawn=template: (find_faces(photo), find_faces(drawn.composite)),
                max_ratio=1.8,
            )
        )
    return rows


def _measure_avatar_rows() -> list[Row]:
    photo = load_astronaut()
    faces = find_faces(photo)
    square = cv2.resize(photo, (768, 768))
    smooth = partial(cv2.bilateralFilter, square, 9, 50, 50)
    return [
        compare(
            f"avatar {version}, 781×801", partial(draw_avatar, photo, faces, version), "one bilateral at 768²", smooth
        )
        for version in LOOKS
    ]


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


def profile_stages(version: str) -> list[tuple[str, float]]:
    """What the avatar's time goes into: (stage, milliseconds), the longest first. A profile slows what it measures."""
    photo = load_astronaut()
    faces = find_faces(photo)
    draw_avatar(photo, faces, version)
    profile = cProfile.Profile()
    profile.runcall(draw_avatar, photo, faces, version)
    table: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    drawing = {key for key in table if key[2] in ("avatar", "_draw", "_paint_person") and "avatar.py" in key[0]}
    found = [(key[2], row[3] * 1e3) for key, row in table.items() if drawing & row[4].keys() and key not in drawing]
    return sorted(found, key=lambda stage: -stage[1])[:6]


def _make_frame(width: int, height: int) -> Image:
    """The astronaut enlarged to the frame's height on grey: a portrait in landscape."""
    frame = np.full((height, width, 3), 128, np.uint8)
    photo = cv2.resize(load_astronaut(), (height, height), interpolation=cv2.INTER_CUBIC)
    left = (width - height) // 2
    frame[:, left : left + height] = photo
    return frame


def _add_noise(image: Image) -> Image:
    noise = np.random.default_rng(3).normal(0, 10, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
