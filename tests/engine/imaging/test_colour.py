import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from meitu_demo.engine.imaging.colour import (
    EYES,
    LUMA_WEIGHTS,
    apply_monochrome_curves,
    build_tone_curves,
    compute_exposure_gain,
    compute_midtone,
    compute_white_balance,
    fit_light_gradient,
    fit_monochrome_curves,
    light_tone,
    match_sharpness,
    measure_eye_white,
    measure_sharpness,
    relight_tone,
    sample_colours,
)
from meitu_demo.engine.imaging.faces import find_faces

tones = st.tuples(*[st.floats(0, 255)] * 3).map(np.array)
skins = st.tuples(*[st.floats(30, 225)] * 3).map(np.array)


@given(skins, skins)
def test_build_tone_curves_maps_source_to_target(source: np.ndarray, target: np.ndarray) -> None:
    """The curves map the source tone to the target within 1.5 levels, darker or lighter."""
    curves = build_tone_curves(source, target)[:, 0]
    for channel in range(3):
        landed = np.interp(source[channel], np.arange(256), curves[:, channel].astype(float))
        assert landed == pytest.approx(target[channel], abs=3)


@given(tones, tones)
def test_build_tone_curves_rises_from_black(source: np.ndarray, target: np.ndarray) -> None:
    """For any two tones the curves rise from black: shading survives and no light becomes shadow."""
    curves = build_tone_curves(source, target)[:, 0].astype(int)
    assert (np.diff(curves, axis=0) >= 0).all()
    assert (curves[0] == 0).all()


@given(skins, skins)
def test_relight_tone_moves_a_tone_by_a_few_levels(tone: np.ndarray, template: np.ndarray) -> None:
    """A tone moves by at most 12 levels towards the template's tone."""
    relit = relight_tone(tone, template)
    if 60 < tone @ LUMA_WEIGHTS < 195:
        assert abs(relit - tone).max() <= 12
        assert ((relit - tone) * (template - tone) >= -1e-9).all()


def test_relight_tone_darkens_overexposed_skin() -> None:
    """A tone that only overexposure explains is darkened, but not below a template that is as bright."""
    overexposed = np.array([255.0, 245, 235])
    assert relight_tone(overexposed, np.array([200.0, 160, 140])) @ LUMA_WEIGHTS < 210
    assert relight_tone(overexposed, overexposed) == pytest.approx(overexposed)


def test_compute_exposure_gain_is_measured_on_whites_and_not_on_skin() -> None:
    """A dark face beside something white needs no gain; with the white dimmed it does; no gain darkens."""
    face = np.full((80, 80, 3), 60, np.uint8)
    face[:, :8] = 240
    assert compute_exposure_gain(face, 30) == 1
    assert compute_exposure_gain((face * 0.4).astype(np.uint8), 30) > 2
    assert compute_exposure_gain(np.full((4, 4, 3), 255, np.uint8), 100) == 1


def test_compute_exposure_gain_leaves_dark_skin_with_white_eyes() -> None:
    """A crop of nothing but dark skin is no dark photo when the eyes' whites are light."""
    assert compute_exposure_gain(np.full((80, 80, 3), 70, np.uint8), 72) < 1.1


@given(skins, st.floats(0, 100))
def test_light_tone_lightens_by_the_whites_of_the_eyes(tone: np.ndarray, eye_white: float) -> None:
    """Skin beside light eyes is unchanged; the darker the eyes, the lighter the tone gets."""
    lit = light_tone(tone, eye_white)
    if eye_white >= 58:
        assert lit == pytest.approx(tone)
    assert (lit >= tone - 1e-9).all()
    assert (light_tone(tone, eye_white / 2) >= lit - 1e-9).all()


def test_measure_eye_white_is_the_light_in_the_eyes_or_on_the_cheeks() -> None:
    """Dark skin has light eyes; when they are dark too, the cheeks count; a mesh outside the photo reads its edge."""
    (face,) = find_faces(data.astronaut())
    mesh = face.landmarks.astype(np.float64)
    grey = np.full((512, 512, 3), 60, np.uint8)
    assert measure_eye_white(grey, mesh) == pytest.approx(25, abs=1)
    assert measure_eye_white(grey, mesh + 5000) == pytest.approx(20, abs=1)
    for eye in EYES:
        cv2.fillPoly(grey, [mesh[list(eye)].astype(np.int32)], (180, 180, 180))
    assert measure_eye_white(grey, mesh) == pytest.approx(73, abs=1)


