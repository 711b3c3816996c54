"""Rewrites Gradio's page: one language for the whole page, link previews with the demo's name, and less to transfer.

Gradio 6.31.0 serves every page as English and chooses its texts in the browser, by a table of languages that has half
of each Chinese one. Its `og:` and `twitter:` tags advertise Gradio. Here the server chooses (`ui.texts`), writes the
language into the page, and a script tells Gradio's code that the browser speaks it (templates/page_head.html). The
texts of other languages are left out. A page is the same for all who get one language at one address, so it is built
once: Gradio copies its whole configuration for each visitor.
"""

import json
import re
from functools import lru_cache

import anyio
from gradio.route_utils import get_request_origin
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..html import render
from ..texts import LANGUAGE_TAGS, detect_language
from .assets import PageFiles, choose_encoding, compress

ADVERTISING_TAG = re.compile(r'<meta\s+(?:property="og|name="twitter):[^>]*>\s*')
OPENING_TAGS = re.compile(r'(<html\s+lang=)"en"(.*?<head>)', re.DOTALL)
TRANSLATIONS_KEY = '"i18n_translations":'
HTML_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&'"})  # inside a script
PAGE_PARAMETERS = {"page", "deep_link", "all_endpoints"}  # of the query, with which Gradio builds another page
MAX_CACHED_PAGES = 8  # by language, encoding, and the host name in its addresses; 0.6 MB each


def rewrite_page(html: str, language: str, files: PageFiles) -> str:
    """Gradio's page with `language`, the demo's name and `files` in its head."""
    head, separator, rest = html.partition("<script>window.gradio_config")
    head = ADVERTISING_TAG.sub("", head)
    opening = f'\\1"{LANGUAGE_TAGS[language]}" dir="ltr"\\2'
    page_head = str(render("page_head.page_head", language, files=files))
    head = OPENING_TAGS.sub(lambda match: match.expand(opening) + page_head, head, 1)
    return head + separator + _keep_translation(rest, LANGUAGE_TAGS[language])


def _keep_translation(config: str, tag: str) -> str:
    """`config` with the translations of the language `tag` only."""
    before, key, after = config.partition(TRANSLATIONS_KEY)
    if not after.startswith("{"):
        return config
    translations, end = json.JSONDecoder().raw_decode(after)
    kept = json.dumps({tag: translations[tag]}, ensure_ascii=False).translate(HTML_ESCAPES)
    return before + key + kept + after[end:]


@lru_cache(MAX_CACHED_PAGES)
def _rewrite_and_compress(page: bytes, language: str, encoding: str, files: PageFiles) -> bytes:
    return compress(rewrite_page(page.decode(), language, files).encode(), encoding)


class PageHtmlMiddleware:
    """ASGI middleware. Only the page at "/" is rewritten; it is held in memory meanwhile.

    has_login: a page holds its visitor's name, so that Gradio builds each.
    """

    def __init__(self, app: ASGIApp, files: PageFiles, *, has_login: bool) -> None:
        self.app = app
        self._files = files
        self._has_login = has_login
        self._pages: dict[tuple[str, ...], tuple[Message, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != f"{scope.get('root_path', '')}/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        language = detect_language(request)
        encoding = choose_encoding(scope)
        key = str(get_request_origin(request, "/")), scope.get("root_path", ""), language, encoding
        is_cacheable = not (self._has_login or PAGE_PARAMETERS & request.query_params.keys())
        start: Message = {}
        body = bytearray()

        async def hold_page(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            headers, page = MutableHeaders(scope=start), bytes(body)
            if headers.get("content-type", "").startswith("text/html"):
                page = await anyio.to_thread.run_sync(_rewrite_and_compress, page, language, encoding, self._files)
                headers["content-length"] = str(len(page))
                headers["content-language"] = LANGUAGE_TAGS[language]
                if encoding != "identity":
                    headers["content-encoding"] = encoding
                headers.add_vary_header("Accept-Encoding, Accept-Language")
                if is_cacheable and start["status"] == 200:
                    if len(self._pages) >= MAX_CACHED_PAGES:
                        self._pages.clear()
                    self._pages[key] = start, page
            await send_page(start, page)

        async def send_page(start: Message, page: bytes) -> None:
            await send({**start, "headers": [*start["headers"]]})  # other middleware adds to the list
            await send({"type": "http.response.body", "body": page})

        if is_cacheable and key in self._pages:
            await send_page(*self._pages[key])
        else:
            await self.app(scope, receive, hold_page)
