"""Answers of both vendors in every known shape: none is unknown, and no refusal "may have been billed"."""

import json
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meitu_demo.domain.billing import Billing, classify_billing
from meitu_demo.domain.errors import DemoError, InvalidResponse, OutcomeUnknown
from meitu_demo.domain.explanations import Explanation, explain
from meitu_demo.domain.model import ResultLink
from meitu_demo.domain.vendor_codes import find_vendor_code
from meitu_demo.redaction.text import MAX_CLEAN_CHARS
from meitu_demo.vendors import VENDORS

PUBLISHED = tomllib.loads((Path(__file__).parents[1] / "domain/data/vendor_codes.toml").read_text("utf-8"))
CODES = [
    ("ailab" if part == "ailab" else "meitu", entry.partition(":")[0], outcome)
    for part in ("meitu_general", "meitu_algorithms", "ailab")
    for outcome, text in PUBLISHED[part].items()
    for entry in text.split()
]
TEXTS = [
    (vendor_id, *line.split(" ", 1))
    for vendor_id, text in PUBLISHED["texts"].items()
    for line in text.strip().split("\n")
]


def receive(vendor_id: str, status: int, body: Any, **headers: str) -> DemoError:
    """The error that an answer leads to. body: bytes, or what becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(DemoError) as caught:
        VENDORS[vendor_id].parse(httpx.Response(status, content=content, headers=headers))
    return caught.value


def list_shapes(vendor_id: str, code: str, status: int) -> list[tuple[int, Any]]:
    """Each shape in which a vendor gives `code`, as (status, body)."""
    number: int | str = int(code) if code.isdecimal() else code
    if vendor_id == "ailab":
        detail = {"code": code, "code_message": "Words.", "message": ""}
        return [
            (status, {"request_id": "r", "log_id": "l", "error_detail": detail}),
            (status, {"error_code": status, "error_msg": "", "error_detail": {"status_code": status, **detail}}),
            (200, {"error_code": status, "error_detail": detail}),
            (status, {"error_code": status, "error_code_str": code, "error_msg": ""}),
            (status, {"error_code": code}),
        ]
    nested = {"code": number, "msg": "x"}
    return [
        (400, {"ErrorCode": number, "ErrorMsg": "x", "Data": ""}),
        (400, {"ErrorCode": code, "ErrorMsg": "x", "Data": None}),
        (200, {"error_code": number, "message": "x"}),
        (500, {"code": number, "message": "x"}),
        (400, {"code": number, "message": "ALGO_ERROR", "data": {"result": nested}}),
        (200, {"message": json.dumps({"message": json.dumps(nested)})}),
    ]


@pytest.mark.parametrize(("vendor_id", "code", "outcome"), CODES)
def test_answers_with_a_published_code_are_explained_in_every_shape(vendor_id: str, code: str, outcome: str) -> None:
    """Each published code, in each known shape, has words of its own and its published outcome."""
    known = find_vendor_code(vendor_id, code)
    assert known is not None
    for status, body in list_shapes(vendor_id, code, known.http):
        error = receive(vendor_id, status, body)
        assert classify_billing(error) == outcome, body
        assert explain(error, "en").slug == known.slug, body


@pytest.mark.parametrize(("vendor_id", "slug", "text"), TEXTS)
@pytest.mark.parametrize("status", [200, 400, 415, 422, 500])
def test_answers_without_a_code_are_told_by_their_text(vendor_id: str, slug: str, text: str, status: int) -> None:
    """A text that names the reason is a refusal, in JSON, in Meitu's Data, in AILab's code_message and alone."""
    texts = {"Data": text} if vendor_id == "meitu" else {"error_detail": {"code_message": text}}
    for body in ({"message": text}, texts, text.encode()):
        error = receive(vendor_id, status, body)
        assert explain(error, "en").slug == slug, body
        assert classify_billing(error) is Billing.REFUSED, body


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 410, 413, 422])
def test_answers_with_a_bare_refusing_status_are_known(vendor_id: str, status: int) -> None:
    """A status that refuses the request has words, and the call was not billed."""
    for body in (b"", {}, {"message": "no"}, {"ErrorMsg": "no"}):
        error = receive(vendor_id, status, body)
        assert explain(error, "en").slug != "vendor_unknown"
        assert classify_billing(error) in (Billing.REFUSED, Billing.NOT_PROCESSED)


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
@pytest.mark.parametrize("status", [401, 403, 407, 451])
def test_answers_in_html_do_not_accuse_the_key(vendor_id: str, status: int) -> None:
    """A firewall's page under 401 or 403 is not the vendor's word on the key; it was never processed."""
    pages = [
        (b"\n<!DOCTYPE html><title>Blocked</title> suspended", {}),
        (b"Access denied", {"content-type": "text/html"}),
    ]
    for page, headers in pages:
        error = receive(vendor_id, status, page, **headers)
        assert explain(error, "en").slug == "blocked_on_the_way"
        assert classify_billing(error) is Billing.REFUSED


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html>Bad Gateway</html>", b'{"message": "upstream"}', b'{"parameter":']
)
def test_answers_with_5xx_and_no_code_may_have_been_billed(vendor_id: str, status: int, body: bytes) -> None:
    """The call may have been processed before the server failed."""
    error = receive(vendor_id, status, body)
    assert isinstance(error, OutcomeUnknown)
    assert (error.facts["cause"], error.facts["http_status"]) == ("server_error", status)


def test_answers_of_ailab_with_only_a_status_as_number_have_no_code() -> None:
    """`error_code` 500 or 422 inside a 200 is the status of the answer, not a code that nobody knows."""
    inside = receive("ailab", 200, {"request_id": "r", "error_code": 422, "error_msg": "cannot use it"})
    assert (explain(inside, "en").slug, classify_billing(inside)) == ("photo_unsuitable", Billing.REFUSED)
    for status, body in (
        (500, {"error_code": 500}),
        (200, {"error_code": 500}),
        (200, {"error_detail": {"code": 500}}),
    ):
        error = receive("ailab", status, {"request_id": "r-1", **body})
        assert explain(error, "en").slug == "outcome_unknown_server_error"
        assert error.facts["http_status"] == 500
        assert ("Request ID", "r-1") in explain(error, "en").details


def test_answers_of_ailab_tell_several_faces_from_none() -> None:
    """The same code comes for both; the text says which."""
    detail = {"code": "ERROR_NO_FACE_IN_FILE", "message": "Multiple faces detected."}
    assert explain(receive("ailab", 422, {"error_detail": detail}), "en").slug == "several_faces"
    detail = {"code": "ERROR_NO_FACE_IN_FILE", "message": "pic not has face"}
    assert explain(receive("ailab", 422, {"error_detail": detail}), "en").slug == "no_face"


def test_answers_of_ailab_tell_an_api_that_is_not_offered_from_a_wrong_path() -> None:
    """A bare 404 and the API's own path are not offered any more; any other path is a mistyped setting."""
    for body in (b"", b"<html>404</html>", {"message": "Endpoint '/face/editing/face-tidyup' does not exist"}):
        assert explain(receive("ailab", 404, body), "en").slug == "api_retired"
    wrong = receive("ailab", 404, {"message": "Endpoint '/face/editing/face-tidyup2' does not exist"})
    assert explain(wrong, "en").slug == "api_not_found"
    assert "AILAB_PATH" in explain(wrong, "en").fix


