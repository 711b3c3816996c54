import cv2
import numpy as np
import pytest
from skimage import color, data

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.engine.effects.avatar import draw_avatar
from meitu_demo.engine.effects.cartoon.head import CANVAS_SIDE, frame
from meitu_demo.engine.imaging.faces import Face, build_face, find_faces

PHOTO = data.astronaut()
VERSIONS = ("1.0.0", "2.0.0")


@pytest.fixture(scope="module")
def face() -> Face:
    return find_faces(PHOTO)[0]


@pytest.fixture(scope="module")
def drawn(face: Face) -> dict[str, np.ndarray]:
    return {version: draw_avatar(PHOTO, [face], version) for version in VERSIONS}


def on_canvas(image: np.ndarray, face: Face) -> np.ndarray:
    return frame(image, [face])[1][0].points


def flatness(image: np.ndarray) -> float:
    """Share of pixels that look exactly like their right neighbour."""
    return float((np.abs(np.diff(image.astype(int), axis=1)).max(2) == 0).mean())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_drawn_person_is_still_a_face(version: str, drawn: dict[str, np.ndarray], face: Face) -> None:
    """A face detector finds one face in the drawing, within a tenth of its width of where it was."""
    found = find_faces(drawn[version])
    points = on_canvas(PHOTO, face)
    assert len(found) == 1
    away = np.linalg.norm(found[0].landmarks[[10, 152, 234, 454]] - points[[10, 152, 234, 454]], axis=1)
    assert away.mean() < 0.1 * np.linalg.norm(points[454] - points[234])


def test_the_comic_is_flat_and_pastel_behind(drawn: dict[str, np.ndarray]) -> None:
    """Most of the comic is areas of one colour, and its upper corners are light and soft in colour."""
    comic = drawn["1.0.0"]
    assert flatness(comic) > 0.6 > flatness(frame(PHOTO, find_faces(PHOTO))[0]) + 0.3
    for corner in (comic[:40, :40], comic[:40, -40:]):
        lightness, *chroma = color.rgb2lab(corner).mean((0, 1))
        assert lightness > 80
        assert 3 < np.hypot(*chroma) < 35


def test_two_versions_are_two_looks(drawn: dict[str, np.ndarray]) -> None:
    """The comic's areas are flat; the watercolour has grain everywhere and white paper at its corners."""
    comic, wash = (drawn[version] for version in VERSIONS)
    assert comic.shape == wash.shape
    assert flatness(wash) < 0.25 < 0.6 < flatness(comic)
    assert wash[-12:, -12:].mean() > 235
    assert np.abs(comic.astype(int) - wash).mean() > 12


def test_no_halo_around_the_person(drawn: dict[str, np.ndarray], face: Face) -> None:
    """Walking out of the hair at the crown, nothing is lighter than the backdrop and nothing of the photo's is left."""
    comic = drawn["1.0.0"].astype(int)
    points = on_canvas(PHOTO, face)
    x = int(points[10, 0])
    column = comic[: int(points[10, 1]), x].sum(1)
    outline = int(np.flatnonzero(np.diff(column) < -150)[0])  # the first dark line from above
    assert (column[:outline] >= column[outline - 8] - 12).all()
    assert column[:outline].max() - column[max(outline - 30, 0) : outline - 4].min() < 90


def test_hair_keeps_its_colour_and_eyes_share_one(drawn: dict[str, np.ndarray], face: Face) -> None:
    """The brown hair stays brown, and both irises are painted in the same colour."""
    comic = drawn["1.0.0"]
    points = on_canvas(PHOTO, face)
    above = points[10] + (points[10] - points[152]) * 0.18
    hair = np.median(color.rgb2lab(patch(comic, above, 24)), (0, 1))
    assert 25 < hair[0] < 65
    assert hair[2] > 8
    low = [points[iris] + (points[152] - points[10]) * 0.02 for iris in (468, 473)]
    right, left = (np.median(color.rgb2lab(patch(comic, point, 4)), (0, 1)) for point in low)
    assert np.linalg.norm(right - left) < 14


