from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.domain.errors import EngineRejection, FaceCropped, FaceNodded, FaceTooSmall, FaceTurned, NoFace
from meitu_demo.domain.model import FaceRequirement
from meitu_demo.engine.imaging.face_checks import (
    BORDERLINE_SHARE,
    MAX_CROPPED_SHARE,
    MAX_PITCH_DEG,
    MAX_YAW_DEG,
    MIN_FACE_PX,
    check_face,
    check_faces,
    compute_min_face_side,
    measure_face,
    pick_face,
    require_faces,
    select_faces,
)
from meitu_demo.engine.imaging.faces import Face, find_faces

FRAME = (512, 512)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return data.astronaut()


@pytest.fixture(scope="module")
def frontal(photo: np.ndarray) -> Face:
    return replace(find_faces(photo)[0], yaw=0.0, pitch=0.0, cropped_share=0.0)


@pytest.mark.parametrize(
    ("field", "limit", "refusal"),
    [
        ("yaw", MAX_YAW_DEG, FaceTurned),
        ("yaw", -MAX_YAW_DEG, FaceTurned),
        ("pitch", MAX_PITCH_DEG, FaceNodded),
        ("pitch", -MAX_PITCH_DEG, FaceNodded),
        ("cropped_share", MAX_CROPPED_SHARE, FaceCropped),
    ],
)
def test_check_face_rejects_each_measure_beyond_its_limit(
    frontal: Face, field: str, limit: float, refusal: type[EngineRejection]
) -> None:
    """A face just inside a limit passes; just outside it is rejected with the slug of that limit."""
    check_face(replace(frontal, **{field: limit * 0.99}), FRAME)
    with pytest.raises(refusal):
        check_face(replace(frontal, **{field: limit * 1.01}), FRAME)


@pytest.mark.parametrize("frame", [FRAME, (4000, 3000), (4096, 3200), (48, 64)])
def test_compute_min_face_side_scales_the_minimum_face_with_the_picture(frontal: Face, frame: tuple[int, int]) -> None:
    """The minimum is 48 px, or 1/48 of the short side if that is more; one pixel less is rejected with both numbers."""
    limit = compute_min_face_side(frame)
    assert limit == {FRAME: MIN_FACE_PX, (4000, 3000): 62, (4096, 3200): 66, (48, 64): 48}[frame]
    for side, fits in ((limit + 1, True), (limit - 1, False)):
        landmarks = (frontal.landmarks * side / frontal.side).astype(np.float32)
        face = replace(frontal, landmarks=landmarks)
        if fits:
            check_face(face, frame)
        else:
            with pytest.raises(FaceTooSmall) as caught:
                check_face(face, frame)
            assert caught.value.facts["side"] < caught.value.facts["limit"]


def test_face_checks_accept_a_good_photo(photo: np.ndarray) -> None:
    """The astronaut's face fits every effect."""
    assert pick_face(photo).width > 80


@pytest.mark.parametrize("picture", [data.cat, data.coffee, data.rocket])
def test_face_checks_reject_pictures_without_a_face(picture: object) -> None:
    """Cats, cups and rockets have no face, upright or on their side."""
    with pytest.raises(NoFace):
        pick_face(picture())
    with pytest.raises(NoFace):
        require_faces(picture())


def test_face_checks_reject_a_small_face_as_too_small(photo: np.ndarray) -> None:
    """A photo shrunk until its face has about thirty pixels is rejected for its size and nothing else."""
    small = cv2.resize(photo, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    with pytest.raises(FaceTooSmall):
        pick_face(small)


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_face_checks_reject_a_face_cut_by_the_frame(photo: np.ndarray, edge: str) -> None:
    """A face that loses a quarter to the frame is rejected as cropped; a complete face is not."""
    large = cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    x0, y0, x1, y1 = (round(bound) for bound in find_faces(large)[0].box)
    a, b = (x1 - x0) // 4, (y1 - y0) // 4
    cut = {
        "left": large[:, x0 + a :],
        "right": large[:, : x1 - a],
        "top": large[y0 + b :],
        "bottom": large[: y1 - b],
    }[edge]
    with pytest.raises(FaceCropped):
        pick_face(np.ascontiguousarray(cut))


def test_pick_face_picks_the_largest(photo: np.ndarray) -> None:
    """Of two faces the larger one, which `require_faces` gives first."""
    crop = photo[:256, 100:356]
    large = cv2.resize(crop, (512, 512), interpolation=cv2.INTER_CUBIC)
    small = cv2.copyMakeBorder(crop, 128, 128, 0, 0, cv2.BORDER_REPLICATE)
    pair = np.hstack([small, large])
    faces = require_faces(pair)
    assert len(faces) == 2
    assert pick_face(pair).centre == faces[0].centre
    assert pick_face(pair).width == pytest.approx(2 * faces[1].width, rel=0.1)


def test_require_faces_accepts_a_small_face(photo: np.ndarray) -> None:
    """Where any face will do, a face too small for an effect is accepted."""
    assert len(require_faces(cv2.resize(photo, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA))) == 1


@pytest.mark.parametrize(
    ("field", "limit"), [("yaw", MAX_YAW_DEG), ("pitch", -MAX_PITCH_DEG), ("cropped_share", MAX_CROPPED_SHARE)]
)
def test_measure_face_marks_values_close_to_a_limit(frontal: Face, field: str, limit: float) -> None:
    """Four measures come in the order of rejection; near its limit a measure is borderline, beyond it is not within."""
    order = ["face_too_small", "face_cropped", "face_turned", "face_nodded"]
    for share, expected in ((0, (True, False)), (BORDERLINE_SHARE * 1.05, (True, True)), (1.05, (False, False))):
        found = measure_face(replace(frontal, **{field: share * limit}), FRAME)
        assert [measure.rejection.slug for measure in found] == order
        measure = found[{"cropped_share": 1, "yaw": 2, "pitch": 3}[field]]
        assert (measure.is_within_limit, measure.is_borderline) == expected
        assert sum(one.is_within_limit for one in found) == 4 - (not expected[0])


def test_select_faces_follows_the_requirement(frontal: Face) -> None:
    """The requirement is no face, any face or a fit face; it selects no face, all faces or the largest."""
    turned = replace(frontal, yaw=60.0)
    faces = (turned, frontal)
    assert [
        select_faces(faces, need) for need in (FaceRequirement.NONE, FaceRequirement.ANY, FaceRequirement.SUITABLE)
    ] == [(), faces, (turned,)]
    check_faces((), FRAME, FaceRequirement.NONE)
    check_faces(faces, FRAME, FaceRequirement.ANY)
    check_faces(faces[::-1], FRAME, FaceRequirement.SUITABLE)
    with pytest.raises(FaceTurned):
        check_faces(faces, FRAME, FaceRequirement.SUITABLE)
    for need in (FaceRequirement.ANY, FaceRequirement.SUITABLE):
        with pytest.raises(NoFace):
            check_faces((), FRAME, need)
