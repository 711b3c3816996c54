from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.imaging import faces
from meitu_demo.engine.imaging.faces import Face, build_face, find_faces, known_faces

MIRROR_PAIRS = ((33, 263), (133, 362), (61, 291), (234, 454), (1, 1), (152, 152), (468, 473))


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return data.astronaut()


@pytest.fixture(scope="module")
def face(photo: np.ndarray) -> Face:
    (only,) = find_faces(photo)
    return only


def gap(face: Face, expected: np.ndarray) -> float:
    """Mean distance of the landmarks from where they should be, in face widths."""
    return float(np.linalg.norm(face.landmarks - expected, axis=1).mean() / face.width)


def test_find_faces_locates_a_face(photo: np.ndarray, face: Face) -> None:
    """The astronaut has one face, whole, upright, with the irises inside the eyes."""
    assert face.landmarks.shape == (478, 2)
    assert face.depth.shape == (478,)
    assert face.cropped_share == 0
    assert abs(face.yaw) < 10
    assert abs(face.roll) < 10
    assert face.depth[1] < face.depth[234]  # the nose is nearer than the cheek
    for iris, outer, inner, upper, lower in ((468, 33, 133, 159, 145), (473, 263, 362, 386, 374)):
        x, y = face.landmarks[iris]
        assert min(face.landmarks[[outer, inner], 0]) < x < max(face.landmarks[[outer, inner], 0])
        assert face.landmarks[upper, 1] - 2 < y < face.landmarks[lower, 1] + 2
    x0, y0, x1, y1 = face.box
    assert 170 < x0 < x1 < 290
    assert 60 < y0 < y1 < 220
    assert face.side == max(x1 - x0, y1 - y0)


def test_find_faces_mirrors_landmarks_with_the_photo(photo: np.ndarray, face: Face) -> None:
    """Left and right swap with the picture, so 33 is always on the image's left of an upright face."""
    (mirrored,) = find_faces(np.ascontiguousarray(photo[:, ::-1]))
    for one, other in MIRROR_PAIRS:
        expected = (photo.shape[1] - 1 - face.landmarks[other, 0], face.landmarks[other, 1])
        assert np.linalg.norm(mirrored.landmarks[one] - expected) < 0.06 * face.width


