"""Each endpoint as a tool: name, description and schema follow from its declaration. Pure."""

from collections.abc import Mapping
from typing import Any

from mcp.types import Tool, ToolAnnotations

from ...domain.model import Choice, Control, Endpoint, ShapeMenu, Strength, TemplateGallery
from ...domain.translations import translate
from ...domain.vendor_codes import load_shapes
from ..context import Context
from ..panel.controls import TemplateOptions

BOOLEAN_PARAMETERS = ("consent", "again")
PHOTO_PARAMETERS = ("photo", "photo_upload", "photo_url")  # the ways in which a photo may be handed over


def list_photo_parameters(context: Context) -> tuple[str, ...]:
    """Those that are open here: an address of the web only where the owner's settings allow that."""
    return PHOTO_PARAMETERS if context.settings.photo_urls else PHOTO_PARAMETERS[:2]


def build_tool(context: Context, endpoint: Endpoint) -> Tool:
    """What an assistant is told of `endpoint`, with the route that its calls take at present."""
    is_live = context.service.targets.is_live(endpoint.provider)
    recipient = context.settings.recipient(endpoint.provider)
    target_text = translate_for_mcp("live", recipient=recipient) if is_live else translate_for_mcp("offline")
    return Tool(
        name=endpoint.id,
        title=translate(f"panels.{endpoint.id}.tab", "en"),
        description=f"{translate(f'api.{endpoint.id}', 'en')} {translate_for_mcp('photo_once')} {target_text}",
        inputSchema={
            "type": "object",
            "properties": _build_properties(context, endpoint),
            "required": [control.name for control in endpoint.controls if _is_required(control)],
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(readOnlyHint=False, destructiveHint=False, openWorldHint=is_live),
    )


def translate_for_mcp(key: str, /, **params: object) -> str:
    """Words for assistants, which are written in English for all."""
    return translate(f"mcp.{key}", "en", **params)


def _build_properties(context: Context, endpoint: Endpoint) -> dict[str, Mapping[str, Any]]:
    picks = TemplateOptions.collect(context.settings.meitu_template_ids)
    switches = {name: {"type": "boolean", "default": False} for name in BOOLEAN_PARAMETERS}
    return {
        **{name: {"type": "string", "description": translate_for_mcp(name)} for name in list_photo_parameters(context)},
        **{control.name: _build_control_schema(control, picks) for control in endpoint.controls},
        **{name: {**schema, "description": translate(f"api.{name}", "en")} for name, schema in switches.items()},
    }


def _build_control_schema(control: Control, picks: TemplateOptions) -> Mapping[str, Any]:
    description = translate(f"api.{control.name}", "en")
    if isinstance(control, Strength):
        return {
            "type": "number", "minimum": control.low, "maximum": control.high, "default": control.default,
            "description": description,
        }  # fmt: skip
    default = {} if control.required else {"default": control.default}
    if isinstance(control, TemplateGallery):  # open: partners have IDs of their own
        names = {key: info.name["en"] for key, info in zip(picks.ids, picks.infos, strict=False)}
        options_text = "; ".join(f"{key} = {names[key]}" if key in names else key for key in picks.ids)
        description = translate_for_mcp(control.name, listed=options_text)
        return {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$", "description": description, **default}
    if isinstance(control, ShapeMenu):
        description = translate_for_mcp(
            control.name, listed="; ".join(f"{shape.id} = {_describe_shape(shape.key)}" for shape in load_shapes())
        )
    if control.is_numeric:
        return {
            "type": "integer",
            "enum": [int(option) for option in control.options],
            "description": description,
            **default,
        }
    return {"type": "string", "enum": list(control.options), "description": description, **default}


def _describe_shape(key: str) -> str:
    effect = translate(f"shapes.{key}.effect", "en")
    return f"{translate(f'shapes.{key}.name', 'en')}: {effect[:1].lower()}{effect[1:].rstrip('.')}"


def _is_required(control: Control) -> bool:
    return isinstance(control, Choice) and control.required
