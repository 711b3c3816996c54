"""Section api: what the page and programs find: functions, components, events, words for the browser, MCP's tools."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from .plain import digest, plain, write
from .process import DEMO, running
from .vendor import AILAB_KEY, KEYS

# Numbers, and names that Gradio makes from those of functions and classes.
INNER = {"id", "targets", "inputs", "outputs", "api_name", "component_class_id", "key", "rendered_in", "render_id",
         "cancels", "trigger_after"}  # fmt: skip
BESIDE = {"components", "dependencies", "layout", "page", "head", "root", "i18n_translations"}
OTHER = {"MEITU_TEMPLATE_IDS": "mine", "FAILURE_LAB": "off", "MIRROR": "off", "PHOTO_URLS": "off"}


def record(folder: Path, baseline: Path) -> None:
    """Without keys; and with keys and other settings that the page shows."""
    for suffix, settings in (("", {}), ("_live", {**KEYS, **AILAB_KEY, **OTHER})):
        with running(*DEMO, MCP="on", **settings) as demo:
            config, info, openapi = (
                httpx.get(f"{demo.url}/{path}", timeout=30, trust_env=False)
                for path in ("config", "gradio_api/info", "gradio_api/openapi.json")
            )
            found = {**_page(config.json()), "info": info.json(), "mcp": asyncio.run(_tools(demo.url))}
            found["openapi"] = digest(plain(openapi.text))
            for name, value in found.items():
                write(folder / f"{name}{suffix}.json", plain(value))


def _page(config: dict[str, Any]) -> dict[str, Any]:
    """The config in parts, with elements' names in place of numbers."""
    names, count, events = {}, Counter[str](), {event["id"]: event for event in config["dependencies"]}
    for part in config["components"]:
        count[part["type"]] += 1
        names[part["id"]] = part["props"].get("elem_id") or f"{part['type']} {count[part['type']]}"

    def targets(number: int) -> list[str]:
        return [f"{names.get(part, 'page')}.{kind}" for part, kind in events[number]["targets"]]

    def told(event: dict[str, Any]) -> dict[str, Any]:
        sides = {side: [names[part] for part in event[side]] for side in ("inputs", "outputs")}
        public = {"api_name": event["api_name"]} if event["api_visibility"] != "private" else {}
        after = [] if event["trigger_after"] is None else targets(event["trigger_after"])
        others = {"cancels": [targets(number) for number in event["cancels"]], "trigger_after": after}
        return {"targets": targets(event["id"]), **sides, **public, **_without(event, INNER), **others}

    return {
        "components": [{"name": names[part["id"]], **_without(part, INNER)} for part in config["components"]],
        "layout": _tree(config["layout"], names),
        "events": [told(event) for event in events.values()],
        "page": _without(config, BESIDE),
        "i18n": config["i18n_translations"],
    }


def _without(found: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


def _tree(node: dict[str, Any], names: dict[int, str], depth: int = 0) -> list[str]:
    below = [line for child in node.get("children", []) for line in _tree(child, names, depth + 1)]
    return [" " * depth + names.get(node["id"], "page"), *below]


async def _tools(url: str) -> dict[str, Any]:
    way = streamable_http_client(f"{url}/mcp")
    async with way as (incoming, outgoing, _), ClientSession(incoming, outgoing) as session:
        found = [await session.initialize(), await session.list_tools(), await session.call_tool("face_fuse", {})]
        return {
            name: it.model_dump(mode="json") for name, it in zip(("server", "tools", "no photo"), found, strict=True)
        }
