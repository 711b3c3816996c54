"""No key and no picture is in a trace, whatever a response quotes and however it is encoded."""

import base64
import dataclasses
import html
import json
from collections.abc import Callable
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from support.encodings import ENCODINGS
from support.unbilled_call import run_answered

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.domain.errors import DemoError
from meitu_demo.domain.model import CallTarget, Credentials
from meitu_demo.inspector.capture import MAX_BODY_CHARS, capture_response
from meitu_demo.inspector.trace import Trace
from meitu_demo.offline.failure_lab import LAB_CREDENTIALS
from meitu_demo.settings import Settings
from meitu_demo.ui.result.inspector_view import render_inspector

KEY, SECRET = "CANARY0key+/0CANARY", "CANARY1secret==1CANARY"
SPELLINGS: dict[str, Callable[[str], str]] = {
    **ENCODINGS,
    "lower case": str.lower,
    "JSON, every character": lambda key: "".join(f"\\u{ord(char):04X}" for char in key),
    "HTML, decimal": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "HTML, hexadecimal": lambda key: "".join(f"&#x{ord(char):X};" for char in key),
}


def route_of(vendor_id: str, key: str = KEY, secret: str = SECRET, host: str = "") -> CallTarget:
    keys = Credentials(SecretStr(key), SecretStr(secret), host)
    return CallTarget(vendor_id, "https://vendor.example", keys, is_billable=True, result_hosts=("vendor.example",))


def shown_of(trace: Trace, language: str = "en") -> str:
    """Every representation of a trace."""
    return repr(trace) + json.dumps(dataclasses.asdict(trace)) + render_inspector(trace, {}, language)


def read_again(text: str) -> set[str]:
    """`text`, and what it becomes after unescaping by each method, up to twice."""
    found = {text}
    for _ in range(2):
        found |= {way(one) for one in found for way in (html.unescape, unquote, lambda one: one.replace("\\", ""))}
    return {one.lower() for one in found}


def holds(text: str, *keys: str) -> bool:
    return any(key.lower() in reading for reading in read_again(text) for key in keys)


# ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def quoting(request: httpx.Request) -> dict[str, object]:
    """A response that quotes everything about the request, in every encoding."""
    keys = [spell(key) for spell in SPELLINGS.values() for key in (KEY, SECRET)]
    return {
        "you_called": str(request.url),
        "headers": str(request.headers.raw),
        "fields": dict(request.url.params.multi_items()),
        "request_id": f"id {KEY}",
        "quoted": keys,
        KEY: {SECRET: 1},
        "padded": "x" * 395 + KEY,
        "base64": KEY + "A" * 500,
    }


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
@pytest.mark.parametrize("status", [200, 400, 502])
@pytest.mark.parametrize("kind", ["json", "text", "link", "huge"])
async def test_trace_hides_keys_that_a_vendor_quotes(vendor_id: str, status: int, kind: str, portrait: bytes) -> None:
    """A live call whose response is full of its keys: in JSON, in text, in a link, beyond what is displayed."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, content=portrait)
        body = quoting(request)
        headers = {"x-request-id": KEY, "location": f"https://vendor.example/{KEY}?api_secret={SECRET}"}
        if kind == "link":
            link = f"https://vendor.example/mtopen/{KEY}/1.png?sign={SECRET}"
            body = {"media_info_list": [{"media_data": link}], "data": {"image_url": link}, "request_id": KEY}
        if kind == "huge":
            body = {
                "message": f"{'word ' * MAX_BODY_CHARS}{KEY}",
                "many": [f"{KEY} {number}" for number in range(9000)],
            }
        if kind == "text":
            return httpx.Response(status, text=f"<p>{body}</p>" + "key " * MAX_BODY_CHARS + SECRET, headers=headers)
        return httpx.Response(status, json=body, headers=headers)

    try:
        trace: object = (await run_answered(answer, portrait, route_of(vendor_id))).trace
    except DemoError as error:
        trace = error.trace
    assert isinstance(trace, Trace)
    assert trace.response is not None
    assert not holds(shown_of(trace), KEY, SECRET)
    assert not holds(shown_of(trace, "zh"), "CANARY0", "CANARY1")
    assert "$MEITU_API_KEY" in trace.request.start_line or "$AILAB_API_KEY" in str(trace.request.headers)
    assert len(trace.response.body) < 2 * MAX_BODY_CHARS


# ── Texts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)
BARE = repr(capture_response(httpx.Response(400, text=""), route_of("meitu"))) + "$MEITU_API_KEY$MEITU_API_SECRET"


@given(
    key=PLAIN,
    spelling=st.sampled_from(sorted(SPELLINGS)),
    before=st.text(max_size=40).map(lambda text: f"{text}="),
    after=st.text(max_size=40).map(lambda text: f"'{text}"),
)
@example(key="ABCDEFGH", spelling="plain", before="%", after="")
@example(key="41abcdefgh", spelling="plain", before="%", after="")
@example(key="u0041bcdefgh", spelling="plain", before="\\", after="")
@example(key="a&b%c\\d/e", spelling="percent", before="&amp", after=";")
@example(key="a&b%c\\d/e", spelling="HTML", before="\\\\", after="\\")
@example(key="a&lt;b%41%25c", spelling="HTML", before="", after="")
@example(key="a%2541&#65;\\u0041", spelling="percent twice", before="", after="")
@example(key="a%2541&#65;\\u0041", spelling="JSON in JSON", before="", after="")
@settings(max_examples=300)
def test_capture_response_hides_a_key_in_any_encoding(key: str, spelling: str, before: str, after: str) -> None:
    """Any key that fits in a header, in any of the encodings, between any two texts."""
    text = SPELLINGS[spelling](key)
    assume(key.lower() not in BARE.lower() and key.lower() not in (before + after).lower())
    for body in (f"{before}{text}{after}", json.dumps({"message": f"{before}{text}{after}"})):
        captured = capture_response(httpx.Response(400, text=body), route_of("meitu", key, "another-secret"))
        assert text not in captured.body
        assert key not in captured.body


@pytest.mark.parametrize(
    ("body", "expected", "remaining"),
    [
        ('{"url": "https://obs.example:8443/mtopen/THEIRS/1.png?a=THEIRS"}', "https://obs.example:8443/…", "obs"),
        ('{"m": "{\\"url\\":\\"https:\\\\/\\\\/obs.example\\\\/THEIRS\\"}"}', "obs.example", "url"),
        ('{"m": "see https%3A%2F%2Fobs.example%2FTHEIRS%2F1.png now"}', "see … now", "now"),
        ('{"api_key": "THEIRS", "b": 1}', '"api_key": "…"', '"b": 1'),
        ("no right for api_key=THEIRS&api_secret=THEIRS at all", "api_key=…&api_secret=… at all", "no right"),
        ("{'x-rapidapi-key': 'THEIRS', 'b': 1}", "'x-rapidapi-key': '…'", "'b': 1"),
    ],
)
def test_capture_response_hides_other_peoples_keys(body: str, expected: str, remaining: str) -> None:
    """A response may carry somebody else's keys, recognised by their position."""
    captured = capture_response(httpx.Response(400, text=body), route_of("meitu")).body
    assert "THEIRS" not in captured
    assert expected in captured
    assert remaining in captured


