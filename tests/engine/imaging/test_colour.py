import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from meitu_demo.engine.imaging.colour import (
    LUMA_WEIGHTS,
    build_tone_curves,
    compute_exposure_gain,
    compute_midtone,
    fit_light_gradient,
    match_sharpness,
    measure_sharpness,
    relight_tone,
    sample_colours,
)

tones = st.tuples(*[st.floats(0, 255)] * 3).map(np.array)
skins = st.tuples(*[st.floats(30, 225)] * 3).map(np.array)


@given(skins, skins)
def test_tone_curves_hit_their_target(source: np.ndarray, target: np.ndarray) -> None:
    """The source tone lands on the target to a step and a half, darker or lighter."""
    curves = build_tone_curves(source, target)[:, 0]
    for channel in range(3):
        landed = np.interp(source[channel], np.arange(256), curves[:, channel].astype(float))
        assert landed == pytest.approx(target[channel], abs=3)


@given(tones, tones)
def test_tone_curves_keep_order_and_black(source: np.ndarray, target: np.ndarray) -> None:
    """Any two tones give rising curves from black: shading survives and no light becomes shadow."""
    curves = build_tone_curves(source, target)[:, 0].astype(int)
    assert (np.diff(curves, axis=0) >= 0).all()
    assert (curves[0] == 0).all()


@given(skins, skins)
def test_a_tone_stays_the_persons_own(own: np.ndarray, template: np.ndarray) -> None:
    """In the template's light a tone moves by a few steps, never to the template's; and it moves the right way."""
    tone = relight_tone(own, template)
    if 60 < own @ LUMA_WEIGHTS < 195:
        assert abs(tone - own).max() <= 12
        assert ((tone - own) * (template - own) >= -1e-9).all()


def test_burnt_out_skin_is_brought_back() -> None:
    """A tone that only a wrong exposure explains is dimmed, but not below a template that is as bright."""
    burnt = np.array([255.0, 245, 235])
    assert relight_tone(burnt, np.array([200.0, 160, 140])) @ LUMA_WEIGHTS < 210
    assert relight_tone(burnt, burnt) == pytest.approx(burnt)


def test_exposure_is_told_by_the_whites_not_by_the_skin() -> None:
    """A dark face beside something white lacks nothing; the same with the white dimmed does; nothing is ever dimmed."""
    face = np.full((80, 80, 3), 60, np.uint8)
    face[:, :8] = 240
    assert compute_exposure_gain(face) == 1
    assert compute_exposure_gain((face * 0.5).astype(np.uint8)) > 1.4
    assert compute_exposure_gain(np.full((4, 4, 3), 255, np.uint8)) == 1


def test_middle_tone_ignores_shadow_and_highlight() -> None:
    """A quarter of dark and a few white samples do not change the tone."""
    samples = np.full((40, 3), (180.0, 140, 120))
    samples[:10], samples[38:] = 20, 255
    assert compute_midtone(samples) == pytest.approx((180, 140, 120))


def test_light_slope_finds_where_light_comes_from() -> None:
    """A picture darkened towards one side has a slope of that size, whatever a few spots show."""
    points = np.random.default_rng(1).uniform(0, 200, (60, 2))
    light = 150 * np.exp(0.002 * (points[:, 0] - 100))
    samples = np.repeat(light[:, None], 3, 1)
    samples[:5] = 20
    across, down = fit_light_gradient(points, samples)
    assert across == pytest.approx(0.002, rel=0.2)
    assert abs(down) < 0.0004


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_sample_takes_points_anywhere(x: float, y: float) -> None:
    """Points outside read the nearest edge."""
    image = np.full((30, 20, 3), 77, np.uint8)
    assert sample_colours(image, np.array([(x, y)]), 3) == pytest.approx(77)


def test_crispness_is_brought_together_both_ways() -> None:
    """A sharper face is softened and a softer one sharpened towards the template's detail."""
    sharp = data.astronaut()[50:250, 130:330]
    soft = cv2.GaussianBlur(sharp, (0, 0), 1.0)
    inside = np.ones(sharp.shape[:2], bool)
    high, low = measure_sharpness(sharp, inside), measure_sharpness(soft, inside)
    assert low < measure_sharpness(match_sharpness(soft, sharp, inside), inside) <= high * 1.1
    assert low * 0.8 <= measure_sharpness(match_sharpness(sharp, soft, inside), inside) < high
