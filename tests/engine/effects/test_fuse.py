from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from meitu_demo.domain.errors import FaceTooSmall
from meitu_demo.engine import face_templates
from meitu_demo.engine.effects.fuse import fuse
from meitu_demo.engine.face_templates import Template, TemplateInfo
from meitu_demo.engine.imaging.blend import build_outline_mask
from meitu_demo.engine.imaging.colour import SKIN_POINTS, compute_midtone, sample_colours
from meitu_demo.engine.imaging.faces import Face, build_face, find_faces
from meitu_demo.engine.imaging.segmentation import segment_skin

PHOTO = data.astronaut()
IDS = ["own", *(info.id for info in face_templates.list_templates())]
WHITES = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373), (78, 13, 308, 14))  # eyes and teeth
CHEEKS = ((50, 123, 187), (280, 352, 411))  # left and right in the picture
UPPER_LIP, LOWER_LIP, TOP, CHIN = 13, 14, 10, 152


@pytest.fixture(scope="module")
def user() -> Face:
    return find_faces(PHOTO)[0]


@cache
def load_template(key: str) -> Template:
    """A shipped template, or the owner's: the astronaut at twice the size."""
    if key != "own":
        return face_templates.load_template(key)
    base = np.asarray(cv2.resize(PHOTO, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4), np.uint8)
    face = find_faces(base)[0]
    info = TemplateInfo("own", "own", {}, {}, Path())
    return Template(info, base, None, segment_skin(base, face.landmarks.astype(np.float64)), face)


@pytest.fixture(scope="module")
def template() -> Template:
    return load_template("own")


def tone(image: np.ndarray, face: Face) -> np.ndarray:
    return compute_midtone(sample_colours(image, face.landmarks[list(SKIN_POINTS)], 0.02 * face.width))


def with_skin(gain: tuple[float, float, float]) -> np.ndarray:
    """The astronaut with another skin in the same light: backdrop, teeth and eyes stay as bright as they are."""
    face = find_faces(PHOTO)[0].landmarks.astype(np.float64)
    skin = segment_skin(PHOTO, face)[..., None] / 255
    features = cv2.fillPoly(np.zeros(PHOTO.shape[:2], np.uint8), [face[list(hull)].astype(int) for hull in WHITES], 1)
    return (PHOTO * (1 - skin * (1 - features[..., None]) * (1 - np.array(gain)))).astype(np.uint8)


def painted(image: np.ndarray, face: Face, colour: tuple[int, int, int]) -> np.ndarray:
    """`image` with a stripe across both eyes: something that only this user wears."""
    marked = image.copy()
    eyes = face.landmarks[[33, 263]].astype(int)
    cv2.line(marked, eyes[0].tolist(), eyes[1].tolist(), colour, 3)
    return marked


@pytest.mark.parametrize("key", IDS)
def test_fuse_gives_a_detectable_face_on_every_template(key: str, user: Face) -> None:
    """The result has the template's size, shows a face where the template's is, and changes nothing else."""
    template = load_template(key)
    result = fuse(PHOTO, user, template)
    assert result.shape == template.base.shape
    faces = find_faces(result)
    assert faces, "no face found on the fused picture"
    assert np.hypot(*np.subtract(faces[0].centre, template.face.centre)) < 0.2 * template.face.width
    changed = (result != template.composite).any(-1)
    rows, columns = np.nonzero(changed)
    x0, y0, x1, y1 = template.face.box
    skin = template.skin_mask if template.skin_mask is not None else np.zeros(changed.shape, np.uint8)
    edge = 0.08 * template.face.width
    far = (columns < x0 - edge) | (columns > x1 + edge) | (rows < y0 - edge) | (rows > y1 + edge)
    assert skin[rows, columns][far].min(initial=255) > 0


def test_fuse_gives_neck_and_ears_the_users_tone(template: Template, user: Face) -> None:
    """A darker user darkens the template's skin by about as much as the face."""
    assert template.skin_mask is not None
    dark = with_skin((0.6, 0.55, 0.5))
    one, other = fuse(PHOTO, user, template), fuse(dark, user, template)
    showing = template.skin_mask > 200
    x0, y0, x1, y1 = (round(edge) for edge in template.face.box)
    showing[y0:y1, x0:x1] = False
    assert showing.sum() > 1000
    fall = other[showing].mean() / one[showing].mean()
    assert fall == pytest.approx(tone(other, template.face).mean() / tone(one, template.face).mean(), abs=0.15)


