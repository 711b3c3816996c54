"""A Hugging Face Space: what its page asks of the project, and what is on by itself where everybody may come."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ui.conftest import Page, serve

from meitu_demo import ui
from meitu_demo.settings import Settings

PROJECT = Path(ui.__file__).resolve().parents[2]
SPACE = {"SPACE_ID": "someone/portrait-apis"}
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def front_matter(text: str) -> dict[str, str]:
    """The block at the head of a README, a list as one text."""
    _, block, _ = text.split("---\n", 2)
    fields = re.findall(r"^(\w+):\s*(.*(?:\n  - .*)*)$", block, re.MULTILINE)
    return {name: value.strip().strip('"') for name, value in fields}


@pytest.fixture(scope="module")
def head() -> dict[str, str]:
    return front_matter((PROJECT / "README.md").read_text("utf-8"))


def test_space_front_matter_is_valid(head: dict[str, str]) -> None:
    """Every field has a value that a Space takes, and nothing that it needs is missing."""
    assert head["sdk"] == "gradio"
    assert (PROJECT / head["app_file"]).is_file()
    assert head["python_version"] in ("3.11", "3.12")
    assert {head["colorFrom"], head["colorTo"]} <= COLOURS
    assert len(head["short_description"]) <= 60
    assert head["suggested_hardware"] == "cpu-basic"
    assert re.fullmatch(r"\d+m", head["startup_duration_timeout"])
    assert all(head[name] for name in ("title", "emoji", "tags"))


def test_space_sdk_is_the_pinned_gradio(head: dict[str, str]) -> None:
    """A Space installs the SDK's; requirements.txt pins the same, or its installer would find no way."""
    pinned = re.search(r"^gradio==(\S+)", (PROJECT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert pinned is not None
    assert head["sdk_version"] == pinned[1]


@pytest.mark.parametrize("sdk", ["gradio", "docker"])
def test_space_upload_is_complete_and_nothing_more(sdk: str, tmp_path: Path) -> None:
    """All that the app, its installer or its image needs, and no key, no test, no ledger."""
    subprocess.run(["sh", "tools/space.sh", sdk, str(tmp_path / "space")], cwd=PROJECT, check=True, timeout=60)
    there = {path.relative_to(tmp_path / "space").as_posix() for path in (tmp_path / "space").rglob("*")}
    assert {"README.md", "app.py", "meitu_demo/locales/en.toml", "assets/favicon.svg"} <= there
    own = {"requirements.txt", "packages.txt"} if sdk == "gradio" else {"Dockerfile", ".dockerignore"}
    assert own <= there
    allowed = {"README.md", "README.zh.md", "LICENCES.md", "app.py", "assets", "docs", "locks", "meitu_demo", *own}
    assert {path.partition("/")[0] for path in there} <= allowed
    assert not [path for path in there if path.endswith((".pyc", ".pyi", ".env", ".db"))]
    head = front_matter((tmp_path / "space" / "README.md").read_text("utf-8"))
    assert head["sdk"] == sdk
    assert head.get("app_port") == ("7860" if sdk == "docker" else None)
    assert ("sdk_version" in head) is (sdk == "gradio")


@pytest.mark.parametrize("host", ["", "0.0.0.0", "10.0.0.5"])
def test_space_settings_are_those_of_a_public_host(host: str) -> None:
    """Caps on spending, for each visitor too, and no failure lab, until the owner says otherwise."""
    settings = Settings.from_env({**SPACE, "HOST": host})
    assert (settings.calls_per_day, settings.calls_per_hour) == (100, 10)
    assert (settings.space, settings.offline_each) == (True, 4)
    assert (settings.failure_lab, settings.mirror, settings.photo_urls) == (False, False, False)
    said = Settings.from_env({**SPACE, "CALLS_PER_DAY": "5", "CALLS_PER_HOUR": "off", "FAILURE_LAB": "on"})
    assert (said.calls_per_day, said.calls_per_hour, said.failure_lab) == (5, None, True)


@pytest.fixture(scope="module")
def space() -> Iterator[Page]:
    """The app as on a Space."""
    yield from serve(Settings.from_env(SPACE))


def test_space_takes_photos_as_uploads_and_never_by_url(space: Page) -> None:
    """A Space takes photos as uploads only: no form of a URL makes it fetch anything."""
    for photo in (
        "https://host.example/me.jpg",
        {"url": "https://host.example/me.jpg", "meta": {"_type": "gradio.FileData"}},
        {"path": "https://host.example/me.jpg", "meta": {"_type": "gradio.FileData"}},
        {"path": "me.jpg", "url": "https://host.example/me.jpg", "meta": {"_type": "gradio.FileData"}},
    ):
        assert space.call("quality_restoration", photo, False, False)[0] == "error"
    assert space.offline.calls == []


def test_space_may_be_framed_by_the_hub_alone(space: Page) -> None:
    """The policy lets only the Hub's pages frame a Space; X-Frame-Options, which cannot say that, is not sent."""
    headers = httpx.get(space.url).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co https://*.hf.space" in policy
    assert "x-frame-options" not in headers
    assert "camera=(self)" in headers["permissions-policy"]
