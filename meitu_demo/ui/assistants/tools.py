"""MCP tools: their names, descriptions and schemas, derived from the endpoints' declarations, and their calls."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp.types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent, Tool, ToolAnnotations
from pydantic import AnyUrl
from starlette.requests import Request

from ...calls import download
from ...calls.pipeline import CallResult
from ...calls.run_log import report_failure
from ...calls.single_flight import FORCE_ANY, FORCE_NONE, CallHandle
from ...domain.errors import ImageRejected, LinkRejected, ValueRejected
from ...domain.model import Endpoint, ImageLimits
from ...domain.translations import describe_service, translate
from ...photos import codec
from ...photos.provenance import embed_provenance, read_provenance
from ...redaction.secrets import redact
from ...runtime import cpu_slots
from ...service import Caller
from ..api import build_report, describe_consent
from ..caller import create_caller
from ..context import Context
from ..result import export
from ..result.facts import build_file_name
from ..result.pictures import DOWNLOAD_PATH
from ..result.result_view import describe_phase
from ..security import upload_validation
from ..texts import detect_language
from .http_endpoint import TOOL_REQUEST_KEY, ToolRequest

BOOLEAN_PARAMETERS = ("consent", "again")
PHOTO_PARAMETERS = ("photo", "photo_upload", "photo_url")  # a call gives exactly one
# Of the picture in the result; the full one is behind a link. Clients limit a tool's result to about a megabyte.
PREVIEW_LIMITS = ImageLimits(min_side_px=1, max_side_px=1280, max_bytes=400_000)
NotifyProgress = Callable[[str], Awaitable[None]]


class _SessionEnded(Exception):
    """The session was ended during the call."""


def list_photo_parameters(context: Context) -> tuple[str, ...]:
    """The photo parameters that the settings allow: photo_url is optional."""
    return PHOTO_PARAMETERS if context.settings.photo_urls else PHOTO_PARAMETERS[:2]


def build_tool(context: Context, endpoint: Endpoint) -> Tool:
    """The tool for `endpoint`; its description says where calls go at present."""
    is_live = context.service.targets.is_live(endpoint.vendor_id)
    recipient = context.service.targets.describe_recipient(endpoint.vendor_id)
    unpaid = "replay" if context.service.targets.is_replay else "offline"
    target_text = translate_for_mcp("live", recipient=recipient) if is_live else translate_for_mcp(unpaid)
    return Tool(
        name=endpoint.id,
        title=translate(f"panels.{endpoint.id}.tab", "en"),
        description=f"{translate(f'api.{endpoint.id}', 'en')} {translate_for_mcp('photo_once')} {target_text}",
        inputSchema={
            "type": "object",
            "properties": _build_properties(context, endpoint),
            "required": [control.name for control in endpoint.controls if control.required],
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(readOnlyHint=False, destructiveHint=False, openWorldHint=is_live),
    )


def translate_for_mcp(key: str, /, **params: object) -> str:
    """A text for assistants, always in English."""
    return translate(f"mcp.{key}", "en", **params)


def _build_properties(context: Context, endpoint: Endpoint) -> dict[str, Mapping[str, Any]]:
    template_ids = context.settings.meitu_template_ids
    is_live = context.service.targets.is_live(endpoint.vendor_id)
    switch_texts = {
        "consent": describe_consent(is_recording=context.service.targets.records_calls),
        "again": translate("api.again", "en"),
    }
    return {
        **{name: {"type": "string", "description": translate_for_mcp(name)} for name in list_photo_parameters(context)},
        **{control.name: control.build_schema(template_ids, is_live=is_live) for control in endpoint.controls},
        **{name: {"type": "boolean", "default": False, "description": text} for name, text in switch_texts.items()},
    }


async def run_tool(context: Context, endpoint: Endpoint, request: Request, notify: NotifyProgress) -> CallToolResult:
    """Make the call that `request` asks for. `notify` gets its progress. A failure is returned as an error result."""
    tool_request: ToolRequest = request.scope[TOOL_REQUEST_KEY]
    language = detect_language(request)
    service = context.service
    is_billable = service.is_billable(endpoint.vendor_id)
    handle: CallHandle | None = None
    try:
        caller = create_caller(tool_request.session_id, request)
        context.count_pictures_by_address(caller)
        arguments = _check_arguments(context, endpoint, tool_request.arguments)
        source = await _load_photo(context, arguments, caller)
        other_parameters = (*list_photo_parameters(context), *BOOLEAN_PARAMETERS)
        handle = await service.start(
            endpoint,
            source,
            {name: value for name, value in arguments.items() if name not in other_parameters},
            target=await service.choose_target(endpoint.vendor_id, payer="owner"),
            caller=caller,
            consent=arguments.get("consent") is True,
            force=FORCE_ANY if arguments.get("again") is True else FORCE_NONE,
        )
        try:
            result = await _await_with_progress(handle, endpoint, notify, language)
        finally:
            handle.release()
        return await _build_result(context, result, caller, request, language, handle)
    except _SessionEnded:
        return build_error_result(translate_for_mcp("stopped"))
    except Exception as error:
        text = report_failure(error, language, endpoint=endpoint.id, is_billable=is_billable).as_text()
        if handle and handle.call.can_refetch:
            text += " " + translate("mcp.fetch_again", language)
        return build_error_result(text)


def build_error_result(text: str) -> CallToolResult:
    """A tool's result that is an error."""
    return CallToolResult(content=[TextContent(type="text", text=text)], isError=True)


