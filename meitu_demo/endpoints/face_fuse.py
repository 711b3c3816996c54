"""Face Fuse 换脸: puts the user's face on a template. Follows Meitu's page for /v3/facefuse."""

from ..domain.controls import TemplateGallery
from ..domain.model import Endpoint, FaceRequirement, Image, Values
from ..engine import face_templates
from ..engine.effects.fuse import fuse
from ..engine.imaging.face_checks import pick_face
from ..vendors import meitu

DEFAULT_TEMPLATE_ID = "gjw4tjeloaba2psk973"  # the first of the two IDs on Meitu's page


def render_offline(image: Image, values: Values) -> Image:
    """The face in `image` on the template, at the template's size. Raises EngineRejection."""
    template = face_templates.load_template(values["template_id"])
    return fuse(image, pick_face(image), template)


ENDPOINT = Endpoint(
    id="face_fuse",
    vendor_id=meitu.VENDOR.id,
    path="/v3/facefuse",
    limits=meitu.VENDOR.limits,
    controls=(
        TemplateGallery(
            name="template_id",
            wire_name="faceFusePPType",
            options=tuple(info.wire_id for info in face_templates.list_templates()),
            default=DEFAULT_TEMPLATE_ID,
            allows_custom=True,  # the vendor gives partners private IDs
            list_templates=face_templates.list_templates,
        ),
    ),
    constant_fields={"rsp_media_type": "base64"},
    render_offline=render_offline,
    face_requirement=FaceRequirement.SUITABLE,
    frontal_yaw_deg=20,  # templates look to the front; what a turned face hides is stretched
    changes_framing=True,
)
