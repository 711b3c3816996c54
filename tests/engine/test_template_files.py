"""The files of drawn templates: what `load_template` and the face-fuse effect rely on."""

import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "assets" / "templates"
ROWS = tomllib.loads((ROOT / "meitu_demo" / "data" / "templates.toml").read_text(encoding="utf-8"))["template"]
IDS = [row["id"] for row in ROWS]
PAIRS = ((33, 263), (133, 362), (61, 291), (234, 454), (172, 397), (70, 300), (98, 327), (468, 473))
MIDDLE = (10, 168, 1, 13, 152)
EYES = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))
NOSE = (1, 4, 5, 195, 98, 327, 2)
LIPS = (61, 40, 0, 270, 291, 321, 17, 91)
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
OVAL += (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)

each_template = pytest.mark.parametrize("name", IDS)


def read_picture(name: str, file: str) -> np.ndarray:
    with Image.open(FOLDER / name / file) as opened:
        return np.asarray(opened)


def read_landmarks(name: str) -> np.ndarray:
    return np.array(json.loads((FOLDER / name / "landmarks.json").read_text())["landmarks"])


def fill_outline(outline: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.int32(np.round(outline))], 1)
    return mask.astype(bool)


def test_template_rows_match_the_folders() -> None:
    """Every template has a row with both languages, and every folder a row."""
    assert len(IDS) == len(set(IDS)) >= 8
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(IDS)
    for row in ROWS:
        assert all(row[key][language].strip() for key in ("name", "mood") for language in ("en", "zh"))
    aliases = [alias for row in ROWS for alias in row["aliases"]]
    assert len(aliases) == len(set(aliases))


@each_template
def test_template_files_share_one_frame(name: str) -> None:
    """Base, front and landmarks have one frame of at least 1024 px."""
    base, front = read_picture(name, "base.webp"), read_picture(name, "front.webp")
    height, width = base.shape[:2]
    assert min(height, width) >= 1024
    assert base.shape == (height, width, 3)
    assert front.shape == (height, width, 4)
    assert json.loads((FOLDER / name / "landmarks.json").read_text())["size"] == [width, height]


@each_template
def test_template_files_are_small(name: str) -> None:
    """A template has less than 480 kB."""
    sizes = {path.name: path.stat().st_size for path in (FOLDER / name).iterdir()}
    assert set(sizes) == {"base.webp", "front.webp", "landmarks.json"}
    assert sum(sizes.values()) < 480_000


@each_template
def test_template_landmarks_are_upright_and_symmetric(name: str) -> None:
    """The mesh is complete, within the frame, upright and symmetric; the face is 300 to 440 px wide."""
    points = read_landmarks(name)
    width, height = read_picture(name, "base.webp").shape[1::-1]
    assert points.shape == (478, 2)
    assert len(json.loads((FOLDER / name / "landmarks.json").read_text())["depth"]) == 478
    assert (points > 0).all()
    assert (points < [width, height]).all()
    face = points[454, 0] - points[234, 0]
    assert 300 <= face <= 440
    axis = points[list(MIDDLE), 0].mean()
    assert np.ptp(points[list(MIDDLE), 0]) < 0.02 * face
    for left, right in PAIRS:
        assert abs(points[left, 0] + points[right, 0] - 2 * axis) < 0.02 * face
        assert abs(points[left, 1] - points[right, 1]) < 0.02 * face


@each_template
def test_template_front_layer_does_not_cover_the_features(name: str) -> None:
    """Eyes, nose and mouth are not covered; at least 30 % of the rim of the face is."""
    alpha = read_picture(name, "front.webp")[..., 3] / 255
    points = read_landmarks(name)
    for part in (*EYES, NOSE, LIPS):
        hull = cv2.convexHull(np.float32(points[list(part)]))[:, 0]
        covered = alpha[fill_outline(hull, alpha.shape)]
        assert covered.mean() < 0.15
        assert np.percentile(covered, 90) < 0.35
    rim = np.int32(np.round(points[list(OVAL)]))
    assert (alpha[rim[:, 1], rim[:, 0]] > 0.5).mean() > 0.3


@each_template
def test_template_base_has_skin_under_the_face(name: str) -> None:
    """Under the user's face is painted skin: warm, neither black nor overexposed."""
    base, points = read_picture(name, "base.webp").astype(float), read_landmarks(name)
    cheeks = np.concatenate(
        [base[int(y) - 12 : int(y) + 12, int(x) - 12 : int(x) + 12].reshape(-1, 3) for x, y in points[[50, 280]]]
    )
    red, green, blue = cheeks.mean(0)
    assert red > green > blue
    assert 90 < red < 250