def _check_arguments(context: Context, endpoint: Endpoint, arguments: object) -> Mapping[str, Any]:
    """The arguments. Raises ValueRejected for one that the tool does not have, such as a misspelt name."""
    known_names = [
        *list_photo_parameters(context),
        *(control.name for control in endpoint.controls),
        *BOOLEAN_PARAMETERS,
    ]
    if arguments is None:
        return {}
    checked = arguments if isinstance(arguments, dict) else {"arguments": arguments}  # an unknown name
    for name in checked:
        if name not in known_names:
            raise ValueRejected(control="arguments", value=redact(name)[:64], allowed=", ".join(known_names))
    return {name: value for name, value in checked.items() if value is not None}  # null leaves the default


async def _load_photo(context: Context, arguments: Mapping[str, Any], caller: Caller) -> bytes:
    """The photo's bytes, from the one photo parameter that is given. Raises ImageRejected or ValueRejected."""
    photo_parameters = list_photo_parameters(context)
    used_parameters = [parameter for parameter in photo_parameters if arguments.get(parameter) not in (None, "")]
    if not used_parameters:
        raise ImageRejected("photo_missing")
    if len(used_parameters) > 1:
        raise ValueRejected(control="photo", value=", ".join(used_parameters), allowed=" | ".join(photo_parameters))
    value = arguments[used_parameters[0]]
    if used_parameters == ["photo"]:
        return await anyio.to_thread.run_sync(upload_validation.decode_base64_photo, value)
    if used_parameters == ["photo_upload"]:
        return await context.read_upload({"path": value, "meta": {"_type": "gradio.FileData"}}, caller)
    try:
        return await download.download_photo(context.service.client, value if isinstance(value, str) else "")
    except LinkRejected:
        raise ImageRejected("photo_link") from None


async def _await_with_progress(
    handle: CallHandle, endpoint: Endpoint, notify: NotifyProgress, language: str
) -> CallResult:
    service = describe_service(endpoint.vendor_id, handle.call.spec.target.service, language)
    async for phase, seconds in handle.stream_progress():
        await notify(describe_phase(phase, seconds, service, handle.call.spec.target.mode, language))
    if handle.abandoned:
        raise _SessionEnded
    return await handle.result()


async def _build_result(
    context: Context, result: CallResult, caller: Caller, request: Request, language: str, handle: CallHandle
) -> CallToolResult:
    """A preview, a link to the full picture, and the report, as text and as data."""
    is_label_visible = context.settings.visible_label
    master, preview = await cpu_slots.run_in_worker(_render_master_and_preview, result, language, is_label_visible)
    if handle.abandoned:  # nothing may be stored for a deleted session
        raise _SessionEnded
    name = build_file_name(result)
    token = context.pictures.put(master, caller.session_id)
    root = (context.settings.root_path or "").rstrip("/")
    link = _build_download_url(request, f"{root}/{DOWNLOAD_PATH}/{token}/{name}")
    report_data = build_report(result, language, context.settings.keep_minutes, is_duplicate=handle.is_duplicate) | {
        "picture": str(link)
    }
    content: list[ContentBlock] = [
        ImageContent(type="image", data=preview, mimeType="image/jpeg"),
        ResourceLink(type="resource_link", uri=link, name=name, mimeType=codec.sniff(master)),
        TextContent(type="text", text=json.dumps(report_data, ensure_ascii=False)),
    ]
    return CallToolResult(content=content, structuredContent=report_data)


def _render_master_and_preview(result: CallResult, language: str, is_label_visible: bool) -> tuple[bytes, str]:
    """The master, and a small labelled copy in base64."""
    master = export.unlabelled(result)
    preview = codec.prepare(
        export.for_download(master, language, visible_label=is_label_visible), PREVIEW_LIMITS
    ).photo.data
    provenance = read_provenance(master)
    return master, base64.b64encode(embed_provenance(preview, provenance) if provenance else preview).decode("ascii")


def _build_download_url(request: Request, path: str) -> AnyUrl:
    """The URL of `path` for the client. X-Forwarded-Host is trusted, because `origin_check` removes untrusted ones."""
    scheme, forwarded_host = request.scope["scheme"], request.headers.get("x-forwarded-host", "").split(",")[0].strip()
    for host in filter(None, (forwarded_host, request.headers.get("host", ""))):
        try:
            return AnyUrl(f"{scheme}://{host}{path}")
        except ValueError:  # not a valid host name
            continue
    return AnyUrl(f"{scheme}://localhost{path}")
