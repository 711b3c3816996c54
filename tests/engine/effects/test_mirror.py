"""The mirror's effect: the panel's shapes, several at once, calm on a still face, and honest about what was seen."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.engine.effects import mirror as effect
from meitu_demo.engine.effects.mirror import Detection, reshape_frame
from meitu_demo.engine.effects.reshape import build_face_warp, reshape
from meitu_demo.engine.imaging.face_checks import MAX_PITCH_DEG, MAX_YAW_DEG
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec


@pytest.fixture(scope="module")
def scene():
    """The astronaut before a camera of 640×480."""
    return cv2.warpAffine(
        load_astronaut(), np.float32([[1.1, 0, 20], [0, 1.1, -10]]), (640, 480), borderMode=cv2.BORDER_REFLECT
    )


def test_one_shape_is_what_the_panel_does(scene):
    """The same pixels as the reshaping of a photo, and the photo's own without a shape or at strength 0."""
    (face,) = find_faces(scene)
    shown, sight = reshape_frame(scene, [(8, 0.6)])
    assert sight is Detection.FACE
    assert (shown == reshape(scene, face, 8, 0.6)).all()
    for wanted in ([], [(7, 0.0)]):
        assert (reshape_frame(scene, wanted)[0] == scene).all()


def test_the_next_shape_finds_the_face_where_the_last_one_left_it(scene):
    """A shorter nose lifts the mouth; what then widens the lips works on the lifted mouth, to a tenth of a pixel."""
    (face,) = find_faces(scene)
    warp = build_face_warp(scene.shape, face, 16, 1.0)
    exact, quick = (
        warp.transform_points(face.landmarks),
        warp.transform_points(face.landmarks, effect.FRAME_INVERSE_ITERATIONS),
    )
    assert np.abs(exact - face.landmarks).max() > 2
    assert np.abs(exact - quick).max() < 0.1
    moved = replace(face, landmarks=quick.astype(np.float32))
    shown, _ = reshape_frame(scene, [(16, 1.0), (18, 1.0)])
    assert (shown == reshape(reshape(scene, face, 16, 1.0), moved, 18, 1.0)).all()


def test_a_face_that_holds_still_is_shown_still(scene, figure):
    """Under a camera's noise, no point of the picture trembles by more than a quarter of a pixel."""
    generator = np.random.default_rng(5)
    points = np.stack(np.meshgrid(np.arange(0, 640, 8), np.arange(0, 480, 8)), -1).reshape(-1, 2).astype(np.float32)
    faces = []
    for _ in range(10):
        noisy = np.clip(scene + generator.normal(0, 8, scene.shape), 0, 255).astype(np.uint8)
        faces.append(find_faces(codec.decode(codec.encode(noisy, 85)))[0])
    trembling = {}
    for shape in (7, 8, 14):
        warps = [build_face_warp(scene.shape, face, shape, 1.0) for face in faces]
        trembling[shape] = float(np.std([warp.gain * warp.field(points) for warp in warps], 0).max())
    figure(f"mirror: a still face trembles by at most {max(trembling.values()):.2f} px (standard deviation)")
    assert max(trembling.values()) < 0.25


def test_shapes_fade_away_as_a_head_turns(scene):
    """Full strength towards the camera, none from the vendor's limit on, and no jump on the way."""
    (face,) = find_faces(scene)
    angles = np.linspace(0, 50, 101)
    for name, limit in (("yaw", MAX_YAW_DEG), ("pitch", MAX_PITCH_DEG)):
        straight = replace(face, yaw=0.0, pitch=0.0)
        levels = [
            effect._compute_pose_weight(replace(straight, **{name: sign * float(a)}))
            for a in angles
            for sign in (1, -1)
        ]
        assert levels[0] == 1
        assert all(level == 0 for level, a in zip(levels[::2], angles, strict=True) if a >= limit)
        assert np.abs(np.diff(levels[::2])).max() < 0.1
        assert levels[::2] == levels[1::2]


def test_what_cannot_be_reshaped_is_shown_as_it_is_and_said(scene, monkeypatch, faceless):
    """No face, or only faces that are turned away: the picture's own pixels, and the reason."""
    cup = codec.decode(faceless)[:480]
    shown, sight = reshape_frame(cup, [(8, 1.0)])
    assert sight is Detection.NO_FACE
    assert (shown == cup).all()
    (face,) = find_faces(scene)
    monkeypatch.setattr(effect, "find_faces", lambda image: (replace(face, yaw=MAX_YAW_DEG + 1),))
    shown, sight = reshape_frame(scene, [(8, 1.0)])
    assert sight is Detection.TURNED
    assert (shown == scene).all()


def test_everybody_in_the_picture_is_reshaped(portrait_pixels):
    """Two people before the mirror are both shown reshaped, each as if alone."""
    two = np.concatenate([portrait_pixels[:, :320], portrait_pixels[:, 319::-1]], 1)
    shown, sight = reshape_frame(two, [(8, 1.0)])
    changed = (shown != two).any(-1)
    assert sight is Detection.FACE
    assert changed[:, :320].any()
    assert changed[:, 320:].any()


@pytest.mark.parametrize("wanted", [(22, 0.5), (-1, 0.5), (8, 1.1), (8, float("nan"))])
def test_nonsense_is_rejected(scene, wanted):
    """As by the panel."""
    with pytest.raises(ValueRejected):
        reshape_frame(scene, [wanted])
