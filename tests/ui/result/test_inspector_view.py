"""The inspector's section: rows say what bars show, and each code sample has a button."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.translations import translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.inspector.capture import CapturedMessage
from meitu_demo.inspector.code_samples import SAMPLE_LANGUAGES, render_samples
from meitu_demo.inspector.trace import PHASES, Span, Trace
from meitu_demo.settings import Settings
from meitu_demo.ui.result.inspector_view import render_inspector

TEXT = "any text"
MESSAGE = CapturedMessage(TEXT, ((TEXT, TEXT),), TEXT, 2_100_000)
SPANS = tuple(Span(phase, place, place + 1) for place, phase in enumerate(PHASES))
TRACE = Trace("live", MESSAGE, MESSAGE, SPANS, 1, TEXT, 128_000)
CODE = render_samples(CATALOGUE["face_fuse"], {}, TargetResolver(Settings()).resolve_offline("meitu"))


class Page(HTMLParser):
    """Tags, attributes, and the texts by the innermost tag; complains about what is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data))

    def of(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_inspector_html_has_a_row_for_each_phase(language: str) -> None:
    """With its name, its bar and its time; bars are hidden from readers, who hear name and time."""
    page = Page(render_inspector(TRACE, {}, language))
    for phase in PHASES:
        assert translate(f"inspector.phase_{phase}", language) in page.of("span")
    assert page.of("span").count(translate("inspector.seconds", language, seconds="1.000")) == 6
    bars = [value for name, value in page.attributes if name == "style"]
    assert bars[:2] == ["left:0.00%;width:16.67%", "left:16.67%;width:16.67%"]
    assert page.attributes.count(("aria-hidden", "true")) == 6
    assert {"2.1 MB", "128 KB", translate("inspector.seconds", language, seconds="6.000")} < set(page.of("dd"))


def test_inspector_html_adds_up_attempts_and_omits_empty_phases() -> None:
    """Two attempts are two bars with their times added up; a phase that took no time is left out."""
    spans = (Span("wait", 0, 0.0001), Span("send", 0.0001, 1), Span("wait", 1, 1.0001), Span("send", 1.0001, 2))
    page = Page(render_inspector(replace(TRACE, spans=spans, attempts=2), {}, "en"))
    assert page.tags.count("li") == 1
    assert page.tags.count("b") == 2
    assert "2.000 s" in page.of("span")
    assert "2" in page.of("dd")


def test_inspector_html_without_a_response_or_trace() -> None:
    """A call without an answer says so; one of which nothing was sent still has its code."""
    assert translate("inspector.no_response", "en") in Page(
        render_inspector(replace(TRACE, response=None), {}, "en")
    ).of("p")
    page = Page(render_inspector(None, CODE, "en"))
    assert "ol" not in page.tags
    assert page.of("code") == list(CODE.values())
    empty = replace(TRACE, spans=())
    assert "li" not in Page(render_inspector(empty, {}, "en")).tags


def test_inspector_html_has_a_button_for_each_sample() -> None:
    """In the order of the languages, the first unfolded; a script copies what stands beside the button."""
    page = Page(render_inspector(TRACE, CODE, "en"))
    assert [value for name, value in page.attributes if name == "data-copy"] == list(SAMPLE_LANGUAGES)
    assert page.of("button") == ["Copy"] * 3
    assert page.attributes.count(("open", None)) == 1
    assert page.of("code") == [CODE[language] for language in SAMPLE_LANGUAGES]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_inspector_html_says_what_is_known_of_the_price(language: str) -> None:
    """Beside the code; the vendor's site is a link, which opens in a tab of its own."""
    page = Page(render_inspector(TRACE, CODE, language, translate("vendors.meitu.price", language)))
    assert any(translate("inspector.free", language) in text for text in page.of("p"))
    assert ("href", "https://ai.meitu.com") in page.attributes
    assert ("target", "_blank") in page.attributes
