"""What every panel and API function needs, handed to them by `ui.app.build`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import httpx

from .. import service
from ..service import Outcome, Step
from ..spec import Endpoint, Values
from ..store import PictureStore
from ..transport import Routes
from . import doors
from .visitors import visitor_of

if TYPE_CHECKING:
    from ..accounts import Accounts


@dataclass(frozen=True, slots=True)
class Context:
    """The app's one client, its routes, the pictures it shows, and the folder that uploads land in."""

    client: httpx.AsyncClient
    routes: Routes
    pictures: PictureStore
    uploads: Path
    accounts: "Accounts | None" = None  # there where a live route is

    def visitor(self, request: gr.Request | None) -> str:
        """Whom a call of `request` is counted against."""
        return visitor_of(request, self.accounts)

    async def call(
        self,
        endpoint: Endpoint,
        payload: object,
        values: Values,
        *,
        offline: bool = False,
        watch: Callable[[Step], None] = lambda step: None,
        visitor: str = "",
    ) -> Outcome:
        """One call with an upload as its photo, for panel and API alike. Raises any DemoError.

        visitor: whom a paid call is counted against.
        """
        routes = self.routes
        route = routes.offline(endpoint.provider) if offline else routes.choose(endpoint.provider)
        source = await doors.read_upload(payload, self.uploads)
        pay = partial(self.accounts.pay, visitor=visitor) if self.accounts else None
        return await service.run(self.client, route, endpoint, source, values, watch=watch, pay=pay)
