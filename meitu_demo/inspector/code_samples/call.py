"""`RequestSpec`: the data of a call that the code samples need, and literals for its values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...domain.model import Endpoint, Values
from ...domain.translations import translate
from ...vendors import VENDORS, Vendor

PHOTO_PLACEHOLDER = "<photo>"  # stands for the base64 text in a JSON body
PHOTO_LITERAL = json.dumps(PHOTO_PLACEHOLDER)


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """A call to write as code.

    title: the effect's name. fields: the wire fields except the photo. query, headers: names of the key fields there,
    with their environment variables.
    """

    vendor: Vendor
    title: str
    url: str
    fields: Mapping[str, Any]
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @classmethod
    def from_endpoint(cls, endpoint: Endpoint, values: Values, url: str, *, marketplace: bool) -> "RequestSpec":
        """The spec of a call of `endpoint` with `values` at `url`. Raises ValueRejected."""
        vendor = VENDORS[endpoint.vendor_id]
        keys = vendor.get_keys(marketplace=marketplace)
        return cls(
            vendor,
            translate(f"panels.{endpoint.id}.tab", "en"),  # a comment in a program is English
            url,
            endpoint.build_wire_fields(endpoint.validate(values)),
            query={key.name: key.setting for key in keys if not key.is_header},
            headers={key.name: key.setting for key in keys if key.is_header},
        )

    @property
    def json_body(self) -> Mapping[str, Any] | None:
        """The JSON body with PHOTO_PLACEHOLDER for the photo; None for a form."""
        return self.vendor.build_body(self.fields, PHOTO_PLACEHOLDER) if self.vendor.build_body else None

    @property
    def form_fields(self) -> dict[str, str]:
        """The fields as texts, for a form."""
        return {name: str(value) for name, value in self.fields.items()}

    @property
    def result_name(self) -> str:
        """The name of the program's variable that holds the result."""
        return "link" if self.vendor.always_links else "picture"


def to_literal(value: Any) -> str:
    """`value` as JSON, which is valid in Python and JavaScript as well: texts, numbers, lists and objects."""
    return json.dumps(value)


def to_js_literal(value: Any) -> str:
    """`value` in JavaScript: `{ name: "value" }`."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{to_js_key(name)}: {to_js_literal(member)}" for name, member in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return to_literal(value)


def to_js_key(name: str) -> str:
    """A property's name, in quotes where it needs them."""
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII) else to_literal(name)
