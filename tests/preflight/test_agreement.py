"""The preflight's verdict is the server's: for every photo and endpoint the same slug and the same numbers."""

from collections.abc import Callable

import httpx
import pytest
from support.unbilled_call import run_unbilled

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.errors import DemoError, ImageRejected, VendorError
from meitu_demo.domain.model import Endpoint, Image
from meitu_demo.domain.vendor_codes import code_for
from meitu_demo.endpoints import CATALOGUE, anime_avatar, face_fuse, facial_aesthetics, quality_restoration
from meitu_demo.preflight.check import check
from meitu_demo.settings import Settings
from preflight.sample_photos import cached_check, photos, random_photo

pytestmark = pytest.mark.fuzz
EFFECTS = {face_fuse: "fuse", anime_avatar: "draw_avatar", quality_restoration: "restore", facial_aesthetics: "reshape"}
RANDOM_PHOTO_COUNT = 400
EXPECTED_SLUGS = {"no_face", "face_too_small", "face_turned", "face_nodded", "face_cropped"}


@pytest.fixture(autouse=True)
def _skip_effects(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --whole no effect is drawn; route, codecs, safe_open, detection and checks stay as they are."""

    def without_effect(image: Image, *rest: object) -> Image:
        return image

    if not request.config.getoption("--whole"):
        for module, effect in EFFECTS.items():
            monkeypatch.setattr(module, effect, without_effect)


async def call_offline_server(client: httpx.AsyncClient, endpoint: Endpoint, source: bytes) -> DemoError | None:
    """The error in which a call to the offline server ends, if any."""
    try:
        await run_unbilled(client, TargetResolver(Settings()).resolve(endpoint.vendor_id), endpoint, source, {})
    except DemoError as error:
        return error
    return None


def describe_difference(predicted: DemoError | None, actual: DemoError | None) -> str:
    """An empty string if `predicted` agrees with `actual`; an engine rejection arrives as the vendor's code."""
    if predicted is None or actual is None or isinstance(actual, ImageRejected):
        same = (type(predicted), str(predicted)) == (type(actual), str(actual))
    else:
        assert isinstance(actual, VendorError), actual
        numbers = {name: actual.facts[name] for name in predicted.facts if name in actual.facts}
        same = actual.code == code_for(actual.vendor_id, predicted.slug).code and numbers == predicted.facts
    return "" if same else f"predicted {predicted}, got {actual}"


async def test_check_agrees_with_the_offline_server_on_every_test_photo(
    offline_client: httpx.AsyncClient, figure: Callable[[str], None]
) -> None:
    """The check predicts every rejection by the offline engine, with its numbers, and no other."""
    wrong, refusals = {}, set()
    for name, source in photos().items():
        for endpoint in CATALOGUE.values():
            predicted = cached_check(name, endpoint.id).rejection
            refusals.add(predicted.slug if predicted else "")
            if text := describe_difference(predicted, await call_offline_server(offline_client, endpoint, source)):
                wrong[name, endpoint.id] = text
    count = len(photos()) * len(CATALOGUE)
    figure(f"preflight agrees with the server on {count - len(wrong)} of {count}")
    assert not wrong
    assert refusals >= EXPECTED_SLUGS | {"", "image_empty", "image_wrong_kind", "image_truncated", "image_too_small"}


async def test_check_agrees_with_the_offline_server_on_random_photos(
    offline_client: httpx.AsyncClient, figure: Callable[[str], None], rounds: Callable[[int], int]
) -> None:
    """The check also agrees on photos at random tilts, sizes and crops, with faces on both sides of each limit."""
    wrong, refused, count = {}, 0, rounds(RANDOM_PHOTO_COUNT)
    endpoints = list(CATALOGUE.values())
    for number in range(count):
        endpoint, source = endpoints[number % len(endpoints)], random_photo(number)
        predicted = check(endpoint, source).rejection
        refused += predicted is not None
        if text := describe_difference(predicted, await call_offline_server(offline_client, endpoint, source)):
            wrong[number] = text
    figure(f"preflight agrees with the server on {count - len(wrong)} of {count} hasty photos, {refused} refused")
    assert not wrong
    assert refused > count / 10
