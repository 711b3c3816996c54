"""`DIALECTS`: the server side of each vendor's API, the module of this package that is named like the vendor's id."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, cast

from starlette.requests import Request
from starlette.responses import Response

from ..domain.model import Endpoint
from ..domain.vendor_codes import VendorCode
from ..vendors import VENDORS


class Dialect(Protocol):
    """The server side of one vendor's API."""

    async def handle(self, request: Request, endpoint: Endpoint) -> Response:
        """Answer one call; every failure has the vendor's own code."""

    def failure_answer(self, slug: str, detail: str = "") -> Response:
        """The vendor's answer for an error's slug."""

    def vendor_answer(self, code: VendorCode, detail: str = "") -> Response:
        """The vendor's answer with one of its codes."""

    def change_base64(self, body: dict[str, Any], change: Callable[[str], str]) -> None:
        """Change the base64 text of a successful answer, if it has one."""

    def set_link(self, body: dict[str, Any], link: str) -> None:
        """Replace a successful answer's result with a link."""


DIALECTS = {vendor_id: cast(Dialect, import_module(f"{__package__}.{vendor_id}")) for vendor_id in VENDORS}
