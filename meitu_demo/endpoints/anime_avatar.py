"""Anime Avatar 动漫化身: draws a stylised avatar. Follows Meitu's page for /v1/EmojMaterialH5."""

from ..domain.controls import Choice
from ..domain.model import Endpoint, FaceRequirement, Image, Values
from ..engine.effects.avatar.draw import draw_avatar
from ..engine.imaging.face_checks import require_faces
from ..vendors import meitu


def render_offline(image: Image, values: Values) -> Image:
    """A drawing of every face in `image`, with head and shoulders. Raises NoFace."""
    return draw_avatar(image, require_faces(image), values["version"])


ENDPOINT = Endpoint(
    id="anime_avatar",
    vendor_id=meitu.VENDOR.id,
    path="/v1/EmojMaterialH5",
    limits=meitu.VENDOR.limits,
    controls=(Choice(name="version", wire_name="version", options=("1.0.0", "2.0.0"), default="1.0.0"),),
    constant_fields={"rsp_media_type": "jpg"},
    render_offline=render_offline,
    face_requirement=FaceRequirement.ANY,
    changes_framing=True,
)
