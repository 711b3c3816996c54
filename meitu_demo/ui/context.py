"""What every panel and API function needs, handed to them by `ui.app.build`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from .. import service
from ..service import Outcome, Step
from ..spec import Endpoint, Values
from ..store import PictureStore
from ..transport import Routes
from . import doors


@dataclass(frozen=True, slots=True)
class Context:
    """The app's one client, its routes, the pictures it shows, and the folder that uploads land in."""

    client: httpx.AsyncClient
    routes: Routes
    pictures: PictureStore
    uploads: Path

    async def call(
        self,
        endpoint: Endpoint,
        payload: object,
        values: Values,
        *,
        offline: bool = False,
        watch: Callable[[Step], None] = lambda step: None,
    ) -> Outcome:
        """One call with an upload as its photo, for panel and API alike. Raises any DemoError."""
        routes = self.routes
        route = routes.offline(endpoint.provider) if offline else routes.choose(endpoint.provider)
        source = await doors.read_upload(payload, self.uploads)
        return await service.run(self.client, route, endpoint, source, values, watch=watch)
