"""A call in JavaScript, for Node.js: fetch and nothing else. For this package alone."""

from .call import Call, literal, properties

HEAD = """\
// {title}: photo.jpg in, result.jpg out. For Node.js 18 or newer; save it as call.mjs
import {{ readFile, writeFile }} from "node:fs/promises";
"""
FAILED = """\
} catch {
  console.error(`HTTP ${response.status}: ${text}`);
  process.exit(1);
}
"""


def meitu(call: Call) -> str:
    """JSON there, JSON back."""
    keys = "\n".join(f"  {name}: process.env.{variable}," for name, variable in call.keys.items())
    return f"""\
{HEAD.format(title=call.title)}
const keys = new URLSearchParams({{
{keys}
}});
const response = await fetch(`{_template(call.url)}?${{keys}}`, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify({{
    parameter: {properties(call.fields)},
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
{FAILED}
let result = Buffer.from(picture, "base64");
if (picture.startsWith("http")) {{
  const file = await fetch(picture);
  if (!file.ok) throw new Error(`HTTP ${{file.status}} at the picture's link`);
  result = file.body;
}}
await writeFile("result.jpg", result);
"""


def ailab(call: Call) -> str:
    """A form there, a link back."""
    keys = "\n".join(f'    "{name}": process.env.{variable},' for name, variable in call.keys.items())
    fields = "\n".join(f"form.append({literal(name)}, {literal(value)});" for name, value in call.texts.items())
    return f"""\
{HEAD.format(title=call.title)}
const form = new FormData();
form.append("image", new Blob([await readFile("photo.jpg")], {{ type: "image/jpeg" }}), "photo.jpg");
{fields}
const response = await fetch({literal(call.url)}, {{
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
{FAILED}
const picture = await fetch(link);
if (!picture.ok) throw new Error(`HTTP ${{picture.status}} at the picture's link`);
await writeFile("result.jpg", picture.body);
"""


def _template(text: str) -> str:
    return text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
