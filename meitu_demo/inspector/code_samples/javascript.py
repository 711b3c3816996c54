"""Renders a call as JavaScript for Node.js, without dependencies."""

from collections.abc import Mapping
from typing import Any

from .call import PHOTO_LITERAL, RequestSpec, to_js_key, to_js_literal, to_literal

FAILURE_BLOCK = """\
} catch {
  console.error(`HTTP ${response.status}: ${text}`);
  process.exit(1);
}
"""
LINK_DOWNLOAD = """\
const picture = await fetch(link);
if (!picture.ok) throw new Error(`HTTP ${picture.status} at the picture's link`);
await writeFile("result.jpg", picture.body);
"""
PICTURE_DOWNLOAD = """\
let result = Buffer.from(picture, "base64");
if (picture.startsWith("http")) {
  const file = await fetch(picture);
  if (!file.ok) throw new Error(`HTTP ${file.status} at the picture's link`);
  result = file.body;
}
await writeFile("result.jpg", result);
"""


def render_javascript(spec: RequestSpec) -> str:
    body, name = spec.json_body, spec.result_name
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in spec.vendor.reply_path)
    return f"""\
// {spec.title}: photo.jpg in, result.jpg out. For Node.js 18 or newer; save it as call.mjs
import {{ readFile, writeFile }} from "node:fs/promises";

{_format_query(spec)}{_render_form_request(spec) if body is None else _render_json_request(spec, body)}\
const text = await response.text();

let {name};
try {{
  {name} = JSON.parse(text){path}.trim();
{FAILURE_BLOCK}\
{LINK_DOWNLOAD if spec.vendor.always_links else PICTURE_DOWNLOAD}"""


def _render_json_request(spec: RequestSpec, body: Mapping[str, Any]) -> str:
    keys = "".join(f', "{name}": process.env.{variable}' for name, variable in spec.headers.items())
    members = "".join(f"    {to_js_key(name)}: {_format_member(value)},\n" for name, value in body.items())
    return f"""\
const response = await fetch({_format_url(spec)}, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json"{keys} }},
  body: JSON.stringify({{
{members.replace(PHOTO_LITERAL, 'await readFile("photo.jpg", "base64")')}  }}),
}});
"""


def _render_form_request(spec: RequestSpec) -> str:
    keys = "".join(f'    "{name}": process.env.{variable},\n' for name, variable in spec.headers.items())
    headers = f"  headers: {{\n{keys}  }},\n" if keys else ""
    fields = "".join(
        f"form.append({to_literal(name)}, {to_literal(value)});\n" for name, value in spec.form_fields.items()
    )
    part = to_literal(spec.vendor.photo_part)
    return f"""\
const form = new FormData();
form.append({part}, new Blob([await readFile("photo.jpg")], {{ type: "image/jpeg" }}), "photo.jpg");
{fields}const response = await fetch({_format_url(spec)}, {{
  method: "POST",
{headers}  body: form,
}});
"""


def _format_query(spec: RequestSpec) -> str:
    keys = "".join(f"  {to_js_key(name)}: process.env.{variable},\n" for name, variable in spec.query.items())
    return f"const keys = new URLSearchParams({{\n{keys}}});\n" if keys else ""


def _format_url(spec: RequestSpec) -> str:
    if not spec.query:
        return to_literal(spec.url)
    escaped = spec.url.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    return f"`{escaped}?${{keys}}`"


def _format_member(value: Any) -> str:
    """Render a value; a list has a line for each item."""
    if not isinstance(value, list):
        return to_js_literal(value)
    return "[\n" + "".join(f"      {to_js_literal(item)},\n" for item in value) + "    ]"
