"""The preflight's verdict is the server's: on every photo, for every endpoint, the same slug and the same numbers."""

from collections.abc import Callable

import httpx
import pytest

from meitu_demo.calls.pipeline import run_unbilled
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.errors import DemoError, ImageRejected, VendorError
from meitu_demo.domain.model import Endpoint, Image
from meitu_demo.domain.vendor_codes import code_for
from meitu_demo.endpoints import CATALOGUE, anime_avatar, face_fuse, facial_aesthetics, quality_restoration
from meitu_demo.preflight import check
from meitu_demo.settings import Settings
from preflight.sample_photos import judged, photos, shaken

pytestmark = pytest.mark.fuzz
EFFECTS = {face_fuse: "fuse", anime_avatar: "draw_avatar", quality_restoration: "restore", facial_aesthetics: "reshape"}
SHAKEN = 400
ENOUGH = {"no_face", "face_too_small", "face_turned", "face_nodded", "face_cropped"}


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless all is run, nothing is painted: route, codecs, safe_open, detection and checks stay as they are."""

    def unpainted(image: Image, *rest: object) -> Image:
        return image

    if not request.config.getoption("--whole"):
        for module, effect in EFFECTS.items():
            monkeypatch.setattr(module, effect, unpainted)


async def answered(client: httpx.AsyncClient, endpoint: Endpoint, source: bytes) -> DemoError | None:
    """In what a call to the offline server really ends."""
    try:
        await run_unbilled(client, TargetResolver(Settings()).resolve(endpoint.provider), endpoint, source, {})
    except DemoError as error:
        return error
    return None


def difference(said: DemoError | None, came: DemoError | None) -> str:
    """ "" where the preflight `said` what `came`; a refusal of the engine's comes as the vendor's code."""
    if said is None or came is None or isinstance(came, ImageRejected):
        same = (type(said), str(said)) == (type(came), str(came))
    else:
        assert isinstance(came, VendorError), came
        numbers = {name: came.facts[name] for name in said.facts if name in came.facts}
        same = came.code == code_for(came.provider, said.slug).code and numbers == said.facts
    return "" if same else f"said {said}, came {came}"


async def test_check_agrees_with_the_offline_server_on_every_test_photo(
    offline_client: httpx.AsyncClient, figure: Callable[[str], None]
) -> None:
    """Whatever stops a call on the offline engine is said before, in full, and nothing else is."""
    wrong, refusals = {}, set()
    for name, source in photos().items():
        for endpoint in CATALOGUE.values():
            said = judged(name, endpoint.id).rejection
            refusals.add(said.slug if said else "")
            if told := difference(said, await answered(offline_client, endpoint, source)):
                wrong[name, endpoint.id] = told
    count = len(photos()) * len(CATALOGUE)
    figure(f"preflight agrees with the server on {count - len(wrong)} of {count}")
    assert not wrong
    assert refusals >= ENOUGH | {"", "image_empty", "image_wrong_kind", "image_truncated", "image_too_small"}


async def test_check_agrees_with_the_offline_server_on_random_photos(
    offline_client: httpx.AsyncClient, figure: Callable[[str], None], rounds: Callable[[int], int]
) -> None:
    """Also on photos at random tilts, sizes and crops, where faces come close to each limit from both sides."""
    wrong, refused, count = {}, 0, rounds(SHAKEN)
    endpoints = list(CATALOGUE.values())
    for number in range(count):
        endpoint, source = endpoints[number % len(endpoints)], shaken(number)
        said = check(endpoint, source).rejection
        refused += said is not None
        if told := difference(said, await answered(offline_client, endpoint, source)):
            wrong[number] = told
    figure(f"preflight agrees with the server on {count - len(wrong)} of {count} hasty photos, {refused} refused")
    assert not wrong
    assert refused > count / 10