def test_answers_of_a_queueing_gateway_have_a_clear_word() -> None:
    """openapi.meitu.com queues a job; that is told, with the setting, and may have been billed."""
    error = receive("meitu", 200, {"code": 0, "message": "success", "data": {"status": 9, "task_id": "t"}})
    assert isinstance(error, InvalidResponse)
    explanation = explain(error, "en")
    assert explanation.slug == "bad_reply_queued"
    assert "MEITU_BASE_URL" in explanation.fix


# ── What the vendor's support asks for ──────────────────────────────────────────────────────────────────────────────
def list_details(error: DemoError) -> dict[str, str]:
    return dict(explain(error, "en").details)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("no face in media 0", "no face in media 0"),
        ({"media": 0, "why": "模糊"}, '{"media": 0, "why": "模糊"}'),
        ("", None),
        (None, None),
        ("angle=41 limit=35", None),
    ],
)
def test_answers_of_meitu_keep_data(data: object, shown: str | None) -> None:
    """Meitu's Data is shown as text; nothing, or numbers that stand in the sentence, are not repeated."""
    assert (
        list_details(receive("meitu", 400, {"ErrorCode": 20003, "ErrorMsg": "x", "Data": data})).get("Details") == shown
    )


def test_answers_of_ailab_keep_code_message_and_log_id() -> None:
    """code_message stands beside message, log_id beside request_id; for API and MCP both are in the text."""
    detail = {"code": "ERROR_SMALL_FACE_SIZE", "code_message": "Face too small.", "message": "raw"}
    error = receive("ailab", 422, {"request_id": "r-1", "log_id": "l-2", "error_detail": detail})
    found = list_details(error)
    assert found["Details"] == "Face too small."
    assert (found["Request ID"], found["Log ID"]) == ("r-1", "l-2")
    text = explain(error, "en").as_text()
    assert (
        "[HTTP status: 422; Request ID: r-1; Log ID: l-2; In the service's own words: raw; Details: Face too small.]"
        in text
    )


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
def test_answers_show_details_redacted_and_bounded(vendor_id: str) -> None:
    """No link, no control character and no more than a line of what a vendor wrote is shown."""
    text = "see https://obs.example/KEY/a.png?api_key=KEY \x1b[31m\u202e" + "x" * 100_000
    if vendor_id == "meitu":
        body: dict[str, Any] = {"ErrorCode": 20003, "ErrorMsg": text, "Data": {"why": text}, "log_id": text}
    else:
        detail = {"code": "ERROR_SMALL_FACE_SIZE", "code_message": text, "message": text + "y"}
        body = {"request_id": text, "log_id": text, "error_detail": detail}
    explanation: Explanation = explain(receive(vendor_id, 400, body), "en")
    assert "KEY" not in repr(explanation) + explanation.as_text()
    assert explanation.as_text().isprintable()
    assert all(len(value) <= MAX_CLEAN_CHARS for _, value in explanation.details)


