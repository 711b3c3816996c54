"""A call as a POSIX shell's: curl, base64 and sed. For this package alone."""

from .call import RequestSpec, escape_heredoc, escape_shell, to_literal


def render_meitu(spec: RequestSpec) -> str:
    """JSON there, JSON back. What curl says of a file it reads by `-d @`: it leaves out line breaks."""
    query = "&".join(f"{name}=${variable}" for name, variable in spec.keys.items())
    return f"""\
#!/bin/sh
# {spec.title}: photo.jpg in, result.jpg out
set -eu

photo=$(base64 <photo.jpg)

# -d leaves out line breaks, those of base64 among them
curl -sS -o answer.json -d @- -H "Content-Type: application/json" \\
  "{escape_shell(spec.url)}?{query}" <<JSON
{{
  "parameter": {escape_heredoc(to_literal(spec.fields))},
  "extra": {{}},
  "media_info_list": [
    {{"media_data": "$photo", "media_profiles": {{"media_data_type": "jpg"}}}}
  ]
}}
JSON

picture=$(sed -n 's/.*"media_data": *"\\([^"]*\\)".*/\\1/p' answer.json | tr -d '\\\\')
case $picture in
  http*) curl -fsS -o result.jpg "$picture" ;;
  ?*) printf %s "$picture" | base64 -d >result.jpg ;;
  *) cat answer.json >&2; exit 1 ;;
esac
"""


def render_ailab(spec: RequestSpec) -> str:
    """A form there, a link back."""
    headers = " \\\n".join(f'  -H "{name}: ${variable}"' for name, variable in spec.keys.items())
    fields = " ".join(f'-F "{escape_shell(name)}={escape_shell(value)}"' for name, value in spec.form_fields.items())
    return f"""\
#!/bin/sh
# {spec.title}: photo.jpg in, result.jpg out
set -eu

curl -sS -o answer.json "{escape_shell(spec.url)}" \\
{headers} \\
  -F "image=@photo.jpg" {fields}

link=$(sed -n 's/.*"image_url": *"\\([^"]*\\)".*/\\1/p' answer.json | tr -d '\\\\')
if [ -z "$link" ]; then
  cat answer.json >&2
  exit 1
fi
curl -fsS -o result.jpg "$link"
"""