def test_fuse_preserves_the_users_skin_tone(template: Template, user: Face) -> None:
    """Dark, light and warm skin keeps its tone within a few steps."""
    for gain in ((0.5, 0.45, 0.4), (0.8, 0.75, 0.75), (1.0, 0.9, 0.8)):
        tinted = with_skin(gain)
        result_tone = tone(fuse(tinted, user, template), template.face)
        assert abs(result_tone - tone(tinted, user)).max() < 16


@pytest.mark.parametrize("gain", [0.45, 0.3])
def test_fuse_brightens_an_underexposed_photo(gain: float, template: Template, user: Face) -> None:
    """Where even the whites are dim, the photo is dark and not the skin: the face comes out almost as light as from
    the photo before it was darkened.
    """
    dark = (PHOTO * gain).astype(np.uint8)
    lightness = [tone(fuse(image, user, template), template.face).mean() for image in (PHOTO, dark)]
    assert lightness[1] > 0.78 * lightness[0]


def test_fuse_brightens_a_face_against_the_light(template: Template, user: Face) -> None:
    """A face in shadow, its eyes' whites too, before a bright wall comes out lighter than it went in."""
    shadow = cv2.GaussianBlur(build_outline_mask(user.landmarks.astype(np.float64), 1.3, PHOTO.shape), (0, 0), 5)
    backlit = (PHOTO * (1 - 0.6 * shadow[..., None])).astype(np.uint8)
    assert tone(fuse(backlit, user, template), template.face).mean() > 1.3 * tone(backlit, user).mean()


def test_fuse_leaves_dark_skin_dark_in_a_photo_without_anything_white(template: Template, user: Face) -> None:
    """In a close crop of dark skin nothing but eyes and teeth is light: the skin keeps its tone."""
    dark = with_skin((0.4, 0.35, 0.32))
    x0, y0, x1, y1 = (round(edge) for edge in user.box)
    crop = np.ascontiguousarray(dark[y0:y1, x0:x1])
    face = build_face(user.landmarks - np.float32((x0, y0)), user.depth, crop.shape[:2])
    assert abs(tone(fuse(crop, face, template), template.face) - tone(crop, face)).max() < 16


def test_fuse_keeps_a_closed_mouth_closed_on_a_smiling_template(template: Template, user: Face) -> None:
    """The template smiles with open lips; a user with closed lips gets no gap between them."""
    shut = user.landmarks.copy()
    gap = template.face.landmarks[LOWER_LIP, 1] - template.face.landmarks[UPPER_LIP, 1]
    assert gap > 0.05 * template.face.width, "the template must smile for this to prove anything"
    grey = cv2.GaussianBlur(PHOTO, (0, 0), 9)  # one smooth skin; the only mark is the line between the lips
    mouth = shut[[78, 308]]
    lips = shut[[81, 178, 13, 14, 311, 402]]
    shut[[81, 13, 311]] = shut[[178, 14, 402]] = (lips[[0, 2, 4]] + lips[[1, 3, 5]]) / 2
    cv2.line(grey, mouth[0].astype(int).tolist(), mouth[1].astype(int).tolist(), (30, 0, 0), 1)
    closed = build_face(shut, user.depth, PHOTO.shape[:2])
    result = fuse(grey, closed, template)
    x, y = template.face.landmarks[[UPPER_LIP, LOWER_LIP]].mean(0).astype(int)
    column = result[y - 20 : y + 20, x].astype(int).sum(1)
    assert 1 <= (column < column.min() + 0.5 * (np.median(column) - column.min())).sum() <= 8


def test_fuse_keeps_what_the_user_wears(template: Template, user: Face) -> None:
    """A green band over the eyes is green in the result: the picture is the user's, not the template's."""
    result = fuse(painted(PHOTO, user, (0, 200, 40)), user, template)
    eyes = template.face.landmarks[[33, 263]].mean(0).astype(int)
    red, green, _ = result[eyes[1] - 3 : eyes[1] + 4, eyes[0]].max(0).astype(int)
    assert result[eyes[1], eyes[0], 1] > result[eyes[1], eyes[0], 0] + 40, (red, green)


