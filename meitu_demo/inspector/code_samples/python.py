"""Renders a call as Python with httpx."""

from collections.abc import Mapping
from textwrap import indent
from typing import Any

from .call import PHOTO_LITERAL, RequestSpec, to_literal

FAILURE_BLOCK = """\
except (ValueError, LookupError, TypeError):
    sys.exit(f"HTTP {response.status_code}: {response.text}")
"""
LINK_DOWNLOAD = """\
picture = httpx.get(link, timeout=60).raise_for_status()
Path("result.jpg").write_bytes(picture.content)
"""
PICTURE_DOWNLOAD = """\
if picture.startswith("http"):
    result = httpx.get(picture, timeout=60).raise_for_status().content
else:
    result = base64.b64decode(picture)
Path("result.jpg").write_bytes(result)
"""


def render_python(spec: RequestSpec) -> str:
    body = spec.json_body
    uses_base64 = body is not None or not spec.vendor.always_links
    imports = "".join(f"import {name}\n" for name in (*(["base64"] if uses_base64 else []), "os", "sys"))
    path = "".join(f"[{to_literal(key)}]" for key in spec.vendor.reply_path)
    return f'''\
"""{spec.title}: photo.jpg in, result.jpg out."""

{imports}from pathlib import Path

import httpx

{_render_form_request(spec) if body is None else _render_json_request(spec, body)}\
try:
    {spec.result_name} = response.json(){path}
{FAILURE_BLOCK}\
{LINK_DOWNLOAD if spec.vendor.always_links else PICTURE_DOWNLOAD}'''


def _render_json_request(spec: RequestSpec, body: Mapping[str, Any]) -> str:
    members = "".join(f"        {to_literal(name)}: {to_literal(value)},\n" for name, value in body.items())
    return f"""\
photo = base64.b64encode(Path("photo.jpg").read_bytes()).decode()
response = httpx.post(
    {to_literal(spec.url)},
{_format_keys(spec)}    json={{
{members.replace(PHOTO_LITERAL, "photo")}    }},
    timeout=90,
)
"""


def _render_form_request(spec: RequestSpec) -> str:
    return f"""\
with open("photo.jpg", "rb") as photo:
    response = httpx.post(
        {to_literal(spec.url)},
{indent(_format_keys(spec), "    ")}        data={to_literal(spec.form_fields)},
        files={{{to_literal(spec.vendor.photo_part)}: photo}},
        timeout=90,
    )
"""


def _format_keys(spec: RequestSpec) -> str:
    query = "".join(f'        "{name}": os.environ["{variable}"],\n' for name, variable in spec.query.items())
    headers = ", ".join(f'"{name}": os.environ["{variable}"]' for name, variable in spec.headers.items())
    query_argument = f"    params={{\n{query}    }},\n" if query else ""
    return query_argument + (f"    headers={{{headers}}},\n" if headers else "")
