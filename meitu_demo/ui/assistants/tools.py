"""Each endpoint as a tool: name, description and schema follow from its declaration. Pure."""

from collections.abc import Mapping
from typing import Any

from mcp.types import Tool, ToolAnnotations

from ...spec import Choice, Control, Endpoint, ShapeMenu, Strength, TemplateGallery
from ...tables import load_shapes
from ...words import translate
from ..context import Context
from ..panel.controls import TemplatePicks

SWITCHES = ("consent", "again")
PHOTOS = ("photo", "photo_upload", "photo_url")  # the ways in which a photo may be handed over


def photo_ways(context: Context) -> tuple[str, ...]:
    """Those that are open here: an address of the web only where the owner's settings allow that."""
    return PHOTOS if context.settings.photo_urls else PHOTOS[:2]


def tool(context: Context, endpoint: Endpoint) -> Tool:
    """What an assistant is told of `endpoint`, with the route that its calls take at present."""
    live = context.routes.is_live(endpoint.provider)
    recipient = context.settings.recipient(endpoint.provider)
    way = say("live", recipient=recipient) if live else say("offline")
    return Tool(
        name=endpoint.id,
        title=translate(f"panels.{endpoint.id}.tab", "en"),
        description=f"{translate(f'api.{endpoint.id}', 'en')} {say('photo_once')} {way}",
        inputSchema={
            "type": "object",
            "properties": _properties(context, endpoint),
            "required": [control.name for control in endpoint.controls if _is_required(control)],
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(readOnlyHint=False, destructiveHint=False, openWorldHint=live),
    )


def say(key: str, /, **facts: object) -> str:
    """Words for assistants, which are written in English for all."""
    return translate(f"mcp.{key}", "en", **facts)


def _properties(context: Context, endpoint: Endpoint) -> dict[str, Mapping[str, Any]]:
    picks = TemplatePicks.collect(context.settings.meitu_template_ids)
    switches = {name: {"type": "boolean", "default": False} for name in SWITCHES}
    return {
        **{name: {"type": "string", "description": say(name)} for name in photo_ways(context)},
        **{control.name: _of(control, picks) for control in endpoint.controls},
        **{name: {**kind, "description": translate(f"api.{name}", "en")} for name, kind in switches.items()},
    }


def _of(control: Control, picks: TemplatePicks) -> Mapping[str, Any]:
    about = translate(f"api.{control.name}", "en")
    if isinstance(control, Strength):
        return {
            "type": "number", "minimum": control.low, "maximum": control.high, "default": control.default,
            "description": about,
        }  # fmt: skip
    default = {} if control.required else {"default": control.default}
    if isinstance(control, TemplateGallery):  # open: partners have IDs of their own
        names = {key: info.name["en"] for key, info in zip(picks.ids, picks.pictures, strict=False)}
        listed = "; ".join(f"{key} = {names[key]}" if key in names else key for key in picks.ids)
        about = say(control.name, listed=listed)
        return {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$", "description": about, **default}
    if isinstance(control, ShapeMenu):
        about = say(control.name, listed="; ".join(f"{shape.id} = {_shape(shape.key)}" for shape in load_shapes()))
    if control.is_numeric:
        return {"type": "integer", "enum": [int(option) for option in control.options], "description": about, **default}
    return {"type": "string", "enum": list(control.options), "description": about, **default}


def _shape(key: str) -> str:
    effect = translate(f"shapes.{key}.effect", "en")
    return f"{translate(f'shapes.{key}.name', 'en')}: {effect[:1].lower()}{effect[1:].rstrip('.')}"


def _is_required(control: Control) -> bool:
    return isinstance(control, Choice) and control.required