@pytest.mark.parametrize("scale", [0.5, 1.6, 3.0, 6.0])
def test_find_faces_scales_landmarks_with_the_photo(photo: np.ndarray, face: Face, scale: float) -> None:
    """From small to nine megapixels the landmarks scale with the picture."""
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    (scaled,) = find_faces(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=method))
    assert gap(scaled, (face.landmarks + 0.5) * scale - 0.5) < 0.03


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_find_faces_in_quarter_turns(photo: np.ndarray, face: Face, turns: int) -> None:
    """Sideways and upside-down photos yield the same face, with its roll."""
    (turned,) = find_faces(np.ascontiguousarray(np.rot90(photo, turns)))
    last = np.array([511, 511])
    x, y = face.landmarks.T
    expected = {1: (y, last[0] - x), 2: (last[0] - x, last[1] - y), 3: (last[1] - y, x)}[turns]
    assert gap(turned, np.stack(expected, 1)) < 0.03
    difference = (turned.roll - face.roll + 90 * turns + 180) % 360 - 180
    assert abs(difference) < 4


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_find_faces_tilted(photo: np.ndarray, face: Face, degrees: float) -> None:
    """Landmarks follow a head that leans; roll counts clockwise."""
    matrix = cv2.getRotationMatrix2D(face.centre, -degrees, 1)  # OpenCV counts the other way
    tilted = cv2.warpAffine(photo, matrix, (512, 512), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    found = find_faces(tilted)[0]
    assert gap(found, face.landmarks @ matrix[:, :2].T + matrix[:, 2]) < 0.04
    assert found.roll == pytest.approx(face.roll + degrees, abs=4)


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("picture", [data.cat, data.coffee, data.rocket])
def test_find_faces_returns_none_without_a_face(picture: object, turns: int) -> None:
    """Cats, cups and rockets have no face, however they are held."""
    assert find_faces(np.ascontiguousarray(np.rot90(picture(), turns))) == ()


def test_find_faces_sorts_by_size(photo: np.ndarray) -> None:
    """Every face is found once, in the order of size."""
    crop = photo[:256, 100:356]
    small = cv2.copyMakeBorder(crop, 128, 128, 0, 0, cv2.BORDER_REPLICATE)
    found = find_faces(np.hstack([small, cv2.resize(crop, (512, 512), interpolation=cv2.INTER_CUBIC)]))
    assert len(found) == 2
    assert found[0].side > 1.7 * found[1].side
    assert found[0].centre[0] > 256 > found[1].centre[0]


@pytest.mark.parametrize("is_tall", [False, True])
@pytest.mark.parametrize("start", [0, 2900, 3072, 5632])
def test_find_faces_in_panoramas(photo: np.ndarray, face: Face, start: int, is_tall: bool) -> None:
    """A face in a panorama or a long screenshot is found once, wherever a tile ends, in pixels of the whole."""
    long = np.full((512, 6144, 3), 90, np.uint8)
    long[:, start : start + 512] = photo
    offset = (start, 0)
    if is_tall:
        long, offset = np.full((6144, 512, 3), 90, np.uint8), (0, start)
        long[start : start + 512] = photo
    (found,) = find_faces(long)
    assert gap(found, face.landmarks + np.array(offset)) < 0.03
    assert found.cropped_share == 0


def test_find_faces_asks_the_full_range_detector_unless_a_close_up_is_sure(
    photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close-up is searched by the short range detector alone, a small face by both."""
    asked: list[int] = []
    with faces._borrow_models() as models:
        full_range = models._full_range

    class Recorder:
        def process(self, view: np.ndarray) -> object:
            asked.append(len(view))
            return full_range.process(view)

    monkeypatch.setattr(models, "_full_range", Recorder())
    assert len(find_faces(photo[20:260, 110:350])) == 1
    assert not asked
    assert len(find_faces(photo)) == 1
    assert asked


def test_find_faces_is_thread_safe(photo: np.ndarray, face: Face) -> None:
    """Eight calls at once on four threads, of two different pictures, each find what one call alone finds."""
    mirrored = np.ascontiguousarray(photo[:, ::-1])
    (alone,) = find_faces(mirrored)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(find_faces, [photo, mirrored] * 4))
    for (one,), (other,) in zip(found[::2], found[1::2], strict=True):
        assert np.allclose(one.landmarks, face.landmarks, atol=0.1)
        assert np.allclose(other.landmarks, alone.landmarks, atol=0.1)


def test_find_faces_keeps_the_better_score_of_a_face_that_both_detectors_see(
    photo: np.ndarray, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The face is fitted to the short range detector's box, and its score is the higher one of the two detectors."""
    with faces._borrow_models() as models:
        boxes = list(models.detect_boxes(photo, 0.5))
    assert len(boxes) == 2
    assert boxes[0].overlaps(boxes[1])
    fitted: list[float] = []
    fit_mesh = faces._fit_mesh
    monkeypatch.setattr(faces, "_fit_mesh", lambda *args: fitted.append(args[-1]) or fit_mesh(*args))
    (again,) = find_faces(photo)
    assert fitted == [boxes[0].score]
    assert again.score == max(box.score for box in boxes)


def test_find_faces_of_known_faces_returns_them(photo: np.ndarray, face: Face) -> None:
    """In the block they are those of that very array; a copy of it is searched, and so is the array afterwards."""
    with known_faces(photo, ()):
        assert find_faces(photo) == ()
        assert len(find_faces(photo.copy())) == 1
    assert len(find_faces(photo)) == 1


def test_find_faces_leaves_the_picture_unchanged(photo: np.ndarray) -> None:
    """Finding faces leaves the caller's pixels alone, also those of a read-only view."""
    view = photo[::-1, ::-1]
    view.flags.writeable = False
    before = view.copy()
    assert len(find_faces(view)) == 1
    assert np.array_equal(view, before)


@pytest.mark.parametrize("shape", [(48, 48), (48, 2000), (2000, 48), (49, 51), (1, 1), (3000, 48)])
def test_find_faces_accepts_any_picture(shape: tuple[int, int]) -> None:
    """Noise and narrow strips are searched without an exception and hold no face."""
    noise = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    assert find_faces(noise) == ()
    assert find_faces(np.zeros((*shape, 3), np.uint8)) == ()


def test_cropped_share_is_the_share_outside_the_frame(face: Face) -> None:
    """A frame through the middle of a mesh leaves the share of points that lie beyond it."""
    middle = int(np.median(face.landmarks[:, 0]))
    cut = build_face(face.landmarks, face.depth, (512, middle)).cropped_share
    assert cut == pytest.approx(0.5, abs=0.05)
    assert build_face(face.landmarks, face.depth, (512, 512)).cropped_share == 0
