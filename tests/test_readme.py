"""README and docs tell the truth: settings, paths, targets and examples are held against the project and run."""

import base64
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from support.uvicorn_server import uvicorn_server

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.domain.errors import VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.translations import translate
from meitu_demo.domain.vendor_codes import load_shapes
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine import face_templates
from meitu_demo.offline import create_app as create_offline
from meitu_demo.offline.app import RESULT_TTL_S
from meitu_demo.photos import codec
from meitu_demo.photos.safe_open import MAX_BYTES, MAX_PIXELS
from meitu_demo.settings import Settings
from meitu_demo.ui import api, assistants
from meitu_demo.ui import app as page

PROJECT = Path(page.__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text("utf-8")
GUIDES = ("README.md", *(f"docs/{path.name}" for path in sorted((PROJECT / "docs").glob("*.md"))))
ALL_GUIDES = "\n".join((PROJECT / name).read_text("utf-8") for name in GUIDES)
DOCUMENTS = (*GUIDES, "README.zh.md", "ARCHITECTURE.md", "meitu_demo/endpoints/ADDING.md")
MAX_README_LINES = 150
DEMO, VENDOR = "http://127.0.0.1:7860", "http://127.0.0.1:8700"
TO_BE_MADE = {
    ".env",
    "build/quality",
    "build/screenshots",
    "build/space",
    "build/uv",
    "photo.jpg",
}  # named, and there only when somebody makes them
EXAMPLES_THAT_RUN = {
    ("Keys and the spending cap", "sh"): 1, ("Spending limit", "sh"): 1,
    ("First call", "sh"): 2, ("First call", "python"): 1, ("Example photo", "sh"): 1,
    ("Python and curl", "python"): 2, ("Python and curl", "sh"): 1,
    ("Assistants (MCP)", "json"): 1, ("Assistants (MCP)", "python"): 1, ("Stand-alone server", "sh"): 3,
}  # fmt: skip
EXAMPLES_OF_NAMES = re.compile(r"portrait.focus|<name>|\*")


def section(title: str) -> str:
    """The text below a heading of README or docs, up to the next of its level or the next document."""
    found = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |^# [A-Z]|\Z)", ALL_GUIDES, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{len(found)} sections {title!r}"
    return str(found[0])


def snippets(title: str, language: str) -> list[str]:
    """The code blocks of a section."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)


# ── Settings ────────────────────────────────────────────────────────────────────────────────────────────────────────
class Asked(dict[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def example_settings() -> dict[str, str]:
    """Names and values of .env.example."""
    lines = (PROJECT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def settings_table() -> str:
    """The table of docs/settings.md, as .env.example gives it: a row for each comment with the settings below it."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    blocks = re.findall(
        r"((?:^#.*\n)+)((?:^[A-Z_]+=.*\n?)+)", (PROJECT / ".env.example").read_text("utf-8"), re.MULTILINE
    )
    for comment, lines in blocks:
        pairs = [line.split("=", 1) for line in lines.splitlines()]
        names = "<br>".join(f"`{name}`" for name, _ in pairs)
        values = "<br>".join(f"`{value}`" for _, value in pairs if value)
        words = " ".join(line.lstrip("# ") for line in comment.splitlines())
        rows.append(f"| {names} | {values} | {words} |")
    return "\n".join(rows) + "\n"


def test_settings_table_is_that_of_the_example_file() -> None:
    """Every setting of .env.example stands in docs/settings.md with its default and its comment, and no other."""
    assert settings_table() in section("Settings and keys"), f"the table should read:\n{settings_table()}"


def test_example_file_holds_what_is_read_and_its_defaults() -> None:
    """.env.example names each setting that is read, beside those of Gradio and Spaces; a plain copy changes nothing."""
    asked = Asked()
    Settings.from_env(asked)
    gradio_names = {"GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_TEMP_DIR", "GRADIO_ROOT_PATH"}
    assert asked.names - gradio_names - {"SPACE_ID"} == set(example_settings())
    assert Settings.from_env(example_settings()) == Settings()