def patch(image: np.ndarray, centre: np.ndarray, half: int) -> np.ndarray:
    x, y = centre.astype(int)
    return image[y - half : y + half + 1, x - half : x + half + 1]


def test_a_smile_stays_a_smile(drawn: dict[str, np.ndarray], face: Face) -> None:
    """Between the lips of the smiling astronaut lies one white shape."""
    points = on_canvas(PHOTO, face)
    mouth = patch(drawn["1.0.0"], (points[13] + points[14]) / 2, 40)
    white = (color.rgb2lab(mouth)[..., 0] > 88).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(white)
    areas = sorted(stats[1:, cv2.CC_STAT_AREA])
    assert areas[-1] > 200
    assert sum(areas[:-1]) < 0.2 * areas[-1]


def test_a_small_face_is_framed() -> None:
    """A face that fills a twentieth of a large photo fills a quarter of the drawing's width."""
    large = cv2.copyMakeBorder(PHOTO, 300, 900, 900, 600, cv2.BORDER_REPLICATE)
    found = find_faces(large)
    picture = draw_avatar(large, found)
    points = on_canvas(large, found[0])
    assert np.linalg.norm(points[454] - points[234]) > 0.25 * picture.shape[1]
    assert max(picture.shape[:2]) <= CANVAS_SIDE


def test_an_upside_down_photo_gives_an_upside_down_drawing(drawn: dict[str, np.ndarray]) -> None:
    """Turning the photo turns the drawing: same size, nearly the same picture."""
    over = np.ascontiguousarray(PHOTO[::-1, ::-1])
    picture = draw_avatar(over, find_faces(over))[::-1, ::-1]
    upright = drawn["1.0.0"]
    size = (300, 300)
    apart = np.abs(cv2.resize(picture, size).astype(int) - cv2.resize(upright, size))
    assert apart.mean() < 12


def test_everybody_is_drawn(face: Face) -> None:
    """Two people side by side: the detector finds both in the drawing."""
    pair = np.hstack([PHOTO[:400, 40:400], PHOTO[:400, 400:40:-1]])
    faces = find_faces(pair)
    assert len(faces) == 2
    assert len(find_faces(draw_avatar(pair, faces))) == 2


def test_the_same_photo_gives_the_same_drawing(drawn: dict[str, np.ndarray], face: Face) -> None:
    """Nothing is left to chance, and the photo is not written into."""
    photo = PHOTO.copy()
    assert np.array_equal(draw_avatar(photo, [face], "2.0.0"), drawn["2.0.0"])
    assert np.array_equal(photo, PHOTO)


def test_an_unknown_version_is_refused(face: Face) -> None:
    """A version that does not exist names those that do."""
    with pytest.raises(ValueRejected) as caught:
        draw_avatar(PHOTO, [face], "3.0.0")
    assert caught.value.facts["allowed"] == "1.0.0, 2.0.0"


@pytest.mark.parametrize("yaw", [-35, 35])
def test_a_turned_head_gives_a_coherent_picture(yaw: float, face: Face) -> None:
    """With the mesh turned to the refusal limit the drawing still shows one face, with both eyes on it."""
    turn = np.radians(yaw)
    centre, depth = face.landmarks.mean(0), face.depth - face.depth.mean()
    x = (face.landmarks[:, 0] - centre[0]) * np.cos(turn) + depth * np.sin(turn) + centre[0]
    z = depth * np.cos(turn) - (face.landmarks[:, 0] - centre[0]) * np.sin(turn)
    landmarks = np.stack([x, face.landmarks[:, 1]], 1).astype(np.float32)
    picture = draw_avatar(PHOTO, [build_face(landmarks, z.astype(np.float32), PHOTO.shape[:2])])
    assert len(find_faces(picture)) == 1
