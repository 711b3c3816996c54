"""A call in Python, with httpx. For this package alone."""

from .call import RequestSpec, to_literal

FAILURE_BLOCK = """\
except (ValueError, LookupError, TypeError):
    sys.exit(f"HTTP {response.status_code}: {response.text}")
"""


def render_meitu(spec: RequestSpec) -> str:
    """JSON there, JSON back."""
    keys = "".join(f'        "{name}": os.environ["{variable}"],\n' for name, variable in spec.keys.items())
    return f'''\
"""{spec.title}: photo.jpg in, result.jpg out."""

import base64
import os
import sys
from pathlib import Path

import httpx

photo = base64.b64encode(Path("photo.jpg").read_bytes()).decode()
response = httpx.post(
    {to_literal(spec.url)},
    params={{
{keys}    }},
    json={{
        "parameter": {to_literal(spec.fields)},
        "extra": {{}},
        "media_info_list": [{{"media_data": photo, "media_profiles": {{"media_data_type": "jpg"}}}}],
    }},
    timeout=90,
)
try:
    picture = response.json()["media_info_list"][0]["media_data"]
{FAILURE_BLOCK}
if picture.startswith("http"):
    result = httpx.get(picture, timeout=60).raise_for_status().content
else:
    result = base64.b64decode(picture)
Path("result.jpg").write_bytes(result)
'''


def render_ailab(spec: RequestSpec) -> str:
    """A form there, a link back."""
    keys = ", ".join(f'"{name}": os.environ["{variable}"]' for name, variable in spec.keys.items())
    return f'''\
"""{spec.title}: photo.jpg in, result.jpg out."""

import os
import sys
from pathlib import Path

import httpx

with open("photo.jpg", "rb") as photo:
    response = httpx.post(
        {to_literal(spec.url)},
        headers={{{keys}}},
        data={to_literal(spec.form_fields)},
        files={{"image": photo}},
        timeout=90,
    )
try:
    link = response.json()["data"]["image_url"]
{FAILURE_BLOCK}
picture = httpx.get(link, timeout=60).raise_for_status()
Path("result.jpg").write_bytes(picture.content)
'''