# ── Anything at all ─────────────────────────────────────────────────────────────────────────────────────────────────
FIELDS = [
    "ErrorCode", "error_code", "error_code_str", "code", "ErrorMsg", "error_msg", "message", "msg", "error_detail",
    "data", "result", "request_id", "parameter", "media_info_list", "media_data", "image_url",
]  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=20,
)
NESTED_JSON = JSON | JSON.map(lambda inner: {"message": json.dumps(inner)})
CONTENT_TYPES = ["", "text/html; charset=hex", "text/html; charset=idna", "text/html; charset=undefined",
                 "application/json; charset=gb18030", "text/plain; charset=utf-7"]  # fmt: skip


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
@given(
    status=st.integers(200, 599),
    body=st.binary(max_size=200) | NESTED_JSON.map(lambda body: json.dumps(body).encode()),
    content_type=st.sampled_from(CONTENT_TYPES),
)
@example(status=400, body=b"abc", content_type="text/html; charset=undefined")
@example(status=400, body=b"\xffabc", content_type="text/html; charset=idna")
def test_answers_of_any_kind_are_read_or_explained(vendor_id: str, status: int, body: bytes, content_type: str) -> None:
    """No bytes and no JSON under any status make parsing raise anything but an error that can be explained."""
    response = httpx.Response(status, content=body, headers={"content-type": content_type})
    try:
        media = VENDORS[vendor_id].parse(response).media
    except DemoError as error:
        explain(error, "zh").as_text()
    else:
        assert isinstance(media, bytes | ResultLink)
