"""Serves Gradio's scripts and styles, a hundred for each page, and two of the demo's: compressed once, cacheable.

Gradio 6.31.0 compresses its files anew for every visitor. Their names change with their content, so browsers may keep
them for ever. Some scripts are edited on the way (`SCRIPT_EDITS`), because they make a page of 200 components slow; an
edit whose text is not found is left out. The decoder of video streams, a third of all bytes, is replaced by nothing:
the page has no videos.
"""

import gzip
import hashlib
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import anyio
import brotli
import gradio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS_PATH = "/assets/"
ASSETS_DIR = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # fonts are compressed already
IMMUTABLE_HEADERS = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}
SCRIPT_EDITS = (
    # Which events does a component have? Gradio goes through all events of the page for each component.
    (
        "find_attached_events(e,t){let n=t.filter(t=>t.targets.find(([t])=>t===e.id))"
        ".map(t=>{let n=t.targets.find(([t])=>t===e.id);return n?n[1]:null}).filter(Boolean);",
        "find_attached_events(e,t){if(this.eventsOf!==t){this.eventsOf=t;this.eventNames=new Map;for(let d of t)"
        "for(let[i,name]of new Map([...d.targets].reverse()))if(name)"
        "this.eventNames.set(i,[...this.eventNames.get(i)??[],name])}let n=this.eventNames.get(e.id)??[];",
    ),
    # Gradio builds its tree of components, and then a second time for a reload that did not happen.
    ("le(()=>{v(),oe(()=>{O.reload(", "let built=!1;le(()=>{if(v(),!built){built=!0;return}oe(()=>{O.reload("),
    # Gradio watches each value of its configuration for changes; only its development server changes them.
    ("R(M,S(G).get_url_config(),!0),oe(S(M))", "R(M,S(G).get_url_config()),oe(S(M))"),
    # A component waits for each of its style sheets. The page has those that `list_files` names in one file.
    ("if(t=Je(t,n),t in Ye)return;", "if(t=Je(t,n),t in Ye||window.servedStyles?.includes(t.split(`/`).pop()))return;"),
)
FIRST_SCRIPT, SCRIPT_WITH_COMPONENTS, STYLE_OF_PAGE = "index-*.js", "core-*.js", "index-*.css"
VIDEO_DECODER = re.compile(r"hls-\w+\.js")
EXPORTED_NAMES = re.compile(r" as (\w+)")

_own_files: dict[str, bytes] = {}  # shared by all apps of the process, like the compressed files
_compressed: dict[tuple[str, str], bytes] = {}


def register_asset(stem: str, suffix: str, text: str) -> str:
    """Serve `text`, a script or style that holds no secret, to everybody; returns its address on the page."""
    data = text.encode()
    name = f"{stem}-{hashlib.sha256(data).hexdigest()[:12]}{suffix}"
    _own_files[name] = data
    return ASSETS_PATH.removeprefix("/") + name


class PageFiles(NamedTuple):
    """Addresses of what the page names in its head: the demo's style and script, and Gradio's scripts to preload."""

    style: str = ""
    script: str = ""
    preloaded: tuple[str, ...] = ()


def list_files(component_types: Iterable[str]) -> list[str]:
    """Names of Gradio's scripts and styles for a page of `component_types`, in order, without the style that it names.

    Its scripts import each other in steps, so that a browser would learn of the last ones late.
    """
    first = next(ASSETS_DIR.glob(FIRST_SCRIPT)).name
    frame = _list_imports(first, r"import\(`\./Index-")
    blocks = _list_imports(frame[0], r"import\(`\./Blocks-")
    types = "|".join(component_types)
    parts = _list_imports(SCRIPT_WITH_COMPONENTS, rf"\b(?:{types}):{{[^}}]*\bcomponent:\(\)=>v\(\(\)=>import")
    return [name for name in dict.fromkeys([first, *frame, *blocks, *parts]) if not fnmatch(name, STYLE_OF_PAGE)]


def _list_imports(script_pattern: str, import_pattern: str) -> list[str]:
    """Names of all files that the imports in one of Gradio's scripts need, each import's own file first."""
    script = next(ASSETS_DIR.glob(script_pattern)).read_text("utf-8")
    files = re.findall(r'"\./([^"]+)"', script[: script.index("]")])
    numbers = re.findall(import_pattern + r"[^[]*\[([\d,]+)\]", script)
    return [files[int(number)] for number in ",".join(numbers).split(",") if number]


class PrecompressedAssetsMiddleware:
    """ASGI middleware. Unknown files are left to Gradio, and its own for clients that accept no compression."""

    def __init__(self, app: ASGIApp, assets_dir: Path = ASSETS_DIR) -> None:
        self.app = app
        self._files = {file.name: file for file in assets_dir.iterdir() if file.suffix in MEDIA_TYPES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        url_path = scope["path"] if scope["type"] == "http" and scope["method"] == "GET" else ""
        name = url_path.removeprefix(ASSETS_PATH) if url_path.startswith(ASSETS_PATH) else ""
        encoding = choose_encoding(scope) if name else "identity"
        if name not in _own_files and (name not in self._files or encoding == "identity"):
            await self.app(scope, receive, send)
            return
        if (name, encoding) not in _compressed:
            _compressed[name, encoding] = await anyio.to_thread.run_sync(self._compress, name, encoding)
        headers = {**IMMUTABLE_HEADERS, **({} if encoding == "identity" else {"content-encoding": encoding})}
        media_type = MEDIA_TYPES[Path(name).suffix]
        await Response(_compressed[name, encoding], media_type=media_type, headers=headers)(scope, receive, send)

    def _compress(self, name: str, encoding: str) -> bytes:
        data = _own_files[name] if name in _own_files else edit_script(name, self._files[name].read_bytes())
        return compress(data, encoding)


def edit_script(name: str, data: bytes) -> bytes:
    """Gradio's file `name` with SCRIPT_EDITS; the decoder of video streams becomes functions that do nothing."""
    if not name.endswith(".js"):
        return data
    text = data.decode()
    if VIDEO_DECODER.fullmatch(name):
        names = EXPORTED_NAMES.findall(text[text.rindex("export{") :])
        return f"const none=()=>{{}};export{{{','.join(f'none as {name}' for name in names)}}};".encode()
    for old, new in SCRIPT_EDITS:
        text = text.replace(old, new)
    return text.encode()


def choose_encoding(scope: Scope) -> str:
    """The content encoding for the answer to a request: br, gzip or identity."""
    accepted = Headers(scope=scope).get("accept-encoding", "")
    return next((encoding for encoding in ("br", "gzip") if encoding in accepted), "identity")


def compress(data: bytes, encoding: str) -> bytes:
    """`data` in the content encoding br, gzip or identity."""
    if encoding == "br":
        compressed: bytes = brotli.compress(data, quality=9)
        return compressed
    return gzip.compress(data, 6, mtime=0) if encoding == "gzip" else data
