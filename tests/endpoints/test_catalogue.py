"""Every endpoint of the catalogue from end to end, and that the declarations do not trip over each other."""

import base64

import httpx
import pytest
from support.unbilled_call import run_unbilled

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.translations import list_languages, translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec
from meitu_demo.settings import Settings
from meitu_demo.vendors import VENDORS

ALL = sorted(CATALOGUE)


def test_catalogue_names_are_unique() -> None:
    """Ids (API names, MCP names), slugs (element ids, file names) and paths: a double would be renamed in silence."""
    endpoints = list(CATALOGUE.values())
    assert list(CATALOGUE) == [endpoint.id for endpoint in endpoints]
    for names in (
        [endpoint.id for endpoint in endpoints],
        [endpoint.slug for endpoint in endpoints],
        [(endpoint.vendor_id, endpoint.path) for endpoint in endpoints],
    ):
        assert len(set(names)) == len(names)
    elements = [
        f"{endpoint.slug}-{control.name.replace('_', '-')}" for endpoint in endpoints for control in endpoint.controls
    ] + [f"{endpoint.slug}-{part}" for endpoint in endpoints for part in ("photo", "run", "stage", "offline", "tab")]
    assert len(set(elements)) == len(elements)


@pytest.mark.parametrize("name", ALL)
def test_catalogue_declarations_are_complete(name: str) -> None:
    """Known vendor, words in every language, defaults that its own controls take, names that Python takes."""
    endpoint = CATALOGUE[name]
    assert endpoint.vendor_id in VENDORS
    assert endpoint.id.isidentifier()
    assert endpoint.path.startswith("/")
    assert endpoint.validate({}) == {control.name: control.validate(control.default) for control in endpoint.controls}
    for language in list_languages():
        for key in ("tab", "run", "intro"):
            assert translate(f"panels.{name}.{key}", language)
        assert translate(f"api.{name}", language)
        for control in endpoint.controls:
            assert translate(f"controls.{control.name}.label", language)
            assert translate(f"api.{control.name}", language)


@pytest.mark.parametrize("name", ALL)
async def test_catalogue_endpoints_work_from_end_to_end(
    name: str, offline_client: httpx.AsyncClient, portrait: bytes
) -> None:
    """Service, client codec, server codec, effect and back: a whole picture that is not the photo itself."""
    endpoint = CATALOGUE[name]
    outcome = await run_unbilled(
        offline_client, TargetResolver(Settings()).resolve(endpoint.vendor_id), endpoint, portrait, {}
    )
    assert outcome.mode == "offline"
    pixels = codec.decode(outcome.result_photo.data)
    assert pixels.shape[:2] == (outcome.result_photo.height, outcome.result_photo.width)
    assert min(pixels.shape[:2]) >= 100
    assert outcome.result_photo.data != outcome.sent_photo.data
    assert base64.b64encode(outcome.result_photo.data)
