"""HTML from the Jinja2 templates in `templates/`. All values are escaped, except `Markup`, which is rendered HTML.

Each file has macros, one for each piece of HTML. In a template, `t("dotted.key", name=…)` is a text of `locales/` in
the language `language`.
"""

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..domain.translations import translate

EMPTY_HTML = Markup()
UNSTYLED: dict[str, Any] = {"elem_classes": "unstyled", "apply_default_css": False}  # of a gr.HTML: our styles alone
_environment = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True, auto_reload=False,
)  # fmt: skip


def render(name: str, language: str = "", /, **values: object) -> Markup:
    """The macro `name` ("file.macro") with `values` as its arguments. language: for macros with texts.

    Raises jinja2.UndefinedError for a missing argument, TypeError for an unknown one and KeyError for an unknown text.
    """
    file, _, macro = name.partition(".")
    return Markup(getattr(_load_macros(file, language), macro)(**values))


def encode_data_url(picture: bytes | None) -> str:
    """A data URL of a JPEG; "" for None."""
    return f"data:image/jpeg;base64,{b64encode(picture).decode()}" if picture else ""


@cache
def _load_macros(file: str, language: str) -> Any:
    def get_text(key: str, **params: object) -> str:
        return translate(key, language, **params)

    return _environment.get_template(f"{file}.html").make_module({"t": get_text, "language": language})