# ── Names ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("document", DOCUMENTS)
def test_document_names_existing_paths(document: str) -> None:
    """Every file or folder that a document names exists."""
    prose = re.sub(r"^```.*?^```$", "", (PROJECT / document).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    missing = []
    for name in re.findall(r"`([^`\s]+)`|\]\(([^)\s]+)\)", prose):
        path = (name[0] or name[1]).rstrip("/")
        like_a_path = re.fullmatch(r"(?![/~])[\w.-]+(/[\w.-]+)*/?", path) and (
            "/" in path or path.endswith((".py", ".md", ".toml", ".txt", ".sh", ".example")) or path in TO_BE_MADE
        )
        roots = (PROJECT, PROJECT / "meitu_demo", (PROJECT / document).parent)
        here = any((root / path).exists() for root in roots)
        if like_a_path and not here and path not in TO_BE_MADE and not EXAMPLES_OF_NAMES.search(path):
            missing.append(path)
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document_names_existing_make_targets(document: str) -> None:
    """Every `make` target that a document names is in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = (PROJECT / document).read_text("utf-8")
    named = {word for words in re.findall(r"(?:`|^)make ((?:[a-z]+ ?)+)", text, re.MULTILINE) for word in words.split()}
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document_names_no_path_of_a_machine(document: str) -> None:
    """Documents name no absolute path of a machine, and no milliseconds."""
    text = (PROJECT / document).read_text("utf-8")
    assert not re.findall(r"(?<![\w.:/{])/(?:home|root|work|tmp|usr|Users)/", text)
    assert not re.findall(r"\b\d+(?:\.\d+)? ?ms\b", text)


def test_guides_name_existing_modules_in_commands() -> None:
    """Every `python -m x` of README and docs is a module that runs."""
    for module in set(re.findall(r"python -m ([\w.]+)", ALL_GUIDES)) - {"venv", "pip", "pytest"}:
        assert (PROJECT / module.replace(".", "/") / "__main__.py").is_file(), module


def test_readme_is_short() -> None:
    """README has at most 150 lines, and links every guide in docs/."""
    assert len(README.splitlines()) <= MAX_README_LINES
    assert set(re.findall(r"\]\((docs/[\w-]+\.md)\)", README)) == set(GUIDES[1:])


def test_chinese_readme_shows_the_same_examples() -> None:
    """README.zh.md has README's code blocks, one by one, its links and its sections."""
    chinese = (PROJECT / "README.zh.md").read_text("utf-8")

    def outline(text: str) -> tuple[list[str], set[str]]:
        parts = re.findall(r"^```\w+\n.*?^```$|^## ", text, re.MULTILINE | re.DOTALL)
        return parts, set(re.findall(r"docs/[\w/-]+\.\w+", text))

    assert outline(chinese) == outline(README)


def test_every_example_is_run_or_is_a_command_that_cannot_be() -> None:
    """Each sh, python and json block is run below; console and text blocks serve, or need Docker or an account."""
    found: dict[tuple[str, str], int] = {}
    for title in re.findall(r"^## (.*)$", ALL_GUIDES, re.MULTILINE):
        for language in re.findall(r"^ *```(\w+)$", section(title), re.MULTILINE):
            if language not in ("console", "text"):
                found[title, language] = found.get((title, language), 0) + 1
    assert found == EXAMPLES_THAT_RUN


def test_shell_examples_can_be_parsed() -> None:
    """A shell reads each sh, console and text block without a syntax error."""
    for block in re.findall(r"^ *```(?:sh|console|text)\n(.*?)^ *```$", ALL_GUIDES, re.MULTILINE | re.DOTALL):
        done = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True, timeout=10, check=False)
        assert done.returncode == 0, block


def test_readme_front_matter_fits_the_project() -> None:
    """What a Space reads agrees with the pins and with the limits of its fields."""
    lines = README.split("---")[1].strip().splitlines()
    fields = {key: value.strip().strip('"') for key, _, value in (line.partition(":") for line in lines if ":" in line)}
    assert fields["sdk"] == "gradio"
    assert f"gradio=={fields['sdk_version']} " in (PROJECT / "requirements.txt").read_text("utf-8")
    assert fields["python_version"] in ("3.11", "3.12")
    assert (PROJECT / fields["app_file"]).is_file()
    assert 0 < len(fields["short_description"]) <= 60
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {fields["colorFrom"], fields["colorTo"]} <= colours
    assert fields["pinned"] == "false"


def test_architecture_draws_the_floors_of_the_contracts() -> None:
    """ARCHITECTURE.md's picture has the floors of pyproject.toml's layers contract, from top to bottom."""
    picture = re.search(r"^## Layers\n+```\n(.*?)```", (PROJECT / "ARCHITECTURE.md").read_text("utf-8"), re.M | re.S)
    assert picture is not None
    drawn = [set(re.findall(r"[a-z]+", line[3:45])) for line in picture[1].splitlines()[1:]]
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert drawn == [set(re.findall(r"[a-z]+", layer)) for layer in layers]