def test_fuse_does_not_stamp_dark_hair_onto_the_forehead(template: Template, user: Face) -> None:
    """A black lock inside the outline leaves no black on a template that has none there."""
    bare = Template(replace(template.info, id="bare"), template.base.copy(), None, template.skin_mask, template.face)
    smooth = cv2.GaussianBlur(PHOTO, (0, 0), 4)
    brow, top = user.landmarks[9], user.landmarks[TOP]
    lock = smooth.copy()
    middle = ((brow + 3 * top) / 4).astype(int)
    cv2.circle(lock, middle.tolist(), 6, (8, 6, 6), -1)
    forehead = (template.face.landmarks[9] + 3 * template.face.landmarks[TOP]) / 4
    x, y = forehead.astype(int)
    before, after = fuse(smooth, user, bare), fuse(lock, user, bare)
    assert after[y - 3 : y + 4, x - 3 : x + 4].mean() > 0.75 * before[y - 3 : y + 4, x - 3 : x + 4].mean()


@pytest.mark.parametrize("side", [-1, 1], ids=["left", "right"])
def test_fuse_mirrors_the_near_side_of_a_turned_head(side: int, user: Face) -> None:
    """Where a turned head hides a cheek, the result shows the other cheek's skin, and nothing of the backdrop."""
    template = load_template("panda")
    bridge, landmarks = user.landmarks[168, 0], user.landmarks.copy()
    is_far = (landmarks[:, 0] - bridge) * side > 0
    landmarks[is_far, 0] = bridge + 0.1 * (landmarks[is_far, 0] - bridge)
    turned = PHOTO.copy()
    turned[:, slice(round(bridge)) if side < 0 else slice(round(bridge), None)] = (20, 40, 220)
    result = fuse(turned, build_face(landmarks, user.depth, PHOTO.shape[:2]), template)
    near, far = (sample_colours(result, template.face.landmarks[list(cheek)], 6).mean(0) for cheek in CHEEKS[::-side])
    assert far == pytest.approx(near, abs=25)


def test_fuse_is_independent_of_the_photos_size(template: Template, user: Face) -> None:
    """Half and four times the size give nearly the same picture: large photos are averaged, not subsampled."""
    plain = fuse(PHOTO, user, template).astype(int)
    for scale in (0.5, 4):
        face = build_face(user.landmarks * scale, user.depth * scale, (int(512 * scale), int(512 * scale)))
        other = fuse(cv2.resize(PHOTO, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), face, template)
        assert abs(cv2.blur(other, (9, 9)).astype(int) - cv2.blur(plain.astype(np.uint8), (9, 9))).mean() < 1.5


@pytest.mark.filterwarnings("error::RuntimeWarning")
@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(48, 200),
    width=st.integers(48, 200),
    x=st.floats(-300, 500),
    y=st.floats(-300, 500),
    size=st.floats(0.01, 900),
    angle=st.floats(-180, 180),
    noise=st.floats(0, 0.5),
    seed=st.integers(0, 2**32 - 1),
)
def test_fuse_accepts_any_mesh_or_raises_face_too_small(
    height: int, width: int, x: float, y: float, size: float, angle: float, noise: float, seed: int
) -> None:
    """Cut, tiny, huge, rotated and torn meshes give a full picture or FaceTooSmall, nothing else."""
    template = load_template("own")
    random = np.random.default_rng(seed)
    shape = template.face.landmarks / template.face.width
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    points = (shape - shape.mean(0)) @ np.array([[cos, sin], [-sin, cos]]) + random.normal(0, 1, shape.shape) * noise
    landmarks = (points * size + (x, y)).astype(np.float32)
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    face = build_face(landmarks, (random.normal(0, size / 4, 478)).astype(np.float32), (height, width))
    try:
        result = fuse(image, face, template)
    except FaceTooSmall:
        assert np.ptp(landmarks, axis=0).min() < 4
        return
    assert result.shape == template.base.shape
    assert result.dtype == np.uint8
    x0, y0, x1, y1 = (round(edge) for edge in template.face.box)
    middle = result[y0:y1, x0:x1]
    assert not (middle == 0).all(-1).mean() > 0.5


@pytest.mark.filterwarnings("error::RuntimeWarning")
@settings(max_examples=25, deadline=None)
@given(st.integers(12, 300), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.sampled_from(["own", "drawn"]))
def test_fuse_accepts_any_template_of_the_owner(user: Face, side: int, right: float, down: float, kind: str) -> None:
    """Tiny templates and faces cut by the frame work like others."""
    base = cv2.resize(PHOTO[40:220, 130:310], (side, side), interpolation=cv2.INTER_AREA)
    scale = side / 180
    mesh = (user.landmarks - (130, 40) + (180 * right, 180 * down)).astype(np.float32) * scale
    face = build_face(mesh, user.depth * scale, (side, side))
    info = replace(load_template("own").info, kind=kind)
    skin = segment_skin(base, mesh.astype(np.float64))
    result = fuse(PHOTO, user, Template(info, base, None, skin, face))
    assert result.shape == base.shape
    assert result.mean() > 30


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_fuse_rejects_a_mesh_without_extent(value: float, template: Template) -> None:
    """A mesh that holds no face raises FaceTooSmall."""
    nothing = Face(np.full((478, 2), value, np.float32), np.zeros(478, np.float32), 0, 0, 0)
    with pytest.raises(FaceTooSmall):
        fuse(PHOTO, nothing, template)


