"""Quality Restoration 画质修复: removes noise, blocks, blur, bad light. Follows Meitu's page for /v1/aiquality."""

from ..domain.model import Endpoint, Image, Values
from ..engine.effects.restore import restore
from ..engine.imaging.faces import find_faces
from ..vendors import meitu


def render_offline(image: Image, values: Values) -> Image:
    """`image` restored; needs no face. Small pictures come back at twice the size."""
    return restore(image, find_faces(image))


ENDPOINT = Endpoint(
    id="quality_restoration",
    vendor_id=meitu.VENDOR.id,
    path="/v1/aiquality",
    limits=meitu.VENDOR.limits,
    controls=(),
    constant_fields={"rsp_media_type": "base64"},
    render_offline=render_offline,
    example_photo="degraded",
)
