"""Rewrites the head of Gradio's page: one language for the whole page, and link previews with the demo's name.

Gradio 6.31.0 serves every page as English and chooses its texts in the browser, by a table of languages that has half
of each Chinese one. Its `og:` and `twitter:` tags advertise Gradio. Here the server chooses (`ui.texts`), writes the
language into the page, and a script tells Gradio's code that the browser speaks it (templates/page_head.html).
"""

import re

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..html import render
from ..texts import LANGUAGE_TAGS, detect_language

ADVERTISING_TAG = re.compile(r'<meta\s+(?:property="og|name="twitter):[^>]*>\s*')
OPENING_TAGS = re.compile(r'(<html\s+lang=)"en"(.*?<head>)', re.DOTALL)


def rewrite_page(html: str, language: str) -> str:
    """Gradio's page with `language` and the demo's name in its head."""
    head, separator, rest = html.partition("<script>window.gradio_config")
    head = ADVERTISING_TAG.sub("", head)
    opening = f'\\1"{LANGUAGE_TAGS[language]}" dir="ltr"\\2'
    head = OPENING_TAGS.sub(lambda match: match.expand(opening) + str(render("page_head.page_head", language)), head, 1)
    return head + separator + rest


class PageHtmlMiddleware:
    """ASGI middleware. Only the page at "/" is rewritten; it is held in memory meanwhile."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the rewritten page, or pass the request on."""
        if scope["type"] != "http" or scope["path"] != f"{scope.get('root_path', '')}/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        language = detect_language(Request(scope))
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
                page = rewrite_page(page.decode(), language).encode()
                headers["content-length"] = str(len(page))
                headers["content-language"] = LANGUAGE_TAGS[language]
                headers.add_vary_header("Accept-Language")
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, hold_page)
