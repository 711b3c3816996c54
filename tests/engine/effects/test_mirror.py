"""The mirror's effect: several shapes at once, steady on a still face, with the detection's result."""

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


def test_mirror_applies_one_shape_as_reshape_does(scene):
    """The pixels equal `reshape` of a photo, and the photo's without a shape or at strength 0."""
    (face,) = find_faces(scene)
    frame, detection = reshape_frame(scene, [(8, 0.6)])
    assert detection is Detection.FACE
    assert (frame == reshape(scene, face, 8, 0.6)).all()
    for wanted in ([], [(7, 0.0)]):
        assert (reshape_frame(scene, wanted)[0] == scene).all()


def test_mirror_applies_the_next_shape_to_the_moved_landmarks(scene):
    """A shorter nose lifts the mouth; widening the lips then acts on the lifted mouth, accurate to a tenth of a
    pixel.
    """
    (face,) = find_faces(scene)
    warp = build_face_warp(scene.shape, face, 16, 1.0)
    exact, quick = (
        warp.transform_points(face.landmarks),
        warp.transform_points(face.landmarks, effect.FRAME_INVERSE_ITERATIONS),
    )
    assert np.abs(exact - face.landmarks).max() > 2
    assert np.abs(exact - quick).max() < 0.1
    moved = replace(face, landmarks=quick.astype(np.float32))
    frame, _ = reshape_frame(scene, [(16, 1.0), (18, 1.0)])
    assert (frame == reshape(reshape(scene, face, 16, 1.0), moved, 18, 1.0)).all()


def test_mirror_is_steady_on_a_still_face(scene, figure):
    """Under camera noise no point of the picture jitters by more than a quarter of a pixel."""
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


def test_mirror_fades_shapes_out_as_a_head_turns(scene):
    """Full strength towards the camera, none at the vendor's limit, and no jump in between."""
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


def test_mirror_returns_the_frame_and_the_reason_if_no_face_can_be_reshaped(scene, monkeypatch, faceless):
    """Without a face, or with only turned faces: the frame's pixels and the reason."""
    cup = codec.decode(faceless)[:480]
    frame, detection = reshape_frame(cup, [(8, 1.0)])
    assert detection is Detection.NO_FACE
    assert (frame == cup).all()
    (face,) = find_faces(scene)
    monkeypatch.setattr(effect, "find_faces", lambda image: (replace(face, yaw=MAX_YAW_DEG + 1),))
    frame, detection = reshape_frame(scene, [(8, 1.0)])
    assert detection is Detection.TURNED
    assert (frame == scene).all()


def test_mirror_reshapes_every_person(portrait_pixels):
    """Two people in front of the mirror are both reshaped, each as if alone."""
    two = np.concatenate([portrait_pixels[:, :320], portrait_pixels[:, 319::-1]], 1)
    frame, detection = reshape_frame(two, [(8, 1.0)])
    changed = (frame != two).any(-1)
    assert detection is Detection.FACE
    assert changed[:, :320].any()
    assert changed[:, 320:].any()


@pytest.mark.parametrize("wanted", [(22, 0.5), (-1, 0.5), (8, 1.1), (8, float("nan"))])
def test_mirror_rejects_invalid_shapes_and_strengths(scene, wanted):
    """ValueRejected, as by `reshape`."""
    with pytest.raises(ValueRejected):
        reshape_frame(scene, [wanted])