def test_fuse_shows_the_templates_skin_outside_the_users_photo(template: Template, user: Face) -> None:
    """Where the user's photo ends, the template's face is visible instead of smeared edge pixels."""
    away = build_face(user.landmarks + 5000, user.depth, PHOTO.shape[:2])
    x0, y0, x1, y1 = (round(edge) for edge in template.face.box)
    result = fuse(PHOTO, away, template)[y0:y1, x0:x1]
    light = [
        cv2.cvtColor(np.ascontiguousarray(a), cv2.COLOR_RGB2GRAY).ravel() for a in (result, template.base[y0:y1, x0:x1])
    ]
    assert np.corrcoef(*light)[0, 1] > 0.9


@pytest.mark.parametrize("key", ["own", "panda"])
def test_fuse_of_a_black_and_white_photo_is_black_and_white(key: str, user: Face) -> None:
    """A grey photo makes the whole picture grey: no grey face on a body in colour."""
    grey = np.dstack([cv2.cvtColor(PHOTO, cv2.COLOR_RGB2GRAY)] * 3)
    result = fuse(grey, user, load_template(key)).astype(int)
    assert np.ptp(result, axis=2).max() <= 2


def test_fuse_of_a_black_and_white_face_before_a_coloured_wall_is_black_and_white(
    template: Template, user: Face
) -> None:
    """A photo whose face is grey and whose backdrop is toned blue makes the picture grey."""
    grey = np.dstack([cv2.cvtColor(PHOTO, cv2.COLOR_RGB2GRAY)] * 3)
    beside = 1 - build_outline_mask(user.landmarks.astype(np.float64), 1.2, PHOTO.shape)[..., None]
    toned = (grey * (1 - beside * (1 - np.array((0.8, 0.8, 1.0))))).astype(np.uint8)
    assert np.ptp(fuse(toned, user, template).astype(int), axis=2).max() <= 4


def test_fuse_gives_red_skin_in_a_cool_photo_no_olive_tone(user: Face) -> None:
    """Bluish light makes skin pink and then violet; removing it gives skin that is redder than yellow, not khaki."""
    template = face_templates.load_template("panda")
    cool = np.clip(PHOTO * np.array((0.96, 0.8, 0.98)), 0, 255).astype(np.uint8)
    pixel = np.uint8([[tone(fuse(cool, user, template), template.face)]])
    _, a, b = cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0].astype(float) - (0, 128, 128)
    assert 25 < np.degrees(np.arctan2(b, a)) < 58


@pytest.mark.parametrize("light", [(0.72, 0.78, 1.25), (1.1, 0.5, 0.45)], ids=["blue", "red"])
def test_fuse_removes_coloured_light(light: tuple[float, float, float], user: Face) -> None:
    """Under blue or red light, the face's hue is within a few steps of what it is in white light."""
    template = face_templates.load_template("panda")
    lit = np.clip(PHOTO * np.array(light), 0, 255).astype(np.uint8)
    lab = [
        cv2.cvtColor(np.uint8([[tone(fuse(image, user, template), template.face)]]), cv2.COLOR_RGB2LAB)[0, 0]
        for image in (PHOTO, lit)
    ]
    assert np.abs(lab[0].astype(int) - lab[1].astype(int))[1:].max() <= 8


def test_fuse_enlarges_a_small_face_sharply(template: Template, user: Face) -> None:
    """A face of 54 px comes out with most of the detail that the same face of 108 px has."""
    small = np.asarray(cv2.resize(PHOTO, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    face = build_face((user.landmarks + 0.5) / 2 - 0.5, user.depth / 2, small.shape[:2])
    mask = build_outline_mask(template.face.landmarks.astype(np.float64), 0.7, template.base.shape) > 0.5
    fine, coarse = (
        cv2.Laplacian(cv2.GaussianBlur(fuse(image, found, template), (0, 0), 2.5), cv2.CV_32F)[mask].std()
        for image, found in ((PHOTO, user), (small, face))
    )
    assert coarse > 0.7 * fine