def test_compute_midtone_ignores_shadow_and_highlight() -> None:
    """A quarter of dark samples and a few white ones do not change the tone."""
    samples = np.full((40, 3), (180.0, 140, 120))
    samples[:10], samples[38:] = 20, 255
    assert compute_midtone(samples) == pytest.approx((180, 140, 120))


def test_fit_light_gradient_finds_the_direction_of_light() -> None:
    """A picture that darkens towards one side has a slope of that size, despite a few spots."""
    points = np.random.default_rng(1).uniform(0, 200, (60, 2))
    light = 150 * np.exp(0.002 * (points[:, 0] - 100))
    samples = np.repeat(light[:, None], 3, 1)
    samples[:5] = 20
    across, down = fit_light_gradient(points, samples)
    assert across == pytest.approx(0.002, rel=0.2)
    assert abs(down) < 0.0004


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_sample_colours_accepts_points_outside(x: float, y: float) -> None:
    """Points outside the picture read the nearest edge."""
    image = np.full((30, 20, 3), 77, np.uint8)
    assert sample_colours(image, np.array([(x, y)]), 3) == pytest.approx(77)


def test_match_sharpness_softens_and_sharpens() -> None:
    """A sharper face is softened and a softer one sharpened towards the template's detail."""
    sharp = data.astronaut()[50:250, 130:330]
    soft = cv2.GaussianBlur(sharp, (0, 0), 1.0)
    inside = np.ones(sharp.shape[:2], bool)
    high, low = measure_sharpness(sharp, inside), measure_sharpness(soft, inside)
    assert low < measure_sharpness(match_sharpness(soft, high, inside), inside) <= high * 1.1
    assert low * 0.8 <= measure_sharpness(match_sharpness(sharp, low, inside), inside) < high


@given(st.floats(20, 210), st.floats(0.9, 1.1))
def test_compute_white_balance_leaves_skin_under_white_light(luma: float, warmth: float) -> None:
    """Any skin from dark to light in white or slightly warm light gets no gains."""
    tone = np.array([1.28 * warmth, 0.93, 0.72]) * luma
    assert compute_white_balance(np.minimum(tone, 255)) is None


@pytest.mark.parametrize("light", [(0.6, 0.75, 1.3), (1.1, 0.5, 0.45), (0.7, 1.2, 0.7), (1.1, 0.6, 1.2)])
def test_compute_white_balance_removes_coloured_light(light: tuple[float, float, float]) -> None:
    """Blue, red, green and magenta light: the tone becomes common skin, which is not olive, and as light as before."""
    tone = np.array([200.0, 150, 120]) * light
    gains = compute_white_balance(tone)
    assert gains is not None
    (before, after) = cv2.cvtColor((np.array([[tone, tone * gains]]) / 255).astype(np.float32), cv2.COLOR_RGB2LAB)[0]
    assert after[0] == pytest.approx(before[0], abs=4)
    assert 8 < after[1] < 25
    assert 25 < np.degrees(np.arctan2(after[2], after[1])) < 62


@pytest.mark.parametrize("tint", [(1.0, 1.0, 1.0), (1.05, 0.92, 0.72), (0.8, 0.9, 1.05)], ids=["grey", "sepia", "blue"])
def test_fit_monochrome_curves_gives_another_picture_the_photos_tint(tint: tuple[float, float, float]) -> None:
    """The astronaut in one tint gives the coffee that tint, as bright as it was; in colour there are no curves."""
    assert fit_monochrome_curves(data.astronaut().reshape(-1, 3)) is None
    toned = [np.clip(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] * np.array(tint), 0, 255).astype(np.uint8)
             for image in (data.astronaut(), data.coffee())]  # fmt: skip
    curves = fit_monochrome_curves(toned[0].reshape(-1, 3))
    assert curves is not None
    result = apply_monochrome_curves(data.coffee(), curves)
    lab, aim = (cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(float) for image in (result, toned[1]))
    assert np.abs(lab[..., 1:] - aim[..., 1:]).mean() < 3
    grey = cv2.cvtColor(data.coffee(), cv2.COLOR_RGB2GRAY)
    assert np.abs(cv2.cvtColor(result, cv2.COLOR_RGB2GRAY).astype(float) - grey).mean() < 4
