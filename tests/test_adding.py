"""ADDING.md tells the truth: in a copy of the project, changed as it says, endpoint, control and vendor work."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meitu_demo import ui
from meitu_demo.domain.model import Endpoint

PROJECT = Path(ui.__file__).resolve().parents[2]
ADDING = PROJECT / "meitu_demo" / "endpoints" / "ADDING.md"
BLOCK = re.compile(r"^```(python|diff|toml) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Run inside the copy: uses the endpoint, the control and the vendor through each door, and prints what it found.
PROBE = """
import asyncio, base64, json
from types import SimpleNamespace
import httpx
from fastapi.testclient import TestClient
from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.pipeline import fetch_result, prepare, send
from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain import vendor_codes
from meitu_demo.domain.errors import DemoError, ValueRejected, VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import CallTarget, Photo
from meitu_demo.domain.recipe import RecipeStep
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.inspector.capture import capture_request
from meitu_demo.inspector.code_samples import render_samples
from meitu_demo.offline import create_app as create_offline
from meitu_demo.photos import codec
from meitu_demo.redaction.secrets import redact
from meitu_demo.settings import Settings
from meitu_demo.ui.app import create_app
from meitu_demo.ui.assistants.tools import build_tool
from meitu_demo.ui.recipe.state import describe_step
from meitu_demo.ui.screens.keys import parse_keys
from meitu_demo.vendors import VENDORS

vendor_codes.check_tables()
settings = Settings.from_env({"VISIBLE_LABEL": "off"})
pixels = load_astronaut()[0:320, 60:380]
jpeg = codec.encode(pixels)
endpoint, vendor = CATALOGUE["portrait_focus"], VENDORS["pixelworks"]
found = {"catalogue": list(CATALOGUE), "vendors": list(VENDORS)}

async def post(headers={"x-pixelworks-key": "k"}, **options):
    body = {"options": options, "image": base64.b64encode(jpeg).decode()}
    transport = httpx.ASGITransport(create_offline())
    async with httpx.AsyncClient(transport=transport, base_url="http://vendor") as client:
        return await client.post(endpoint.path, headers=headers, json=body)

answer = asyncio.run(post(backdrop="grey", strength=1))
found["route"] = [answer.status_code, codec.read_size(base64.b64decode(answer.json()["result"]))]
refusals = [asyncio.run(post(backdrop="purple")), asyncio.run(post(edge=9)), asyncio.run(post(headers={}))]
found["refusals"] = [[answer.status_code, answer.json()["error"]] for answer in refusals]

key = "canary-pixelworks-key"
resolver = TargetResolver(Settings.from_env({"PIXELWORKS_API_KEY": key}))
live = resolver.resolve("pixelworks")
request = vendor.build(endpoint, live, Photo(jpeg, "image/jpeg", 320, 320), endpoint.validate({"edge_px": "3"}))
request.read()
found["live"] = {
    "url": str(request.url), "key": request.headers["x-pixelworks-key"], "billable": live.is_billable,
    "options": json.loads(request.content)["options"], "recipient": vendor.get_recipient(settings),
    "status": resolver.get_status("pixelworks").reason,
    "missing": TargetResolver(settings).get_status("pixelworks").setting,
}
found["samples"] = render_samples(endpoint, {}, live)
found["leaks"] = [name for name, text in {
    "redact": redact(f"the key is {key}"), "request": repr(capture_request(request, live)), **found["samples"],
}.items() if key in text]
found["visitor"] = [name for name in parse_keys({"pixelworks_key": "k" * 20})]
try:
    vendor.parse(httpx.Response(429, json={"error": "SLOW_DOWN"}))
except VendorError as error:
    found["explained"] = [explain(error, "en").slug, explain(error, "en").as_text()]

async def fail(fault):
    base_url = "http://offline.invalid"
    lab = create_offline(lab=True)
    target = CallTarget("pixelworks", base_url, live.credentials, is_billable=False, extra_headers={"x-fault": fault})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(lab), base_url=base_url) as client:
        try:
            prepared = await prepare(endpoint, jpeg, {})
            await fetch_result(client, target, prepared, await send(client, target, prepared))
        except DemoError as error:
            return [error.slug, error.facts.get("cause") or error.code]
found["faults"] = {
    name: asyncio.run(fail(name)) for name in ("base64_garbage", "not_an_image", "expired_link", "rate_limited_bare")
}

edge = endpoint.controls[1]
def read(value):
    try:
        return edge.validate(value)
    except ValueRejected as error:
        return error.facts["allowed"]
found["read"] = [read(value) for value in (3, "3", 3.0, 9, 2.5, True, "much")]
context = SimpleNamespace(service=SimpleNamespace(targets=TargetResolver(settings)), settings=settings)
found["schema"] = build_tool(context, endpoint).inputSchema["properties"]["edge_px"]
found["step"] = describe_step(RecipeStep(endpoint, endpoint.validate({"edge_px": 2})), "en")