def test_capture_response_keeps_ordinary_words() -> None:
    """The offline server is called with a word as the key, and a key of a few letters is not secret."""
    payload = {"message": "the offline engine says: any xxx will do, none at all, or lab"}
    rehearsed = dataclasses.replace(route_of("meitu"), credentials=LAB_CREDENTIALS, is_failure_lab=True)
    for route in (route_of("meitu", "any", "xxx"), TargetResolver(Settings()).resolve_offline("meitu"), rehearsed):
        assert payload["message"] in capture_response(httpx.Response(400, json=payload), route).body


# ── Pictures and unusual bodies ─────────────────────────────────────────────────────────────────────────────────────
def lined(text: str) -> str:
    return "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))


@pytest.mark.parametrize(
    "answer",
    [
        lambda picture, text: {"content": picture},
        lambda picture, text: {"text": text},
        lambda picture, text: {"text": lined(text)},
        lambda picture, text: {"text": '{"media_data": "' + text},
        lambda picture, text: {"text": '{"media_data": "' + lined(text) + '"}'},
        lambda picture, text: {"json": {"media_data": f"data:image/jpeg;base64,{text}"}},
        lambda picture, text: {"json": {"media_data": lined(text)}},
        lambda picture, text: {"json": [[text], {text: text}]},
        lambda picture, text: {"json": {"message": f"look: {text}"}},
    ],
)
def test_capture_response_shortens_pictures(answer: Callable[..., dict[str, object]], portrait: bytes) -> None:
    """At most 24 characters of a picture's base64 are displayed, wherever and however it comes."""
    text = base64.b64encode(portrait).decode()
    captured = capture_response(httpx.Response(200, **answer(portrait, text)), route_of("meitu")).body  # type: ignore[arg-type]
    assert text[24:40] not in captured
    assert "KB)" in captured
    assert len(captured) < 300


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"9" * 10_000, b"NaN", b'"\\ud800"',
        b"[" + b"1," * 50_000 + b"1]", b'{"a": "\\u202e\\u0000"}', b"\\" * 20_000, b"http://" * 5_000, b"%25" * 9_000,
        json.dumps({str(number): number for number in range(20_000)}).encode(),
    ],
    ids=lambda body: f"{body[:8]!r}",
)  # fmt: skip
def test_capture_response_accepts_any_body(body: bytes) -> None:
    """Not JSON, too deep, too many values, half a character, empty: bounded, and valid in a page."""
    captured = capture_response(httpx.Response(200, content=body), route_of("meitu"))
    assert len(captured.body) < 2 * MAX_BODY_CHARS
    captured.body.encode("utf-8")
    assert not set("\0\u202e") & set(captured.body)
