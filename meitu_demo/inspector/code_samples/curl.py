"""Renders a call as a POSIX shell script that uses curl, base64 and sed."""

import re
from collections.abc import Mapping
from typing import Any

from .call import PHOTO_LITERAL, RequestSpec, to_literal

LINK_DOWNLOAD = """\
if [ -z "$link" ]; then
  cat answer.json >&2
  exit 1
fi
curl -fsS -o result.jpg "$link"
"""
PICTURE_DOWNLOAD = """\
case $picture in
  http*) curl -fsS -o result.jpg "$picture" ;;
  ?*) printf %s "$picture" | base64 -d >result.jpg ;;
  *) cat answer.json >&2; exit 1 ;;
esac
"""


def render_curl(spec: RequestSpec) -> str:
    body, name = spec.json_body, spec.result_name
    request = _render_form_request(spec) if body is None else _render_json_request(spec, body)
    return f"""\
#!/bin/sh
# {spec.title}: photo.jpg in, result.jpg out
set -eu

{request}
{name}=$(sed -n 's/.*"{spec.vendor.reply_path[-1]}": *"\\([^"]*\\)".*/\\1/p' answer.json | tr -d '\\\\')
{LINK_DOWNLOAD if spec.vendor.always_links else PICTURE_DOWNLOAD}"""


def _render_json_request(spec: RequestSpec, body: Mapping[str, Any]) -> str:
    members = ",\n".join(f"  {to_literal(name)}: {_format_member(value)}" for name, value in body.items())
    here_document = _escape_heredoc(members).replace(PHOTO_LITERAL, '"$photo"')
    return f"""\
photo=$(base64 <photo.jpg)

# -d leaves out line breaks, those of base64 among them
curl -sS -o answer.json -d @- -H "Content-Type: application/json" \\
{_format_headers(spec)}  {_format_url(spec)} <<JSON
{{
{here_document}
}}
JSON
"""


def _render_form_request(spec: RequestSpec) -> str:
    fields = " ".join(
        f'-F "{_escape_quoted(name)}={_escape_quoted(value)}"' for name, value in spec.form_fields.items()
    )
    return f"""\
curl -sS -o answer.json {_format_url(spec)} \\
{_format_headers(spec)}  -F "{spec.vendor.photo_part}=@photo.jpg" {fields}
"""


def _format_url(spec: RequestSpec) -> str:
    query = "&".join(f"{name}=${variable}" for name, variable in spec.query.items())
    return f'"{_escape_quoted(spec.url)}{"?" if query else ""}{query}"'


def _format_headers(spec: RequestSpec) -> str:
    return "".join(f'  -H "{name}: ${variable}" \\\n' for name, variable in spec.headers.items())


def _format_member(value: Any) -> str:
    """Render a value; a list has a line for each item."""
    if not isinstance(value, list):
        return to_literal(value)
    return "[\n" + ",\n".join(f"    {to_literal(item)}" for item in value) + "\n  ]"


def _escape_quoted(text: str) -> str:
    """Escape `text` for double quotes."""
    return re.sub(r'([\\$`"])', r"\\\1", text)


def _escape_heredoc(text: str) -> str:
    """Escape `text` for a here-document, where quotes have no meaning."""
    return re.sub(r"([\\$`])", r"\\\1", text)