demo = create_app(settings, create_http_client(settings, create_offline()))
with TestClient(demo, base_url="http://127.0.0.1") as page:
    config = page.get("/config").json()
    components = {c["props"].get("elem_id"): c["props"] for c in config["components"]}
    found["elements"] = [name for name in components if name]
    found["options"] = components["portrait-focus-backdrop"]["choices"]
    slider = components["portrait-focus-edge-px"]
    found["slider"] = [slider["minimum"], slider["maximum"], slider["step"], slider["value"]]
    found["reference"] = page.get("/reference?lang=en").text
    functions = page.get("/gradio_api/info").json()["named_endpoints"]
    found["functions"] = list(functions)
    found["parameters"] = {p["parameter_name"]: p["type"] for p in functions["/portrait_focus"]["parameters"]}
    path = page.post("/gradio_api/upload", files={"files": ("me.jpg", jpeg)}).json()[0]
    photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for name, values in {"grey": {"backdrop": "grey", "edge_px": 2, "strength": 1}, "nothing": {"strength": 0}}.items():
        call = page.post("/gradio_api/call/v2/portrait_focus", json={"photo": photo, **values}).json()["event_id"]
        events = page.get(f"/gradio_api/call/portrait_focus/{call}").text
        picture, report = json.loads(events.partition("data: ")[2].partition("\\n")[0])
        pixels_now = codec.decode(page.get("/gradio_api/file=" + picture["path"]).content)
        colour = lambda image: float((image.max(2).astype(int) - image.min(2)).mean())
        found[name] = {"report": report, "name": picture["orig_name"], "colour": colour(pixels_now) / colour(pixels)}