# ── What is claimed ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_guides_limits_and_lifetimes_are_those_of_the_code() -> None:
    """Limits and lifetimes in the guides are those of the constants."""
    assert (MAX_BYTES, MAX_PIXELS) == (40_000_000, 50_000_000)
    assert "up to 40 MB and 50 megapixels" in " ".join(section("What the panels do").split())
    assert (Settings().keep_minutes, api.RESULT_TTL_S, RESULT_TTL_S) == (30, 600, 600)
    privacy = " ".join(section("What happens to a photo").split())
    for words in ("thirty minutes", "ten minutes", translate("label.visible", "en"), translate("label.visible", "zh")):
        assert words in privacy, words
    assert f"{len(load_shapes())} warps" in section("What the panels do")


def test_guides_use_the_names_on_the_page() -> None:
    """Panels and buttons have the names that the page shows, and each panel its vendor's path."""
    panels = section("What the panels do")
    assert f"**{translate('result.run_offline', 'en')}**" in " ".join(panels.split())
    for endpoint in CATALOGUE.values():
        row = next(line for line in panels.splitlines() if translate(f"panels.{endpoint.id}.tab", "en") in line)
        assert translate(f"panels.{endpoint.id}.tab", "zh") in row
        assert endpoint.path in row or endpoint.path.rpartition("/")[2] in row


def test_guides_api_table_has_every_function_and_parameter() -> None:
    """The API's table holds the catalogue's functions, their parameters and defaults."""
    table = section("Python and curl")
    for endpoint in CATALOGUE.values():
        row = next(line for line in table.splitlines() if line.startswith(f"| `/{endpoint.id}`"))
        for control in endpoint.controls:
            assert f"`{control.name}`" in row
            if not getattr(control, "required", False):
                assert str(control.default) in row


def test_guides_template_ids_are_shipped() -> None:
    """Both IDs that the guides name stand for a shipped template."""
    for key in ("gjw4tjeloaba2psk973", "08bp4tnfkm560qv6"):
        assert key in section("Templates")
        assert face_templates.find_template(key).kind == "drawn"


def test_guides_quote_a_real_explanation() -> None:
    """The example of an explanation reads as the demo's own words."""
    shown = explain(VendorError("meitu", "20022"), "en")
    quoted = " ".join(
        line.removeprefix("> ") for line in section("When something goes wrong").splitlines() if line[:1] == ">"
    )
    for words in (f"**{shown.title}**", shown.why, shown.fix, "Code 20022", "Service Meitu"):
        assert words in quoted, words


# ── Examples that run ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def servers() -> Iterator[SimpleNamespace]:
    """The demo without keys and with its tools for assistants, and the stand-alone server."""
    settings = Settings.from_env({"MCP": "on"})
    demo_app = page.create_app(settings, create_http_client(settings, create_offline()))
    with uvicorn_server(demo_app) as demo, uvicorn_server(create_offline()) as vendor:
        yield SimpleNamespace(demo=demo, vendor=vendor)


@pytest.fixture
def desk(tmp_path: Path, portrait: bytes) -> Path:
    """A folder with a photo in it, as the examples expect."""
    (tmp_path / "photo.jpg").write_bytes(portrait)
    return tmp_path


def execute(command: list[str], text: str, desk: Path, servers: SimpleNamespace) -> str:
    """Run an example where it is, with its addresses and its Python replaced by the test's."""
    environ: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(PROJECT), "no_proxy": "127.0.0.1"}
    text = text.replace(DEMO, servers.demo).replace(VENDOR, servers.vendor).replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        [*command, text], cwd=desk, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_stopped_demo_leaves_no_upload(portrait: bytes) -> None:
    """An uploaded photo and an API's result lie in the temporary folder, and are gone after an ordinary stop."""
    settings = Settings.from_env({})
    with uvicorn_server(page.create_app(settings, create_http_client(settings, create_offline()))) as demo:
        path = httpx.post(f"{demo}/gradio_api/upload", files={"files": ("me.jpg", portrait)}).json()[0]
        photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
        values = {"photo": photo, "shape_type": 8}
        call = httpx.post(f"{demo}/gradio_api/call/v2/facial_aesthetics", json=values).json()["event_id"]
        events = httpx.get(f"{demo}/gradio_api/call/facial_aesthetics/{call}", timeout=60).text
        picture = json.loads(events.partition("data: ")[2].partition("\n")[0])[0]
        files = [Path(path), Path(picture["path"])]
        assert [file.is_file() for file in files] == [True, True]
    assert [file.is_file() for file in files] == [False, False]


