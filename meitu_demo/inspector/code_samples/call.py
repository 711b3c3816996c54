"""What the programs of one call have in common. Imports `spec` and `words`; for this package alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...domain.model import Endpoint, Values
from ...domain.translations import translate
from ..credentials_filter import get_key_variables


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """title: the effect's name. fields: on the wire, beside the photo. keys: environment variables by where they go."""

    title: str
    url: str
    fields: Mapping[str, Any]
    keys: Mapping[str, str]

    @classmethod
    def from_endpoint(cls, endpoint: Endpoint, values: Values, url: str, *, marketplace: bool) -> "RequestSpec":
        """As `endpoint` declares it. Raises ValueRejected."""
        checked = endpoint.validate(values)
        control_fields = {control.wire_name: checked[control.name] for control in endpoint.controls}
        title = translate(f"panels.{endpoint.id}.tab", "en")  # a comment in a program is English
        keys = get_key_variables(endpoint.provider, marketplace=marketplace)
        return cls(title, url, {**endpoint.constant_fields, **control_fields}, keys)

    @property
    def form_fields(self) -> dict[str, str]:
        """The fields as a form holds them."""
        return {name: str(value) for name, value in self.fields.items()}


def to_literal(value: Any) -> str:
    """`value` as it is written in JSON, Python and JavaScript alike: texts and numbers, and objects of them."""
    return json.dumps(value)


def to_js_object(values: Mapping[str, Any]) -> str:
    """`{ name: "value" }` as JavaScript's programmers write it."""
    inner = ", ".join(f"{_to_js_key(name)}: {to_literal(value)}" for name, value in values.items())
    return f"{{ {inner} }}" if inner else "{}"


def escape_shell(text: str) -> str:
    """`text` within double quotes or a here-document."""
    return re.sub(r'([\\$`"])', r"\\\1", text)


def escape_heredoc(text: str) -> str:
    """`text` within a here-document, where quotes mean nothing."""
    return re.sub(r"([\\$`])", r"\\\1", text)


def _to_js_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII) else to_literal(name)
