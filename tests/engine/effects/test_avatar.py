"""The anime avatar keeps the person: what must never happen to a face, as measures on the astronaut and variants."""

from functools import cache

import cv2
import numpy as np
import pytest
from skimage import color, data

from meitu_demo.engine.effects.avatar.draw import VERSIONS, correct_light, draw_avatar, measure_iris
from meitu_demo.engine.effects.avatar.flatten import UPPER_CHEEKS
from meitu_demo.engine.effects.avatar.head import EYES, MAX_CROP_SIDE_PX, Head, crop_to_heads
from meitu_demo.engine.imaging.faces import Face, build_face, find_faces
from tools.quality.people import BEARD, add_beard, darken_skin, draw_glasses

PHOTO = data.astronaut()
FACE = find_faces(PHOTO)[0]
MAX_HUE_CHANGE_DEG = 8.0
LOWER_LIP, CHIN = (85, 16, 315), (208, 199, 428)
JAW = (192, 214, 210, 211, 32)  # along the right jaw, inside its outline


@cache
def draw_photo(version: str = "1.0.0") -> np.ndarray:
    return draw_avatar(PHOTO, [FACE], version)


def place_head(image: np.ndarray, picture: np.ndarray, face: Face) -> Head:
    """The head on the drawing of `image`, before its eyes are enlarged."""
    crop, (head, *_) = crop_to_heads(image, [face])
    return head.move((0, 0), picture.shape[0] / crop.shape[0])


def sample(picture: np.ndarray, points: np.ndarray, half: int = 4) -> np.ndarray:
    """LAB (n, 3) of squares around `points`."""
    lab = color.rgb2lab(picture)
    return np.concatenate(
        [lab[y - half : y + half + 1, x - half : x + half + 1].reshape(-1, 3) for x, y in points.astype(int)]
    )


def measure_cheeks(image: np.ndarray, face: Face) -> tuple[np.ndarray, np.ndarray]:
    """Median LAB of the cheeks in the photo's crop and in the drawing."""
    picture = draw_avatar(image, [face])
    crop, (head, *_) = crop_to_heads(image, [face])
    drawn_head = place_head(image, picture, face)
    before, after = (
        sample(crop, head.points[list(UPPER_CHEEKS)]),
        sample(picture, drawn_head.points[list(UPPER_CHEEKS)]),
    )
    return np.median(before, 0), np.median(after, 0)


def compute_hue(lab: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(lab[2], lab[1])))


