"""AILabTools' dialect, client side: pinned to the vendor's page and to the three generations of its answers."""

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from meitu_demo.domain.errors import InvalidResponse, VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import CallTarget, Credentials, ParsedResponse, Photo, ResultLink
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.vendors import ailab

ENDPOINT = CATALOGUE["facial_aesthetics"]
VALUES = {"shape_type": "8", "strength": 0.5}
PHOTO = Photo(b"\xff\xd8\xff\xe0 a photo \r\n--", "image/jpeg", 640, 480)
DIRECT = CallTarget("ailab", "https://www.ailabapi.com", Credentials(SecretStr("xxx")), is_billable=True)
MARKET = CallTarget(
    "ailab", "https://facial-aesthetics.p.rapidapi.com",
    Credentials(SecretStr("yyy"), host="facial-aesthetics.p.rapidapi.com"), is_billable=True,
    path_override="/face/editing/face-tidyup",
)  # fmt: skip
URL = "https://ai-result.example/2026/abc.jpg?Expires=1"


def parts(request: httpx.Request) -> dict[str, tuple[dict[str, str], bytes]]:
    """name → (headers, bytes) of each part, taken apart by hand: the parser of a framework would forgive too much."""
    request.read()
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    found = {}
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        name = headers["Content-Disposition"].partition('name="')[2].partition('"')[0]
        found[name] = (headers, body.removesuffix(b"\r\n"))
    return found


def answer(status: int, body: Any) -> httpx.Response:
    return httpx.Response(status, content=body if isinstance(body, bytes) else json.dumps(body).encode())


def failure(status: int, body: Any) -> VendorError:
    with pytest.raises(VendorError) as caught:
        ailab.parse(answer(status, body))
    return caught.value


# ── What is sent ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_ailab_build_makes_the_documented_request() -> None:
    """A form with a file part and two text parts; the key in the direct edition's header."""
    request = ailab.build(ENDPOINT, DIRECT, PHOTO, VALUES)
    assert (request.method, str(request.url)) == (
        "POST", "https://www.ailabapi.com/api/portrait/effects/face-tidyup",
    )  # fmt: skip
    assert request.headers["ailabapi-api-key"] == "xxx"
    assert not [name for name in request.headers if name.startswith("x-rapidapi")]
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    form = parts(request)
    assert set(form) == {"image", "shape_type", "strength"}
    assert form["shape_type"][1] == b"8"
    assert form["strength"][1] == b"0.5"
    headers, data = form["image"]
    assert data == PHOTO.data
    assert headers["Content-Type"] == "image/jpeg"
    assert 'filename="photo.jpg"' in headers["Content-Disposition"]


def test_ailab_build_uses_the_marketplaces_headers_and_path() -> None:
    """x-rapidapi-key and -host instead of the direct key; where to, the route says."""
    request = ailab.build(ENDPOINT, MARKET, PHOTO, VALUES)
    assert str(request.url) == "https://facial-aesthetics.p.rapidapi.com/face/editing/face-tidyup"
    assert request.headers["x-rapidapi-key"] == "yyy"
    assert request.headers["x-rapidapi-host"] == "facial-aesthetics.p.rapidapi.com"
    assert "ailabapi-api-key" not in request.headers


def test_ailab_build_names_a_png_as_one() -> None:
    """The form part's file name and type are those of the photo."""
    headers, _ = parts(ailab.build(ENDPOINT, DIRECT, Photo(b"x", "image/png", 1, 1), VALUES))["image"]
    assert headers["Content-Type"] == "image/png"
    assert 'filename="photo.png"' in headers["Content-Disposition"]


# ── What a success looks like ───────────────────────────────────────────────────────────────────────────────────────
OK = {"code": "", "code_message": "", "message": ""}
SUCCESSES = {
    "oldest": {"error_code": 0, "error_code_str": "", "error_msg": "", "request_id": "r", "log_id": "l",
               "data": {"image_url": URL}},
    "documented": {"request_id": "r", "log_id": "l", "error_code": 0, "error_msg": "",
                   "error_detail": {"status_code": 200, **OK}, "data": {"image_url": URL}},
    "newest": {"request_id": "r", "log_id": "l", "error_detail": OK, "data": {"image_url": URL}},
    "zero as text": {"request_id": "r", "error_code": "0", "error_detail": {"code": "0"}, "data": {"image_url": URL}},
    "zero as number": {"request_id": "r", "error_code": 0, "error_detail": {"code": 0}, "data": {"image_url": URL}},
    "null detail": {"request_id": "r", "error_code": 0, "error_detail": None, "data": {"image_url": URL}},
}  # fmt: skip


@pytest.mark.parametrize("form", SUCCESSES)
def test_ailab_parse_reads_all_generations_of_success(form: str) -> None:
    """The link and the request id are found in each; a missing error_code is no failure."""
    reply = ailab.parse(answer(200, SUCCESSES[form]))
    assert reply == ParsedResponse(ResultLink(URL), "r")


def test_ailab_parse_takes_the_log_id_for_a_missing_request_id() -> None:
    """The vendor's support asks for either id, so the log id is used where there is no request id."""
    assert ailab.parse(answer(200, {"log_id": "l", "data": {"image_url": URL}})).request_id == "l"