def test_first_calls_of_readme_run(tmp_path: Path, servers: SimpleNamespace) -> None:
    """From an empty folder: README makes a photo, reshapes it in Python and with curl, and reads an empty ledger."""
    photo, curl = snippets("First call", "sh")
    (python,) = snippets("First call", "python")
    assert [photo] == snippets("Example photo", "sh")
    execute(["sh", "-euc"], photo, tmp_path, servers)
    assert execute([sys.executable, "-c"], python, tmp_path, servers).split()[-4::3] == ["offline", "512"]
    execute(["sh", "-euc"], curl, tmp_path, servers)
    assert codec.read_size((tmp_path / "bigger-eyes.jpg").read_bytes()) == (512, 512)
    assert codec.read_size((tmp_path / "eyes.jpg").read_bytes()) == (512, 512)
    (ledger,) = snippets("Keys and the spending cap", "sh")
    assert [ledger] == snippets("Spending limit", "sh")
    execute(["sh", "-euc"], ledger, tmp_path, servers)


def test_guides_python_example_runs(desk: Path, servers: SimpleNamespace) -> None:
    """All four functions answer gradio_client, and the picture is there."""
    first, second = snippets("Python and curl", "python")
    assert all(f"/{name}" in first for name in CATALOGUE)
    assert execute([sys.executable, "-c"], first, desk, servers).split()[-4::3] == ["offline", "320"]
    assert codec.read_size((desk / "bigger-eyes.jpg").read_bytes()) == (320, 320)
    said = execute([sys.executable, "-c"], second, desk, servers)
    assert "99" in said
    assert "Nothing was sent." in said


def test_guides_curl_example_runs(desk: Path, servers: SimpleNamespace) -> None:
    """Upload, call and result with nothing but curl, for each of the four."""
    (example,) = snippets("Python and curl", "sh")
    said = execute(["sh", "-euc"], example, desk, servers)
    assert said.count("event: complete") == len(CATALOGUE)
    for name in CATALOGUE:
        assert f'"endpoint": "{name}"' in said
        assert min(codec.read_size((desk / f"{name}.jpg").read_bytes())) >= 320


def test_guides_assistants_example_runs(desk: Path, servers: SimpleNamespace) -> None:
    """The configuration is JSON that names the route; the client finds the four tools and gets a picture."""
    title = "Assistants (MCP)"
    (configuration,), (example,) = snippets(title, "json"), snippets(title, "python")
    assert json.loads(configuration)["mcpServers"]["portrait-apis"]["url"] == f"{DEMO}/{assistants.PATH}"
    tools, told = execute([sys.executable, "-c"], example, desk, servers).splitlines()
    assert tools.split() == list(CATALOGUE)
    assert told.startswith(f"offline {servers.demo}/download/")
    assert codec.read_size((desk / "assistant.jpg").read_bytes()) == (320, 320)


def test_guides_curl_lines_for_the_offline_server_run(desk: Path, servers: SimpleNamespace) -> None:
    """Meitu's own lines and AILabTools' request, against the stand-alone server."""
    bodies, meitu, ailab = snippets("Stand-alone server", "sh")
    execute(["sh", "-euc"], bodies, desk, servers)
    lines = meitu.strip().splitlines()
    paths = [endpoint.path for endpoint in CATALOGUE.values() if endpoint.vendor_id == "meitu"]
    assert len(lines) == len(paths)
    for line, path in zip(lines, paths, strict=True):
        assert f"{VENDOR}{path}?api_key=" in line
        answer = json.loads(execute(["sh", "-euc"], line, desk, servers))
        picture = base64.b64decode(answer["media_info_list"][0]["media_data"], validate=True)
        assert min(codec.read_size(picture)) >= 320
    answer = json.loads(execute(["sh", "-euc"], ailab, desk, servers))
    assert answer["error_code"] == 0
    fetched = execute(["sh", "-euc"], f"curl -fsS -o linked.jpg '{answer['data']['image_url']}'", desk, servers)
    assert not fetched
    assert codec.read_size((desk / "linked.jpg").read_bytes()) == (320, 320)
