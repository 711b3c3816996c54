"""What a preflight finds, for the eye: the faces as SVG, an item in words. Only the package's door imports it.

Places are per cents of the picture, and strokes and numbers are pixels of the screen: laid over the picture at any
size, the drawing fits and its lines stay as thick as they are. All text comes from `words` and is escaped.
"""

from html import escape

from ..domain.translations import translate
from .report import ChecklistItem, DetectedFace, Preflight

# Light under dark: seen on every photo. The used face has a thick, whole line and a filled number, the others a thin,
# dashed one and an open number: not told by colour alone.
_RECT_TEMPLATE = '<rect x="{x:.2f}%" y="{y:.2f}%" width="{w:.2f}%" height="{h:.2f}%" rx="6" fill="none" {line}/>'
_HALO_STROKE = 'stroke="#fff" stroke-opacity=".85" stroke-width="{width}"'
_USED_STROKE = 'stroke="#1c1b1a" stroke-width="3"'
_SINGLE_FACE_STROKE = 'stroke="#1c1b1a" stroke-width="1.5"'
_OTHER_STROKE = 'stroke="#1c1b1a" stroke-width="1.5" stroke-dasharray="6 5"'


def describe_item(item: ChecklistItem, language: str) -> str:
    """`item` in words: plain text, to be escaped by whoever shows it."""
    return translate(f"preflight.{item.slug}.{item.state}", language, **item.facts)


def render_faces_svg(preflight: Preflight, language: str, *, selectable: bool = False) -> str:
    """The faces as an SVG element to lay over the picture; "" without any.

    choosable: another face may be clicked; each is then a button, and carries its number as `data-face`.
    """
    if not preflight.faces:
        return ""
    name = escape(translate("preflight.faces.found", language, count=len(preflight.faces)))
    # Small faces last: they lie on top and can be clicked.
    numbered = len(preflight.faces) > 1  # on a small picture a number would hide the only face
    faces = "".join(_render_face(face, language, selectable=selectable, numbered=numbered) for face in preflight.faces)
    return (
        '<svg class="preflight-faces" xmlns="http://www.w3.org/2000/svg" width="100%" height="100%" role="group"'
        f' aria-label="{name}">{faces}</svg>'
    )


def _render_face(face: DetectedFace, language: str, *, selectable: bool, numbered: bool) -> str:
    x0, y0, x1, y1 = (100 * min(1.0, max(0.0, share)) for share in face.relative_box)
    name = escape(translate(f"preflight.faces.{'used' if face.is_used else 'other'}", language, number=face.number))
    role_attributes = (
        f'role="button" tabindex="0" aria-pressed="{str(face.is_used).lower()}"' if selectable else 'role="img"'
    )
    rect = {"x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0}
    under = _RECT_TEMPLATE.format(
        **rect, line=_HALO_STROKE.format(width=(6 if numbered else 3.5) if face.is_used else 4)
    )
    over = _RECT_TEMPLATE.format(
        **rect, line=(_USED_STROKE if numbered else _SINGLE_FACE_STROKE) if face.is_used else _OTHER_STROKE
    )
    back, front = ("#1c1b1a", "#fff") if face.is_used else ("#fff", "#1c1b1a")
    number = (
        f'<svg x="{x0:.2f}%" y="{y0:.2f}%" overflow="visible" aria-hidden="true">'
        f'<circle cx="12" cy="12" r="11" fill="{back}" stroke="{front}" stroke-width="1.5"/>'
        f'<text x="12" y="12" fill="{front}" font-size="13" font-weight="600" text-anchor="middle"'
        f' dominant-baseline="central">{face.number}</text></svg>'
    )
    return (
        f'<g class="face{" used" if face.is_used else ""}" data-face="{face.number}" '
        f'{role_attributes} aria-label="{name}">'
        f'<title>{name}</title><g pointer-events="{"all" if selectable else "none"}">{under}{over}</g>'
        f"{number if numbered else ''}</g>"
    )
