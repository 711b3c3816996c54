"""Each limit of each vendor, just below, just at and just above it: what could be refused here is never sent."""

import base64
import email
import io
import json
from collections.abc import Callable

import httpx
import pytest
from hostile.file_parts import portrait, saved
from hostile.limits import photo_cases, value_cases
from PIL import Image
from pydantic import SecretStr
from support.unbilled_call import run_unbilled

from meitu_demo.domain.errors import ImageRejected, ValueRejected
from meitu_demo.domain.model import CallTarget, Credentials
from meitu_demo.photos import codec

KEYS = Credentials(SecretStr("key"), SecretStr("pair"))
ROUTES = {
    "meitu": CallTarget("meitu", "https://openapi.mtlab.meitu.com", KEYS, is_billable=True),
    "ailab": CallTarget("ailab", "https://www.ailabapi.com", KEYS, is_billable=True),
}


class Vendor:
    """Answers every call with a picture, and keeps what was sent to it."""

    def __init__(self) -> None:
        self.calls: list[httpx.Request] = []
        self.picture = saved(portrait(), "JPEG")

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, content=self.picture)
        self.calls.append(request)
        if request.url.host == "www.ailabapi.com":
            return httpx.Response(200, json={"data": {"image_url": "https://www.ailabapi.com/r/1.jpg"}})
        return httpx.Response(200, json={"media_info_list": [{"media_data": base64.b64encode(self.picture).decode()}]})

    def photo(self) -> bytes:
        """The picture in the last call, taken from the wire."""
        request = self.calls[-1]
        if request.headers["content-type"] == "application/json":
            return base64.b64decode(json.loads(request.content)["media_info_list"][0]["media_data"], validate=True)
        head = b"content-type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
        parts = email.message_from_bytes(head + request.content).get_payload()
        return next(part.get_payload(decode=True) for part in parts if part.get_filename())


@pytest.mark.fuzz
@pytest.mark.parametrize("vendor", ROUTES)
async def test_vendor_limits_are_checked_before_anything_is_sent(vendor: str, figure: Callable[[str], None]) -> None:
    """At each vendor limit a photo is either refused without a call, or sent once within every limit."""
    cases = photo_cases(vendor) + value_cases(vendor)
    for case in cases:
        counting = Vendor()
        async with httpx.AsyncClient(transport=httpx.MockTransport(counting)) as client:
            call = run_unbilled(client, ROUTES[vendor], case.endpoint, case.photo(), case.values)
            if case.refused:
                with pytest.raises((ImageRejected, ValueRejected)) as caught:
                    await call
                assert caught.value.slug == case.refused, case.name
                assert counting.calls == [], case.name
                continue
            await call
        assert len(counting.calls) == 1, case.name
        sent, limits = counting.photo(), case.endpoint.limits
        size = Image.open(io.BytesIO(sent)).size
        assert codec.sniff(sent) in limits.media_types, case.name
        assert len(sent) <= limits.max_bytes, case.name
        assert limits.min_side_px <= min(size) <= max(size) <= limits.max_side_px, case.name
        assert case.size in (None, size), case.name
    refused = sum(bool(case.refused) for case in cases)
    figure(f"limits of {vendor}: {len(cases)} cases, {len(cases) - refused} sent within them, {refused} with 0 calls")
    assert len(cases) >= 40