# ── What a failure looks like ───────────────────────────────────────────────────────────────────────────────────────
def detail(code: str, message: str = "") -> dict[str, object]:
    return {
        "request_id": "r",
        "log_id": "l",
        "error_detail": {"code": code, "code_message": "Words", "message": message},
    }


FAILURES = [
    # status, body, code, the vendor's message, what a person is told
    (422, detail("ERROR_NO_FACE_IN_FILE", "pic not has face"), "ERROR_NO_FACE_IN_FILE", "pic not has face", "no_face"),
    (422, {"error_code": 422, **detail("ERROR_NO_FACE_IN_FILE")}, "ERROR_NO_FACE_IN_FILE", "", "no_face"),
    (200, {"error_code": 422, **detail("ERROR_NO_FACE_IN_FILE")}, "ERROR_NO_FACE_IN_FILE", "", "no_face"),
    (422, {"request_id": "r", "error_code": 422, "error_code_str": "ERROR_NO_FACE_IN_FILE", "error_msg": "old"},
     "ERROR_NO_FACE_IN_FILE", "old", "no_face"),
    (429, detail("ERROR_NOT_ENOUGH_CREDITS"), "ERROR_NOT_ENOUGH_CREDITS", "", "out_of_credits"),
    (429, detail("EXCEEDING_LIMITS"), "EXCEEDING_LIMITS", "", "rate_limited"),
    (401, detail("ERROR_USER_NOT_EXISTS"), "ERROR_USER_NOT_EXISTS", "", "key_refused"),
    (404, detail("ERROR_AI_NOT_EXISTS"), "ERROR_AI_NOT_EXISTS", "", "api_retired"),
    (413, detail("FILE_SIZE_EXCEEDS_LIMIT"), "FILE_SIZE_EXCEEDS_LIMIT", "", "file_too_large"),
    (415, detail("UNSUPPORTED_FILE_TYPES"), "UNSUPPORTED_FILE_TYPES", "", "wrong_kind"),
    (502, detail("AI_SERVICE_ERROR"), "AI_SERVICE_ERROR", "", "vendor_fault"),
    (504, detail("AI_SERVICE_TIMEOUT"), "AI_SERVICE_TIMEOUT", "", "vendor_timeout"),
    (500, detail("PROCESSING_FAILURE"), "PROCESSING_FAILURE", "", "processing_failed"),
    (418, detail("ERROR_OF_TOMORROW", "new"), "ERROR_OF_TOMORROW", "new", "vendor_unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code", "message", "slug"), FAILURES)
def test_ailab_parse_reads_every_form_of_error(status: int, body: Any, code: str, message: str, slug: str) -> None:
    """The code is found in each generation, whatever the status says, with message and request id."""
    error = failure(status, body)
    assert (error.vendor_id, error.code, error.vendor_message, error.http_status) == ("ailab", code, message, status)
    assert error.request_id == "r"
    assert explain(error, "en").slug == slug


@pytest.mark.parametrize(
    ("status", "message", "slug"),
    [
        (401, "Invalid API key.", "key_refused"),
        (403, "You are not subscribed to this API.", "no_entitlement"),
        (429, "You have exceeded the MONTHLY quota for Requests on your current plan, BASIC.", "out_of_credits"),
        (429, "Too many requests", "rate_limited"),
        (404, "Endpoint '/face/editing/face-tidyup' does not exist", "api_retired"),
        (404, "Endpoint '/x' does not exist", "api_not_found"),
    ],
)
def test_ailab_parse_reads_the_marketplaces_errors(status: int, message: str, slug: str) -> None:
    """The marketplace gives only {"message": …} and a status; both lead to the explanation."""
    error = failure(status, {"message": message})
    assert (error.code, error.vendor_message) == (str(status), message)
    assert explain(error, "en").slug == slug


def test_ailab_parse_keeps_the_request_id_of_an_error_without_code() -> None:
    """An error without a code has the request id, because the vendor's support asks for it; so has a bad answer."""
    assert failure(403, {"request_id": "r", "message": "no"}).request_id == "r"
    with pytest.raises(InvalidResponse) as caught:
        ailab.parse(answer(200, json.dumps({"request_id": "r"}).encode()))
    assert ("Request ID", "r") in explain(caught.value, "en").details


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", "empty"),
        (b"<html>", "not_json"),
        (b"[]", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"{}", "no_media"),
        (b'{"data": null}', "no_media"),
        (b'{"data": []}', "no_media"),
        (b'{"data": {"image_url": ""}}', "no_media"),
        (b'{"data": {"image_url": 7}}', "no_media"),
        (b'{"data": {"image_url": "ftp://host/x"}}', "no_media"),
        (b'{"data": {"image_url": "file:///etc/passwd"}}', "no_media"),
    ],
)
def test_ailab_parse_names_the_fault_of_an_undocumented_200(body: bytes, cause: str) -> None:
    """A 200 without a link is an InvalidResponse that names what is wrong; so is the document's empty image_url."""
    with pytest.raises(InvalidResponse) as caught:
        ailab.parse(answer(200, body))
    assert caught.value.facts["cause"] == cause
