"""MCP tools: name, description and schema of each are derived from the endpoint's declaration."""

from collections.abc import Mapping
from typing import Any

from mcp.types import Tool, ToolAnnotations

from ...domain.model import Endpoint
from ...domain.translations import translate
from ..api import describe_consent
from ..context import Context

BOOLEAN_PARAMETERS = ("consent", "again")
PHOTO_PARAMETERS = ("photo", "photo_upload", "photo_url")  # a call gives exactly one


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
