"""A call in JavaScript, for Node.js: fetch and nothing else. For this package alone."""

from .call import RequestSpec, to_js_object, to_literal

HEADER_TEMPLATE = """\
// {title}: photo.jpg in, result.jpg out. For Node.js 18 or newer; save it as call.mjs
import {{ readFile, writeFile }} from "node:fs/promises";
"""
FAILURE_BLOCK = """\
} catch {
  console.error(`HTTP ${response.status}: ${text}`);
  process.exit(1);
}
"""


def render_meitu(spec: RequestSpec) -> str:
    """JSON there, JSON back."""
    keys = "\n".join(f"  {name}: process.env.{variable}," for name, variable in spec.keys.items())
    return f"""\
{HEADER_TEMPLATE.format(title=spec.title)}
const keys = new URLSearchParams({{
{keys}
}});
const response = await fetch(`{_escape_template_literal(spec.url)}?${{keys}}`, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify({{
    parameter: {to_js_object(spec.fields)},
    extra: {{}},
    media_info_list: [
      {{ media_data: await readFile("photo.jpg", "base64"), media_profiles: {{ media_data_type: "jpg" }} }},
    ],
  }}),
}});
const text = await response.text();

let picture;
try {{
  picture = JSON.parse(text).media_info_list[0].media_data.trim();
{FAILURE_BLOCK}
let result = Buffer.from(picture, "base64");
if (picture.startsWith("http")) {{
  const file = await fetch(picture);
  if (!file.ok) throw new Error(`HTTP ${{file.status}} at the picture's link`);
  result = file.body;
}}
await writeFile("result.jpg", result);
"""


def render_ailab(spec: RequestSpec) -> str:
    """A form there, a link back."""
    keys = "\n".join(f'    "{name}": process.env.{variable},' for name, variable in spec.keys.items())
    fields = "\n".join(
        f"form.append({to_literal(name)}, {to_literal(value)});" for name, value in spec.form_fields.items()
    )
    return f"""\
{HEADER_TEMPLATE.format(title=spec.title)}
const form = new FormData();
form.append("image", new Blob([await readFile("photo.jpg")], {{ type: "image/jpeg" }}), "photo.jpg");
{fields}
const response = await fetch({to_literal(spec.url)}, {{
  method: "POST",
  headers: {{
{keys}
  }},
  body: form,
}});
const text = await response.text();

let link;
try {{
  link = JSON.parse(text).data.image_url.trim();
{FAILURE_BLOCK}
const picture = await fetch(link);
if (!picture.ok) throw new Error(`HTTP ${{picture.status}} at the picture's link`);
await writeFile("result.jpg", picture.body);
"""


def _escape_template_literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
