"""ADDING.md tells the truth: a copy of the project, changed as it says, has the new endpoint at every door."""

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

pytestmark = pytest.mark.xdist_group("adding")  # the copy is made once
PROJECT = Path(ui.__file__).resolve().parents[2]
ADDING = PROJECT / "meitu_demo" / "endpoints" / "ADDING.md"
BLOCK = re.compile(r"^```(python|diff|toml) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Run inside the copy: looks at the page, the API and the offline server, calls through each door, prints what it found.
LOOK = """
import asyncio, base64, json
import httpx
from fastapi.testclient import TestClient
from meitu_demo import tables
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.imaging import codec
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.offline import create_app as create_offline
from meitu_demo.settings import Settings
from meitu_demo.calls.http_client import make_client
from meitu_demo.ui.app import create_app

tables.check()
settings = Settings.from_env({"VISIBLE_LABEL": "off"})
pixels = load_astronaut()[0:320, 60:380]
jpeg = codec.encode(pixels)
endpoint = CATALOGUE["portrait_focus"]
found = {"catalogue": list(CATALOGUE)}

async def over_the_wire(**parameter):
    body = {"parameter": parameter, "media_info_list": [
        {"media_data": base64.b64encode(jpeg).decode(), "media_profiles": {"media_data_type": "jpg"}}]}
    transport = httpx.ASGITransport(create_offline())
    async with httpx.AsyncClient(transport=transport, base_url="http://vendor") as client:
        return await client.post(endpoint.path, params={"api_key": "k", "api_secret": "s"}, json=body)

answer = asyncio.run(over_the_wire(backdrop="grey", strength=1))
media = answer.json()["media_info_list"][0]["media_data"]
found["route"] = [answer.status_code, codec.read_size(base64.b64decode(media))]
answer = asyncio.run(over_the_wire(backdrop="purple"))
found["refusal"] = [answer.status_code, answer.json()["ErrorCode"]]

demo = create_app(settings, make_client(settings, create_offline()))
with TestClient(demo, base_url="http://127.0.0.1") as page:
    config = page.get("/config").json()
    found["elements"] = [c["props"].get("elem_id") for c in config["components"]]
    found["options"] = next(
        c["props"]["choices"] for c in config["components"] if c["props"].get("elem_id") == "portrait-focus-backdrop")
    functions = page.get("/gradio_api/info").json()["named_endpoints"]
    found["functions"] = list(functions)
    found["parameters"] = [p["parameter_name"] for p in functions["/portrait_focus"]["parameters"]]
    path = page.post("/gradio_api/upload", files={"files": ("me.jpg", jpeg)}).json()[0]
    photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for name, values in {"grey": {"backdrop": "grey", "strength": 1}, "nothing": {"strength": 0}}.items():
        call = page.post("/gradio_api/call/v2/portrait_focus", json={"photo": photo, **values}).json()["event_id"]
        events = page.get(f"/gradio_api/call/portrait_focus/{call}").text
        picture, report = json.loads(events.partition("data: ")[2].partition("\\n")[0])
        pixels_now = codec.decode(page.get("/gradio_api/file=" + picture["path"]).content)
        colour = lambda image: float((image.max(2).astype(int) - image.min(2)).mean())
        found[name] = {"report": report, "name": picture["orig_name"], "colour": colour(pixels_now) / colour(pixels)}
print("FOUND " + json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a look around the changed copy finds."""
    copy = tmp_path_factory.mktemp("with_a_fifth")
    shutil.copytree(PROJECT / "meitu_demo", copy / "meitu_demo", ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
    shutil.copytree(PROJECT / "assets", copy / "assets")
    for kind, name, text in BLOCK.findall(ADDING.read_text("utf-8")):
        {"python": write_new, "diff": replace_lines, "toml": add_to_tables}[kind](copy / name, text)
    run = subprocess.run([sys.executable, "-c", LOOK], cwd=copy, capture_output=True, text=True, timeout=120)
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


def test_the_page_holds_every_step(found: dict[str, Any]) -> None:
    """ADDING.md has one new file, one changed catalogue and both languages, and they are what the copy got."""
    blocks = [(kind, name) for kind, name, _ in BLOCK.findall(ADDING.read_text("utf-8"))]
    assert blocks == [
        ("python", "meitu_demo/endpoints/portrait_focus.py"),
        ("diff", "meitu_demo/endpoints/__init__.py"),
        ("toml", "meitu_demo/locales/en.toml"),
        ("toml", "meitu_demo/locales/zh.toml"),
    ]
    assert found["catalogue"][-1] == "portrait_focus"


def test_every_field_of_a_declaration_is_told() -> None:
    """The table of fields is that of `Endpoint`, no more and no less."""
    rows = re.findall(r"^\| `(\w+)` \|", ADDING.read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(field.name for field in dataclasses.fields(Endpoint))


def test_it_is_a_panel(found: dict[str, Any]) -> None:
    """The page has the tab with photo, both controls, button and stage, and the options in words."""
    parts = ("tab", "photo", "example", "backdrop", "strength", "run", "stage", "offline")
    assert {f"portrait-focus-{part}" for part in parts} <= set(found["elements"])
    assert [value for _, value in found["options"]] == ["blur", "grey"]


def test_it_is_an_api_function(found: dict[str, Any]) -> None:
    """It stands beside the others, with its controls as parameters in their order."""
    assert found["functions"][-1] == "/portrait_focus"
    assert found["parameters"] == ["photo", "backdrop", "strength", "consent", "again"]


def test_it_is_a_route_of_the_offline_server(found: dict[str, Any]) -> None:
    """The vendor's own request is answered with a picture, and a wrong value with the vendor's form of refusal."""
    assert found["route"] == [200, [320, 320]]
    assert found["refusal"][0] == 400
    assert found["refusal"][1] > 0


def test_a_call_through_it_works(found: dict[str, Any]) -> None:
    """The result is real: grey takes colour away behind the person, strength 0 takes nothing."""
    grey, nothing = found["grey"], found["nothing"]
    assert grey["report"]["endpoint"] == "portrait_focus"
    assert grey["report"]["mode"] == "offline"
    assert grey["name"].startswith("portrait-focus_grey_1.0_")
    assert 0.2 < grey["colour"] < 0.9
    assert nothing["colour"] == pytest.approx(1, abs=0.05)
