"""The reference page's endpoints: what each does, takes and is called. Only `ui/reference/page.py` may import it."""

from html import escape

from ...domain.model import Choice, Control, Endpoint, ShapeMenu, Strength, TemplateGallery
from ...domain.translations import translate
from ...endpoints import CATALOGUE
from ...engine.imaging.face_checks import MIN_FACE_PX


def render_endpoints_section(language: str) -> str:
    """The section as HTML."""
    title = escape(translate("reference.endpoints", language))
    cards = "".join(_render_card(endpoint, language) for endpoint in CATALOGUE.values())
    return f'<section id="endpoints"><h2>{title}</h2><div class="cards">{cards}</div></section>\n'


def _render_card(endpoint: Endpoint, language: str) -> str:
    def localize(key: str, **facts: object) -> str:
        return escape(translate(f"reference.{key}", language, **facts))

    panel = f"panels.{endpoint.id}"
    name, intro, offline = (escape(translate(f"{panel}.{key}", language)) for key in ("tab", "intro", "offline"))
    limits = endpoint.limits
    kinds = " · ".join(kind.removeprefix("image/").upper() for kind in limits.media_types)
    controls = "".join(f"<li>{_render_control(control, language)}</li>" for control in endpoint.controls)
    constant = " ".join(f"<code>{escape(f'{key}={value}')}</code>" for key, value in endpoint.constant_fields.items())
    photo = localize("limits", least=limits.min_side_px, most=limits.max_side_px, bytes=limits.max_bytes, kinds=kinds)
    rows = [
        ("vendor", escape(translate(f"providers.{endpoint.provider}.name", language))),
        ("path", f"<code>POST {escape(endpoint.path)}</code>"),
        ("api", f"<code>/{escape(endpoint.id)}</code>"),
        ("photo", photo),
        ("faces", localize(f"faces_{endpoint.face_requirement.value}", side=MIN_FACE_PX)),
        ("controls", f"<ul>{controls}</ul>" if controls else localize("no_controls")),
        ("constant", constant),
        ("offline", offline),
    ]
    cells = "".join(f"<div><dt>{localize(key)}</dt><dd>{value}</dd></div>" for key, value in rows if value)
    return f"""<article class="card" id="{endpoint.slug}"><h3>{name}</h3><p>{intro}</p><dl>{cells}</dl>
<p><a href="./#{endpoint.slug}">{localize("open", name=translate(f"{panel}.tab", language))}</a></p></article>
"""


def _render_control(control: Control, language: str) -> str:
    """Its name here and on the wire, what it takes, and its default."""

    def localize(key: str, **facts: object) -> str:
        return escape(translate(f"reference.{key}", language, **facts))

    comma = localize("comma")
    name = f"<b>{escape(translate(f'controls.{control.name}.label', language))}</b> <code>{escape(control.name)}</code>"
    if control.wire_name != control.name:
        name += f"{comma}{localize('on_the_wire')} <code>{escape(control.wire_name)}</code>"
    if isinstance(control, Strength):
        accepted_values = localize("range", low=f"{control.low:g}", high=f"{control.high:g}")
    elif isinstance(control, ShapeMenu):
        accepted_values = f'<a href="#shapes">{localize("see_shapes", last=control.options[-1])}</a>'
    elif isinstance(control, TemplateGallery):
        accepted_values = comma.join(f"<code>{escape(option)}</code>" for option in control.options)
    else:
        key = f"options.{control.name}."
        accepted_values = comma.join(
            escape(translate(key + option.replace(".", "_"), language)) for option in control.options
        )
    if isinstance(control, Choice) and control.allows_custom:
        accepted_values += f"{comma}{localize('any_id')}"
    default = f"{control.default:g}" if isinstance(control, Strength) else control.default
    return f"{name}{localize('colon')}{accepted_values}{localize('semicolon')}{localize('default', value=default)}"
