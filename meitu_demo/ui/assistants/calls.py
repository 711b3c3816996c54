"""A tool's call: the photo by one of its ways, the stations of every call, and a result for an assistant."""

import base64
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp.types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent
from pydantic import AnyUrl
from starlette.requests import Request

from ... import journal, links
from ...desk import FORCE_ANY, FORCE_NONE, CallHandle
from ...errors import DemoError, ImageRejected, LinkRejected, ValueRejected
from ...explain import explain
from ...imaging import codec, cores
from ...provenance import embed_provenance, read_provenance
from ...redaction import format_stack_trace, redact
from ...service import CallResult
from ...spec import Endpoint, ImageLimits
from ...words import match_language, translate
from ..api import report
from ..context import Context
from ..guard import doors
from ..guard.visitors import COOKIE
from ..result import delivery
from ..result.naming import file_name
from ..result.pictures import DOWNLOAD_PATH
from ..result.stage import step_text
from ..visits import Visit
from .entrance import GIVEN, Given
from .tools import SWITCHES, photo_ways, say

log = logging.getLogger(__name__)
# What an assistant looks at; the whole picture is behind a link. Clients hold a tool's answer to about a megabyte.
SHOWN = ImageLimits(min_side_px=1, max_side_px=1280, max_bytes=400_000)


class _Ended(Exception):
    """The session was ended while its call was under way."""


Tell = Callable[[str], Awaitable[None]]


async def call(context: Context, endpoint: Endpoint, request: Request, tell: Tell) -> CallToolResult:
    """Make the call that `request` asks for. `tell` hears where it is. A failure is a result, too: its explanation."""
    given: Given = request.scope[GIVEN]
    language = match_language(request.headers.get("accept-language"))
    paid = context.routes.is_live(endpoint.provider)
    try:
        visit = _visit(given, request)
        arguments = _known(context, endpoint, given.arguments)
        source = await _photo(context, arguments, visit)
        ticket = await context.start(
            endpoint,
            source,
            {name: value for name, value in arguments.items() if name not in (*photo_ways(context), *SWITCHES)},
            route=context.routes.resolve(endpoint.provider),
            visit=visit,
            consent=arguments.get("consent") is True,
            again=FORCE_ANY if arguments.get("again") is True else FORCE_NONE,
        )
        try:
            outcome = await _watch(ticket, endpoint, tell, language, paid=paid)
        finally:
            ticket.release()
        return await _result(context, outcome, visit, request, language, ticket)
    except _Ended:
        return failed(say("stopped"))
    except Exception as error:
        journal.log_unattributed_failure(error, endpoint.id)
        if not isinstance(error, DemoError):
            log.error("%s failed\n%s", endpoint.id, format_stack_trace(error))
        return failed(explain(error, language, is_billable=paid).as_text())


def failed(words: str) -> CallToolResult:
    """A result that is none, and why."""
    return CallToolResult(content=[TextContent(type="text", text=words)], isError=True)


def _visit(given: Given, request: Request) -> Visit:
    peer = request.client.host if request.client else ""
    return Visit(given.session, request.cookies.get(COOKIE), peer, request.headers.get("x-forwarded-for", ""))


def _known(context: Context, endpoint: Endpoint, arguments: object) -> Mapping[str, Any]:
    """The arguments, none of which the tool does not have. Raises ValueRejected: a slip in a name is told as that."""
    names = [*photo_ways(context), *(control.name for control in endpoint.controls), *SWITCHES]
    given = {} if arguments is None else arguments
    wrong = next((name for name in given if name not in names), "") if isinstance(given, dict) else "arguments"
    if wrong or not isinstance(given, dict):
        raise ValueRejected(control="arguments", value=redact(str(wrong))[:64], allowed=", ".join(names))
    return given


async def _photo(context: Context, arguments: Mapping[str, Any], visit: Visit) -> bytes:
    """The photo's bytes, by the one way that is named. Raises ImageRejected or ValueRejected."""
    ways = photo_ways(context)
    named = [way for way in ways if arguments.get(way) not in (None, "")]
    if not named:
        raise ImageRejected("photo_missing")
    if len(named) > 1:
        raise ValueRejected(control="photo", value=", ".join(named), allowed=" | ".join(ways))
    value = arguments[named[0]]
    if named == ["photo"]:
        return await anyio.to_thread.run_sync(doors.read_base64, value)
    if named == ["photo_upload"]:
        return await context.read({"path": value, "meta": {"_type": "gradio.FileData"}}, visit)
    try:
        return await links.download_photo(context.client, value if isinstance(value, str) else "")
    except LinkRejected:
        raise ImageRejected("photo_link") from None


async def _watch(ticket: CallHandle, endpoint: Endpoint, tell: Tell, language: str, *, paid: bool) -> CallResult:
    provider = translate(f"providers.{endpoint.provider}.name", language)
    async for step, seconds in ticket.stream_progress():
        await tell(step_text(step, seconds, provider, "live" if paid else "offline", language))
    if ticket.abandoned:
        raise _Ended
    return await ticket.result()


async def _result(
    context: Context, outcome: CallResult, visit: Visit, request: Request, language: str, ticket: CallHandle
) -> CallToolResult:
    """A picture to look at, a link to the whole one, and the report, as text and as data."""
    visible = context.settings.visible_label
    master, shown = await cores.run_in_worker(_draw, outcome, language, visible)
    if ticket.abandoned:  # whoever has deleted everything must find nothing new
        raise _Ended
    name = file_name(outcome)
    link = _link(request, f"{DOWNLOAD_PATH}/{context.pictures.put(master, visit.session)}/{name}")
    told = report(outcome, language, context.settings.keep_minutes, repeated=ticket.is_duplicate) | {
        "picture": str(link)
    }
    content: list[ContentBlock] = [
        ImageContent(type="image", data=shown, mimeType="image/jpeg"),
        ResourceLink(type="resource_link", uri=link, name=name, mimeType=codec.sniff(master)),
        TextContent(type="text", text=json.dumps(told, ensure_ascii=False)),
    ]
    return CallToolResult(content=content, structuredContent=told)


def _draw(outcome: CallResult, language: str, visible: bool) -> tuple[bytes, str]:
    """The master, and a small copy of it as it leaves, in base64."""
    master = delivery.master(outcome)
    small = codec.prepare(delivery.leaving(master, language, visible=visible), SHOWN).photo.data
    mark = read_provenance(master)
    return master, base64.b64encode(embed_provenance(small, mark) if mark else small).decode("ascii")


def _link(request: Request, path: str) -> AnyUrl:
    """Where the client finds `path`. A proxy's word for our name counts where `origins` has let it through."""
    scheme, forwarded = request.scope["scheme"], request.headers.get("x-forwarded-host", "").split(",")[0].strip()
    for host in filter(None, (forwarded, request.headers.get("host", ""))):
        try:
            return AnyUrl(f"{scheme}://{host}/{path}")
        except ValueError:  # no name that a server could have
            continue
    return AnyUrl(f"{scheme}://localhost/{path}")
