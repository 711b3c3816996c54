"""Every endpoint of the catalogue from end to end, and that the declarations do not trip over each other."""

import base64
import json

import httpx
import pytest
from pydantic import SecretStr
from support.unbilled_call import run_unbilled

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.controls import Choice, Strength
from meitu_demo.domain.model import CallTarget, Credentials, Endpoint, Photo
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


def wire(endpoint: Endpoint) -> dict[str, object]:
    """The fields that a call with defaults sends beside the photo."""
    route = CallTarget(
        endpoint.vendor_id, "https://host", Credentials(SecretStr("k"), SecretStr("s")), is_billable=True
    )
    vendor_id = VENDORS[endpoint.vendor_id]
    request = vendor_id.build(endpoint, route, Photo(b"x", "image/jpeg", 1, 1), endpoint.validate({}))
    if vendor_id.build_body:
        return dict(json.loads(request.content)["parameter"])
    return {control.wire_name: "" for control in endpoint.controls} | dict(endpoint.constant_fields)


def test_catalogue_wire_fields_are_the_documented_ones() -> None:
    """Spelled as on the vendors' pages, and no field that a page does not name."""
    assert wire(CATALOGUE["face_fuse"]) == {"rsp_media_type": "base64", "faceFusePPType": "gjw4tjeloaba2psk973"}
    assert wire(CATALOGUE["anime_avatar"]) == {"rsp_media_type": "jpg", "version": "1.0.0"}
    assert wire(CATALOGUE["quality_restoration"]) == {"rsp_media_type": "base64"}
    assert set(wire(CATALOGUE["facial_aesthetics"])) == {"shape_type", "strength"}


def test_catalogue_limits_are_the_documented_ones() -> None:
    """In pixels, both ends included, and bytes."""
    for name in ("face_fuse", "anime_avatar", "quality_restoration"):
        limits = CATALOGUE[name].limits
        assert (limits.min_side_px, limits.max_side_px, limits.max_bytes) == (48, 4096, 2 * 1024 * 1024)
        assert limits.media_types == ("image/jpeg", "image/png")
    limits = CATALOGUE["facial_aesthetics"].limits
    assert (limits.min_side_px, limits.max_side_px, limits.max_bytes) == (11, 1999, 3 * 1024 * 1024)
    assert set(limits.media_types) == {"image/jpeg", "image/png", "image/bmp"}


def test_catalogue_controls_are_the_documented_ones() -> None:
    """22 shapes, a strength from 0 to 1, two versions, both documented templates and typed ones."""
    shape, strength = CATALOGUE["facial_aesthetics"].controls
    assert isinstance(shape, Choice)
    assert shape.options == tuple(str(n) for n in range(22))
    assert isinstance(strength, Strength)
    assert (strength.low, strength.high) == (0, 1)
    (version,) = CATALOGUE["anime_avatar"].controls
    assert isinstance(version, Choice)
    assert version.options == ("1.0.0", "2.0.0")
    (template,) = CATALOGUE["face_fuse"].controls
    assert isinstance(template, Choice)
    assert {"gjw4tjeloaba2psk973", "08bp4tnfkm560qv6"} <= set(template.options)
    assert template.allows_custom


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