from meitu_demo.ui.header import render_header
from meitu_demo.ui.header import render_vendor_css
found["header"] = render_header(resolver, "en")
found["style"] = render_vendor_css()
print("FOUND " + json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the probe finds in the changed copy."""
    copy = tmp_path_factory.mktemp("with_additions")
    shutil.copytree(PROJECT / "meitu_demo", copy / "meitu_demo", ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
    shutil.copytree(PROJECT / "assets", copy / "assets")
    for kind, name, text in BLOCK.findall(ADDING.read_text("utf-8")):
        {"python": write_new, "diff": replace_lines, "toml": add_to_tables}[kind](copy / name, text)
    run = subprocess.run([sys.executable, "-c", PROBE], cwd=copy, capture_output=True, text=True, timeout=120)
    assert "FOUND " in run.stdout, run.stderr[-3000:]
    return json.loads(run.stdout.partition("FOUND ")[2])


def write_new(path: Path, text: str) -> None:
    assert not path.exists(), f"ADDING.md adds {path.name}, which exists already"
    path.write_text(text, "utf-8")


def replace_lines(path: Path, text: str) -> None:
    """Each run of lines with - gives way to the run with + after it."""
    source = path.read_text("utf-8")
    for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)+)", text, re.MULTILINE):
        before, after = (re.sub(r"^[-+]", "", lines, flags=re.MULTILINE) for lines in (old, new))
        assert source.count(before) == 1, f"{path.name} no longer reads {before!r}"
        source = source.replace(before, after)
    path.write_text(source, "utf-8")


def add_to_tables(path: Path, text: str) -> None:
    """Lines of a table that the file has go under its header; other tables to the end."""
    source = path.read_text("utf-8")
    for header, lines in re.findall(r"^(\[[\w.]+\])\n((?:(?!\[).*\n?)*)", text, re.MULTILINE):
        if f"\n{header}\n" in source:
            source = source.replace(f"\n{header}\n", f"\n{header}\n{lines.strip()}\n")
        else:
            source += f"\n{header}\n{lines.strip()}\n"
    path.write_text(source, "utf-8")


def test_adding_page_names_every_file() -> None:
    """ADDING.md has an endpoint and a control of one file each, a vendor of five, the two registries and the words."""
    blocks = [(kind, name.removeprefix("meitu_demo/")) for kind, name, _ in BLOCK.findall(ADDING.read_text("utf-8"))]
    assert blocks == [
        ("python", "endpoints/portrait_focus.py"),
        ("diff", "endpoints/__init__.py"),
        ("toml", "locales/en.toml"),
        ("toml", "locales/zh.toml"),
        ("python", "domain/controls/whole_number.py"),
        ("python", "vendors/pixelworks.py"),
        ("diff", "vendors/__init__.py"),
        ("python", "offline/pixelworks.py"),
        ("diff", "settings/environment.py"),
        ("diff", "settings/environment.py"),
        ("toml", "data/errors.toml"),
        ("toml", "locales/en.toml"),
        ("toml", "locales/zh.toml"),
    ]


def test_adding_page_explains_every_field_of_an_endpoint() -> None:
    """The table of fields is that of `Endpoint`, no more and no less."""
    rows = re.findall(r"^\| `(\w+)` \|", ADDING.read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(field.name for field in dataclasses.fields(Endpoint))


def test_added_endpoint_is_a_panel(found: dict[str, Any]) -> None:
    """The page has the tab with photo, all controls, button and result view, and the options in words."""
    assert found["catalogue"][-1] == "portrait_focus"
    parts = ("tab", "photo", "backdrop", "edge-px", "strength", "run", "stage", "actions")
    assert {f"portrait-focus-{part}" for part in parts} <= set(found["elements"])
    assert [value for _, value in found["options"]] == ["blur", "grey"]


def test_added_endpoint_is_an_api_function(found: dict[str, Any]) -> None:
    """It stands beside the others, with its controls as parameters in their order."""
    assert found["functions"][-1] == "/portrait_focus"
    assert list(found["parameters"]) == ["photo", "backdrop", "edge_px", "strength", "consent", "again"]


def test_added_endpoint_is_a_route_of_the_offline_server(found: dict[str, Any]) -> None:
    """The vendor's request is answered with a picture; a wrong value and a missing key with the vendor's own codes."""
    assert found["route"] == [200, [320, 320]]
    assert found["refusals"] == [[400, "BAD_OPTION"], [400, "BAD_OPTION"], [401, "BAD_KEY"]]


def test_added_endpoint_makes_pictures(found: dict[str, Any]) -> None:
    """The result is real: grey takes colour away behind the person, strength 0 takes nothing."""
    grey, nothing = found["grey"], found["nothing"]
    assert grey["report"]["endpoint"] == "portrait_focus"
    assert grey["report"]["mode"] == "offline"
    assert grey["name"].startswith("portrait-focus_grey_2_1.0_")
    assert 0.2 < grey["colour"] < 0.9
    assert nothing["colour"] == pytest.approx(1, abs=0.05)


def test_added_control_reads_describes_documents_and_draws_itself(found: dict[str, Any]) -> None:
    """One file makes it a slider, an API parameter, an MCP schema, a row of the reference and a part of step names."""
    assert found["read"] == [3, 3, 3, "0..8", "0..8", "0..8", "0..8"]
    assert found["slider"] == [0, 8, 1, 0]
    assert found["parameters"]["edge_px"] == {"type": "integer"}
    description = "Width of the transition in pixels, 0 to 8."
    schema = {"type": "integer", "minimum": 0, "maximum": 8, "default": 0, "description": description}
    assert found["schema"] == schema
    assert "<code>edge_px</code>" in found["reference"]
    assert "0..8" in found["reference"]
    assert found["step"] == "Portrait Focus blur 2 0.7"


def test_added_vendor_is_called_with_its_key(found: dict[str, Any]) -> None:
    """A key in the settings makes its calls live and billable, at its address, in its form, to a named recipient."""
    assert found["vendors"][-1] == "pixelworks"
    live = found["live"]
    assert live["url"] == "https://api.pixelworks.example/v2/portraitfocus"
    assert live["key"] == "canary-pixelworks-key"
    assert live["options"] == {"format": "jpeg", "backdrop": "blur", "edge": 3, "strength": 0.7}
    assert (live["billable"], live["status"], live["missing"]) == (True, "key_set", "PIXELWORKS_API_KEY")
    assert live["recipient"] == "Pixelworks, Norway"


def test_added_vendor_is_on_every_screen(found: dict[str, Any]) -> None:
    """Badge, consent box, field for a visitor's key, codes in the reference, explanations: all come by themselves."""
    assert 'data-live="pixelworks"><b>Pixelworks</b>' in found["header"]
    assert ".gradio-container:has([data-live=pixelworks]) .consent-pixelworks:not(.consents *)" in found["style"]
    assert "own-pixelworks-key" in found["elements"]
    assert found["visitor"] == ["pixelworks"]
    assert 'id="codes-pixelworks"' in found["reference"]
    assert 'id="pixelworks-SLOW_DOWN"' in found["reference"]
    assert found["explained"][0] == "rate_limited"
    assert "Pixelworks" in found["explained"][1]


def test_added_vendor_has_code_samples_without_its_key(found: dict[str, Any]) -> None:
    """Three languages send its body with the key's variable in its header; no text holds the key itself."""
    curl, python, javascript = (found["samples"][language] for language in ("curl", "python", "javascript"))
    assert '-H "x-pixelworks-key: $PIXELWORKS_API_KEY"' in curl
    assert '"image": "$photo"' in curl
    assert 'headers={"x-pixelworks-key": os.environ["PIXELWORKS_API_KEY"]}' in python
    assert 'response.json()["result"]' in python
    assert '"x-pixelworks-key": process.env.PIXELWORKS_API_KEY' in javascript
    assert "JSON.parse(text).result.trim()" in javascript
    compile(python, "sample.py", "exec")
    assert found["leaks"] == []


def test_added_vendor_can_fail_in_the_lab(found: dict[str, Any]) -> None:
    """The failure lab spoils its replies as it does the other vendors', and the client sees why."""
    assert found["faults"] == {
        "base64_garbage": ["bad_reply", "not_base64"],
        "not_an_image": ["bad_reply", "not_an_image"],
        "expired_link": ["link_rejected", "expired"],
        "rate_limited_bare": ["vendor_unknown", "SLOW_DOWN"],
    }