VARIANTS = {
    "as it is": PHOTO,
    "mirrored": np.ascontiguousarray(PHOTO[:, ::-1]),
    "dark skin": darken_skin(PHOTO, FACE),
    "small": cv2.resize(PHOTO, (200, 200), interpolation=cv2.INTER_AREA),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_skin_keeps_its_hue_and_is_not_darker(name: str) -> None:
    """The median cheek's hue changes by at most 8°, its lightness does not fall and rises by at most 14 L."""
    image = VARIANTS[name]
    before, after = measure_cheeks(image, find_faces(image)[0])
    assert abs(compute_hue(after) - compute_hue(before)) < MAX_HUE_CHANGE_DEG
    assert before[0] - 1 <= after[0] <= before[0] + 14


def test_an_underexposed_photo_is_lit_first() -> None:
    """With a third of the light the drawn cheeks are nearly as light as those of the well-lit photo."""
    dark = (PHOTO * 0.33).astype(np.uint8)
    _, lit = measure_cheeks(PHOTO, FACE)
    _, after = measure_cheeks(dark, FACE)
    assert after[0] > lit[0] - 10
    assert abs(compute_hue(after) - compute_hue(lit)) < MAX_HUE_CHANGE_DEG


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("colour", [(70, 50, 35), (215, 210, 205)])
def test_a_beard_stays_and_is_not_cut(version: str, colour: tuple[int, int, int]) -> None:
    """Chin, jaws and upper lip of a bearded face take the colour of the beard, dark or white."""
    picture = draw_avatar(add_beard(PHOTO, FACE, colour), [FACE], version)
    bare = draw_photo(version)
    head = place_head(PHOTO, bare, FACE)
    beard = color.rgb2lab(np.array([[colour]], np.uint8))[0, 0]
    for point in head.points[[199, 169, 394, 164]]:
        with_beard, without = (np.median(sample(image, point[None]), 0) for image in (picture, bare))
        assert np.linalg.norm(with_beard - beard) < 0.6 * np.linalg.norm(without - beard)


def test_no_beard_is_invented() -> None:
    """The drawn chin of the astronaut is as light as her cheeks, and so is a shaded one."""
    for image in (PHOTO, np.ascontiguousarray(PHOTO[:, ::-1])):
        face = find_faces(image)[0]
        picture = draw_avatar(image, [face])
        head = place_head(image, picture, face)
        chin, cheeks = (np.median(sample(picture, head.points[ids]), 0) for ids in ([199, 200], [50, 280]))
        assert chin[0] > cheeks[0] - 8


@pytest.mark.parametrize("target", [(70, 110, 170), (95, 60, 35), (90, 120, 70)], ids=["blue", "brown", "green"])
def test_eyes_keep_their_colour(target: tuple[int, int, int]) -> None:
    """Blue, brown and green irises are drawn within 30° of their hue."""
    image = cv2.resize(PHOTO, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    points = FACE.landmarks * 2 + 0.5
    for centre, rim in ((468, 469), (473, 474)):
        radius = float(np.linalg.norm(points[rim] - points[centre]))
        iris = np.zeros(image.shape[:2], np.float32)
        cv2.circle(iris, points[centre].round().astype(int).tolist(), round(radius), 1.0, -1)
        cv2.circle(iris, points[centre].round().astype(int).tolist(), round(radius * 0.35), 0.0, -1)
        share = cv2.GaussianBlur(iris, (0, 0), 0.6)[..., None]
        image = (image * (1 - share) + np.array(target) * share).astype(np.uint8)
    face = build_face(points, FACE.depth * 2, image.shape[:2])
    picture = draw_avatar(image, [face])
    head = place_head(image, picture, face)
    below = [head.points[centre] + head.down * 0.03 * head.width for centre in (468, 473)]
    drawn = np.median(sample(picture, np.array(below), 2), 0)
    aim = color.rgb2lab(np.array([[target]], np.uint8))[0, 0]
    assert abs((compute_hue(drawn) - compute_hue(aim) + 180) % 360 - 180) < 30


def test_glasses_stay_and_none_are_invented() -> None:
    """Under the eyes, where a bare face is plain skin, the rims of glasses on the photo are drawn dark."""
    worn = draw_glasses(PHOTO, FACE)
    picture, bare = draw_avatar(worn, [FACE]), draw_photo()
    head = place_head(PHOTO, bare, FACE)
    for outer, inner in ((33, 133), (263, 362)):
        bottom = (head.points[outer] + head.points[inner]) / 2 + head.down * 0.18 * head.width
        strip = [bottom + head.down * step * head.width for step in np.linspace(-0.04, 0.04, 9)]
        dark, light = (sample(image, np.array(strip), 1)[:, 0].min() for image in (picture, bare))
        assert dark < 45 < 60 < light


def test_thin_metal_frames_stay() -> None:
    """Under the eyes, grey frames one pixel wide are drawn at least 9 L darker than the bare face."""
    worn = draw_glasses(PHOTO, FACE, (150, 140, 120), 0.01)
    picture, bare = draw_avatar(worn, [FACE]), draw_photo()
    head = place_head(PHOTO, bare, FACE)
    for outer, inner in ((33, 133), (263, 362)):
        bottom = (head.points[outer] + head.points[inner]) / 2 + head.down * 0.18 * head.width
        strip = np.array([bottom + head.down * step * head.width for step in np.linspace(-0.04, 0.04, 9)])
        assert sample(picture, strip, 1)[:, 0].min() < sample(bare, strip, 1)[:, 0].min() - 9


def test_thin_frames_are_drawn_all_round() -> None:
    """Left, right, above and below each lens, grey frames one pixel wide are drawn as a dark line."""
    worn = draw_glasses(PHOTO, FACE, (150, 140, 120), 0.01)
    picture = draw_avatar(worn, [FACE])
    head = place_head(PHOTO, picture, FACE)
    for outer, inner in ((33, 133), (263, 362)):
        lens = (head.points[outer] + head.points[inner]) / 2 + head.down * 0.03 * head.width
        for direction, radius in ((head.right, 0.19), (-head.right, 0.19), (head.down, 0.15), (-head.down, 0.15)):
            strip = [lens + direction * (radius + step) * head.width for step in np.linspace(-0.05, 0.05, 11)]
            assert sample(picture, np.array(strip), 1)[:, 0].min() < 62


def test_creases_are_no_glasses() -> None:
    """Skin-coloured lines across the root of the nose and under the eyes give the same drawing as a bare face."""
    image = PHOTO.copy()
    points = FACE.landmarks
    root = [tuple(map(int, points[index].round())) for index in (193, 168, 417)]
    cv2.polylines(image, [np.array(root, np.int32)], False, (196, 150, 120), 1, cv2.LINE_AA)
    picture, bare = draw_avatar(image, [FACE]), draw_photo()
    head = place_head(PHOTO, bare, FACE)
    nose = [sample(pixels, head.points[[168]], 8)[:, 0].min() for pixels in (picture, bare)]
    assert nose[0] > nose[1] - 9


def test_dark_lenses_get_no_drawn_eyes() -> None:
    """Sunglasses are drawn grey and dark, not as shaded skin with eyes."""
    image = PHOTO.copy()
    for outer, inner in ((33, 133), (263, 362)):
        x, y = ((FACE.landmarks[outer] + FACE.landmarks[inner]) / 2).round().astype(int)
        cv2.ellipse(image, (int(x), int(y) + 2), (22, 14), 0, 0, 360, (112, 112, 114), -1, cv2.LINE_AA)
    picture = draw_avatar(image, [FACE])
    head = place_head(PHOTO, picture, FACE)
    for outer, inner in ((33, 133), (263, 362)):
        middle = (head.points[outer] + head.points[inner]) / 2
        drawn = sample(picture, middle[None], round(0.05 * head.width))
        assert drawn[:, 0].max() < 60
        assert np.hypot(drawn[:, 1], drawn[:, 2]).mean() < 5


@pytest.mark.parametrize(("covers_more", "is_drawn"), [(False, True), (True, False)], ids=["squinting", "covered"])
def test_a_dark_eye_is_drawn_where_the_skin_around_it_is_seen(covers_more: bool, is_drawn: bool) -> None:
    """A squinting eye gets its highlights; an eye under something dark gets none."""
    image = PHOTO.copy()
    outline = FACE.landmarks[list(EYES[0])]
    grown = outline.mean(0) + (outline - outline.mean(0)) * (2.4 if covers_more else 1.1)
    cv2.fillPoly(image, [grown.round().astype(np.int32)], (58, 40, 34), cv2.LINE_AA)
    picture = draw_avatar(image, [FACE])
    head = place_head(PHOTO, picture, FACE)
    eye = sample(picture, head.points[list(EYES[0])].mean(0)[None], round(0.05 * head.width))
    assert (eye[:, 0].max() > 85) == is_drawn


def test_the_forehead_keeps_its_own_hue() -> None:
    """Red cheeks do not redden the forehead: its hue changes by less than 10°."""
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    for index in (50, 280):
        cv2.circle(mask, FACE.landmarks[index].round().astype(int).tolist(), round(0.16 * FACE.width), 1.0, -1)
    share = cv2.GaussianBlur(mask, (0, 0), 0.04 * FACE.width)
    lab = color.rgb2lab(PHOTO)
    lab[..., 1] += 14 * share
    image = (color.lab2rgb(lab).clip(0, 1) * 255).astype(np.uint8)
    picture = draw_avatar(image, [FACE])
    crop, (on_crop,) = crop_to_heads(image, [FACE])
    head = place_head(image, picture, FACE)
    before, after = (
        np.median(sample(pixels, place.points[[9, 151]]), 0) for pixels, place in ((crop, on_crop), (picture, head))
    )
    assert abs(compute_hue(after) - compute_hue(before)) < 10


def test_a_colour_cast_is_at_most_halved() -> None:
    """Under bluish light skin turns a part of the way back to the hue of skin; under white light nothing changes."""
    photo, (head, *_) = crop_to_heads(PHOTO, [FACE])
    assert np.array_equal(correct_light(photo, head), photo)
    cast = (photo * np.array((0.95, 0.80, 1.12))).clip(0, 255).astype(np.uint8)
    white, before, after = (
        np.median(sample(pixels, head.points[list(UPPER_CHEEKS)]), 0)[1:]
        for pixels in (photo, cast, correct_light(cast, head))
    )
    assert np.linalg.norm(before - white) > 10
    assert 0.5 < np.linalg.norm(after - white) / np.linalg.norm(before - white) < 0.85


def test_a_grey_photo_gets_its_full_range() -> None:
    """Of a faded grey photo the darkest parts become darker and the lightest nearly white."""
    faded = (60 + 0.5 * convert_to_grey(PHOTO).astype(float)).astype(np.uint8)
    photo, (head, *_) = crop_to_heads(faded, [FACE])
    low, high = np.quantile(photo, (0.01, 0.99))
    dark, light = np.quantile(correct_light(photo, head), (0.01, 0.99))
    assert dark < 0.9 * low
    assert light > high + 40


def test_dark_eyes_do_not_take_the_violet_of_the_light() -> None:
    """A dark iris whose violet is faint is measured as nearly grey; one of a violet lens stays violet."""
    photo, (head, *_) = crop_to_heads(PHOTO, [FACE])
    for target, is_kept in (((66, 46, 66), False), ((120, 30, 150), True)):
        image = photo.copy()
        for centre in (468, 473):
            cv2.circle(image, head.points[centre].round().astype(int).tolist(), round(0.05 * head.width), target, -1)
        own = color.rgb2lab(np.array([[target]], np.uint8))[0, 0]
        chroma = float(np.hypot(*measure_iris(image, head)[1:]))
        assert (chroma > 0.8 * np.hypot(*own[1:])) == is_kept


def test_hair_keeps_its_colour() -> None:
    """The brown hair above the forehead is drawn in its own hue, neither as skin nor as the backdrop."""
    picture = draw_photo()
    head = place_head(PHOTO, picture, FACE)
    above = head.middle - head.down * 0.85 * head.width
    hair = np.median(sample(picture, above[None], 24), 0)
    crop, (on_crop,) = crop_to_heads(PHOTO, [FACE])
    own = np.median(sample(crop, (on_crop.middle - on_crop.down * 0.85 * on_crop.width)[None], 18), 0)
    assert np.linalg.norm(hair - own) < 15


def test_brows_follow_the_photo() -> None:
    """A brow that the photo has higher than the mesh is drawn there, in its colour, and not where the mesh has it."""
    photo = cv2.GaussianBlur(PHOTO, (0, 0), 1)
    lift = FACE.landmarks[[105, 334]] - (0, 0.045 * FACE.width)
    for x, y in lift.round().astype(int):
        cv2.ellipse(photo, (int(x), int(y)), (11, 2), 0, 0, 360, (70, 30, 20), -1, cv2.LINE_AA)
    picture = draw_avatar(photo, [FACE])
    head = place_head(PHOTO, picture, FACE)
    for brow in head.points[[105, 334]]:
        column = [brow + head.down * step * head.width for step in np.linspace(-0.14, 0.03, 35)]
        drawn = np.array([np.median(sample(picture, point[None], 2), 0) for point in column])
        darkest = int(drawn[:, 0].argmin())
        assert drawn[darkest, 0] < 45
        assert drawn[darkest, 1] > 4
        assert column[darkest] @ head.down < brow @ head.down - 0.02 * head.width


def test_teeth_have_no_gaps() -> None:
    """Between the lips of a smile, over the middle third of the mouth, everything is as light as teeth."""
    picture = draw_photo()
    head = place_head(PHOTO, picture, FACE)
    left, right, above, below = head.points[[78, 308, 13, 14]]
    middle = (above + below) / 2 - head.down * 0.01 * head.width
    teeth = sample(picture, np.array([middle + (right - left) * share for share in np.linspace(-0.16, 0.16, 13)]), 1)
    assert teeth[:, 0].min() > 80


def convert_to_grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def test_a_grey_photo_gets_no_coloured_face() -> None:
    """Skin, nose and lips without colour are drawn without colour."""
    picture = draw_avatar(convert_to_grey(PHOTO), [FACE])
    head = place_head(PHOTO, picture, FACE)
    for point in head.points[[*UPPER_CHEEKS, 2, 97, 326, 13, 14, 61, 291]]:
        drawn = sample(picture, point[None])
        assert np.hypot(*drawn[:, 1:].mean(0)) < 4


def test_the_lit_half_of_a_face_is_not_darker() -> None:
    """With light from one side the cheek in the light is drawn at most 1 L darker than it is."""
    across = (np.arange(PHOTO.shape[1]) - FACE.centre[0]) / 140
    image = convert_to_grey((PHOTO * (0.3 + 2.2 * across).clip(0.08, 1)[None, :, None]).astype(np.uint8))
    picture = draw_avatar(image, [FACE])
    crop, (on_crop,) = crop_to_heads(image, [FACE])
    head = place_head(image, picture, FACE)
    lit = [index for index in UPPER_CHEEKS if index > 260]
    before, after = (
        np.median(sample(pixels, place.points[lit])[:, 0]) for pixels, place in ((crop, on_crop), (picture, head))
    )
    assert after > before - 1


def test_a_shadow_around_the_mouth_is_no_stubble() -> None:
    """Where a bare lower face loses a quarter of its light, which is 18 L, it is drawn at most 9 L darker."""
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    cv2.fillPoly(mask, [FACE.landmarks[list(BEARD)].astype(int)], (1.0,))
    share = 1 - 0.26 * cv2.GaussianBlur(mask, (0, 0), 0.03 * FACE.width)[..., None]
    picture, bare = draw_avatar((PHOTO * share).astype(np.uint8), [FACE]), draw_photo()
    head = place_head(PHOTO, bare, FACE)
    shaded, lit = (np.median(sample(pixels, head.points[[199, 200, 208, 428]]), 0) for pixels in (picture, bare))
    assert lit[0] - shaded[0] < 9


def test_lips_keep_their_colour() -> None:
    """The lower lip differs from the chin in red by at least two thirds of what it does in the photo."""
    crop, (head, *_) = crop_to_heads(PHOTO, [FACE])
    drawn = draw_photo()
    differences = []
    for picture, place in ((crop, head), (drawn, place_head(PHOTO, drawn, FACE))):
        lip, chin = (np.median(sample(picture, place.points[list(points)], 2), 0) for points in (LOWER_LIP, CHIN))
        differences.append(lip[1] - chin[1])
    assert differences[1] > 2 / 3 * differences[0]


def test_light_from_behind_leaves_no_stripes() -> None:
    """A white stripe along the jaw is drawn as skin."""
    photo = PHOTO.copy()
    jaw = FACE.landmarks[list(JAW), :2].round().astype(np.int32)
    cv2.polylines(photo, [jaw], False, (250, 252, 255), 5, cv2.LINE_AA)
    drawn, bare = draw_avatar(photo, [FACE]), draw_photo()
    points = place_head(PHOTO, bare, FACE).points[list(JAW)]
    assert np.abs(sample(drawn, points, 2) - sample(bare, points, 2)).max(1).mean() < 6


@pytest.mark.parametrize("version", VERSIONS)
def test_a_drawn_person_is_still_a_face(version: str) -> None:
    """A face detector finds one face in the drawing, within a tenth of its width of where it was."""
    picture = draw_photo(version)
    found = find_faces(picture)
    head = place_head(PHOTO, picture, FACE)
    assert len(found) == 1
    away = np.linalg.norm(found[0].landmarks[[10, 152, 234, 454]] - head.points[[10, 152, 234, 454]], axis=1)
    assert away.mean() < 0.1 * head.width


def test_two_versions_are_two_looks() -> None:
    """The anime look has one colour at its upper corners, the watercolour has paper with grain."""
    anime, watercolour = (draw_photo(version) for version in VERSIONS)
    assert anime.shape == watercolour.shape
    corner = anime[:30, :30].reshape(-1, 3).astype(float)
    assert corner.std(0).max() < 2
    assert watercolour[-12:, -12:].mean() > 200
    assert watercolour[100:200, -40:].astype(float).std() > 1.5
    assert np.abs(anime.astype(int) - watercolour).mean() > 12


def test_a_small_face_is_framed_and_not_blank() -> None:
    """A face under 52 px in a larger photo fills a quarter of the drawing and has dark pupils and white eyes."""
    small = cv2.resize(PHOTO, (260, 260), interpolation=cv2.INTER_AREA)
    large = cv2.copyMakeBorder(small, 200, 200, 400, 300, cv2.BORDER_REPLICATE)
    face = find_faces(large)[0]
    assert face.width < 52
    picture = draw_avatar(large, [face])
    head = place_head(large, picture, face)
    assert head.width > 0.25 * picture.shape[1]
    for outer, inner in ((33, 133), (263, 362)):
        eye = sample(picture, ((head.points[outer] + head.points[inner]) / 2)[None], round(0.07 * head.width))[:, 0]
        assert eye.min() < 25
        assert eye.max() > 80


def test_everybody_found_is_drawn_and_strangers_are_left_out() -> None:
    """Of two people both are drawn; of one whose face is not given, nothing: there is the backdrop."""
    pair = np.hstack([PHOTO[:400, 40:400], PHOTO[:400, 400:40:-1]])
    faces = find_faces(pair)
    assert len(faces) == 2
    assert len(find_faces(draw_avatar(pair, faces))) == 2
    crowd = np.hstack([PHOTO[:300, 130:308], PHOTO[:300, 308:130:-1]])
    mine = min(find_faces(crowd), key=lambda face: face.centre[0])
    picture = draw_avatar(crowd, [mine])
    assert len(find_faces(picture)) == 1
    crop = crop_to_heads(crowd, [mine])[0]
    edge, height = round(0.06 * picture.shape[1]), round(0.6 * picture.shape[0])
    assert crop[: round(0.6 * len(crop)), -round(0.06 * crop.shape[1]) :].std() > 20  # there the stranger's face begins
    assert picture[:height, -edge:].reshape(-1, 3).astype(float).std(0).max() < 3


def test_an_upside_down_photo_gives_an_upside_down_drawing() -> None:
    """Turning the photo turns the drawing: same size, nearly the same picture."""
    over = np.ascontiguousarray(PHOTO[::-1, ::-1])
    picture = draw_avatar(over, find_faces(over))[::-1, ::-1]
    apart = np.abs(cv2.resize(picture, (300, 300)).astype(int) - cv2.resize(draw_photo(), (300, 300)))
    assert apart.mean() < 12


@pytest.mark.parametrize("yaw", [-35, 35])
def test_a_turned_head_gives_a_coherent_picture(yaw: float) -> None:
    """With the mesh turned to the refusal limit the drawing still shows one face."""
    turn = np.radians(yaw)
    centre, depth = FACE.landmarks.mean(0), FACE.depth - FACE.depth.mean()
    x = (FACE.landmarks[:, 0] - centre[0]) * np.cos(turn) + depth * np.sin(turn) + centre[0]
    z = depth * np.cos(turn) - (FACE.landmarks[:, 0] - centre[0]) * np.sin(turn)
    landmarks = np.stack([x, FACE.landmarks[:, 1]], 1).astype(np.float32)
    picture = draw_avatar(PHOTO, [build_face(landmarks, z.astype(np.float32), PHOTO.shape[:2])])
    assert max(picture.shape[:2]) <= MAX_CROP_SIDE_PX * 1.25
    assert len(find_faces(picture)) == 1
