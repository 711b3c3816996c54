"""Meitu's dialect, client side: pinned to the vendor's pages and to the shapes that its gateways answer with."""

import base64
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from meitu_demo.domain.errors import InvalidResponse, VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import CallTarget, Credentials, ParsedResponse, Photo, ResultLink
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.vendors import meitu

ROUTE = CallTarget(
    "meitu", "https://openapi.mtlab.meitu.com", Credentials(SecretStr("xxx"), SecretStr("yyy")), is_billable=True
)
PHOTO = Photo(b"\xff\xd8\xff\xe0 a photo", "image/jpeg", 640, 480)
PICTURE = bytes(range(256)) * 3
ENCODED = base64.b64encode(PICTURE).decode()


def answer(status: int, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return httpx.Response(status, content=content, headers=headers)


def success(media: str, **more: Any) -> httpx.Response:
    profiles = {"media_data_type": "jpg"}
    return answer(200, {"media_info_list": [{"media_data": media, "media_profiles": profiles}], **more})


def failure(status: int, body: Any, **headers: str) -> VendorError:
    with pytest.raises(VendorError) as caught:
        meitu.parse(answer(status, body, **headers))
    return caught.value


# ── What is sent ────────────────────────────────────────────────────────────────────────────────────────────────────
SENT = {
    "face_fuse": (
        "https://openapi.mtlab.meitu.com/v3/facefuse?api_key=xxx&api_secret=yyy",
        {"template_id": "gjw4tjeloaba2psk973"},
        {"rsp_media_type": "base64", "faceFusePPType": "gjw4tjeloaba2psk973"},
    ),
    "anime_avatar": (
        "https://openapi.mtlab.meitu.com/v1/EmojMaterialH5?api_key=xxx&api_secret=yyy",
        {"version": "1.0.0"},
        {"rsp_media_type": "jpg", "version": "1.0.0"},
    ),
    "quality_restoration": (
        "https://openapi.mtlab.meitu.com/v1/aiquality?api_key=xxx&api_secret=yyy",
        {},
        {"rsp_media_type": "base64"},
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_meitu_build_makes_the_documented_request(name: str) -> None:
    """POST, keys in the query, and a JSON body with parameter, extra and one photo, as on each endpoint's page."""
    url, values, parameter = SENT[name]
    request = meitu.build(CATALOGUE[name], ROUTE, PHOTO, values)
    assert (request.method, str(request.url)) == ("POST", url)
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {
        "parameter": parameter,
        "extra": {},
        "media_info_list": [
            {
                "media_data": base64.b64encode(PHOTO.data).decode(),
                "media_profiles": {"media_data_type": "jpg"},
            }
        ],
    }


def test_meitu_build_sends_the_photo_as_bare_base64() -> None:
    """No data: prefix and no newlines, however large the photo."""
    photo = Photo(bytes(range(256)) * 1000, "image/png", 640, 480)
    request = meitu.build(CATALOGUE["quality_restoration"], ROUTE, photo, {})
    media = json.loads(request.content)["media_info_list"][0]
    assert base64.b64decode(media["media_data"], validate=True) == photo.data
    assert media["media_profiles"]["media_data_type"] == "jpg"  # the document's word for picture bytes, PNG too


def test_meitu_build_quotes_keys_for_the_query() -> None:
    """A key with characters that mean something in a URL arrives as it is."""
    keys = Credentials(SecretStr("a&b=c+d/e %"), SecretStr("#?é"))
    request = meitu.build(
        CATALOGUE["quality_restoration"], CallTarget("meitu", "https://host", keys, is_billable=True), PHOTO, {}
    )
    assert dict(httpx.QueryParams(request.url.query)) == {"api_key": "a&b=c+d/e %", "api_secret": "#?é"}


def test_meitu_build_prefers_the_targets_path() -> None:
    """A base URL with a path of its own is kept as well."""
    route = CallTarget(
        "meitu", "http://127.0.0.1:8700/proxy", ROUTE.credentials, is_billable=True, path_override="/other"
    )
    request = meitu.build(CATALOGUE["quality_restoration"], route, PHOTO, {})
    assert request.url.copy_with(query=None) == "http://127.0.0.1:8700/proxy/other"


# ── What a success looks like ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "parameter",
    [
        {"version": "1.0.0", "rsp_media_type": "base64"},
        {"time": 1.811443865, "version": "1.0.0", "rsp_media_type": "jpg"},
        {"rsp_media_type": "jpg", "version": "1.0.1"},
        {},
    ],
    ids=["facefuse", "EmojMaterialH5", "aiquality", "bare"],
)
def test_meitu_parse_reads_the_documented_successes(parameter: dict[str, object]) -> None:
    """The samples of all three pages hold the picture's bytes."""
    assert meitu.parse(success(ENCODED, parameter=parameter)) == ParsedResponse(PICTURE)


@pytest.mark.parametrize(
    "media",
    [
        ENCODED,
        f"data:image/jpeg;base64,{ENCODED}",
        f"data:image/png;base64,\n{ENCODED}",
        "\r\n".join(ENCODED[i : i + 76] for i in range(0, len(ENCODED), 76)),
        f"  {ENCODED}\n",
    ],
    ids=["bare", "data: prefix", "prefix and newline", "newlines", "blanks around"],
)
def test_meitu_parse_reads_base64_in_every_form_that_vendors_send(media: str) -> None:
    """With a data: prefix, in lines, with blanks around."""
    reply = meitu.parse(success(media))
    assert isinstance(reply.media, bytes)
    assert PICTURE.startswith(reply.media)


@pytest.mark.parametrize("length", range(1, 7))
def test_meitu_parse_reads_base64_without_padding_of_any_length(length: int) -> None:
    """None, one or two padding characters may be missing."""
    media = base64.b64encode(PICTURE[:length]).decode().rstrip("=")
    assert meitu.parse(success(media)).media == PICTURE[:length]


@pytest.mark.parametrize("declared", ["url", "jpg"])
def test_meitu_parse_recognises_a_link_by_its_value(declared: str) -> None:
    """The declared type is not to be trusted: what starts like a URL is one."""
    url = "https://obs.mtlab.meitu.com/mtopen/xxx/2026030814/0f.png"
    body = {"media_info_list": [{"media_data": url, "media_profiles": {"media_data_type": declared}}]}
    assert meitu.parse(answer(200, body)).media == ResultLink(url)


def test_meitu_parse_finds_the_request_id_in_body_or_header() -> None:
    """Whichever of the known names holds one."""
    assert meitu.parse(success(ENCODED, request_id="r1")).request_id == "r1"
    assert meitu.parse(success(ENCODED, msg_id=77)).request_id == "77"
    body = {"media_info_list": [{"media_data": ENCODED}]}
    assert meitu.parse(answer(200, body, **{"X-Request-Id": "r2"})).request_id == "r2"


def test_meitu_parse_takes_a_zero_code_for_success() -> None:
    """As number or text, under each of its names."""
    for name in ("ErrorCode", "error_code", "code"):
        for zero in (0, "0", "", None):
            assert meitu.parse(success(ENCODED, **{name: zero, "message": "ok"})).media == PICTURE


# ── What a failure looks like ───────────────────────────────────────────────────────────────────────────────────────
NESTED = {"code": 20003, "message": "ALGO_ERROR", "data": {"result": {"code": 20003, "msg": "DETECT_NOT_FACE"}}}
ONCE = {"code": 10000, "message": json.dumps({"ErrorCode": 20020, "ErrorMsg": "DETECT_FACE_OUTOFIMAGE"})}
TWICE = {"message": json.dumps({"message": json.dumps({"code": "20022", "msg": "DETECT_FACE_YAWANGLE_BIG"})})}
FAILURES = [
    # status, body, code, the vendor's message, what a person is told
    (400, {"ErrorCode": 20003, "ErrorMsg": "xxx", "Data": ""}, "20003", "xxx", "no_face"),
    (400, {"ErrorCode": 20003, "ErrorMsg": "xxx", "Data": None}, "20003", "xxx", "no_face"),
    (400, {"ErrorCode": 10003, "ErrorMsg": "xxx"}, "10003", "xxx", "link_not_readable"),
    (400, {"ErrorCode": 10000, "ErrorMsg": "xxxxxx", "Data": None}, "10000", "xxxxxx", "request_malformed"),
    (400, {"ErrorCode": "20001", "ErrorMsg": "PROCESS_ERROR"}, "20001", "PROCESS_ERROR", "processing_failed"),
    (400, {"ErrorCode": 20021, "ErrorMsg": "x"}, "20021", "x", "face_nodded"),
    (400, {"ErrorCode": 20023, "ErrorMsg": "x"}, "20023", "x", "face_too_small"),
    (400, {"ErrorCode": 220003, "ErrorMsg": "model photo detect no face"}, "220003", "model photo detect no face",
     "template_has_no_face"),
    (401, {"ErrorCode": 90002, "ErrorMsg": "GATEWAY_AUTHORIZED_ERROR", "Data": None}, "90002",
     "GATEWAY_AUTHORIZED_ERROR", "key_refused"),
    (200, {"error_code": 80001, "message": "权限错误 record not found"}, "80001", "权限错误 record not found",
     "no_entitlement"),
    (415, "权益已耗尽:no right package found".encode(), "415", "权益已耗尽:no right package found", "out_of_credits"),
    (415, {"ErrorCode": 415, "ErrorMsg": "权益已耗尽:no right package found"}, "415",
     "权益已耗尽:no right package found", "out_of_credits"),
    (415, {"ErrorCode": 415, "ErrorMsg": "ALGORITHM_INNER_ERROR"}, "415", "ALGORITHM_INNER_ERROR", "vendor_fault"),
    (404, {"error_code": 1000404, "message": "no route found"}, "1000404", "no route found", "api_not_found"),
    (200, {"error_code": 1000404, "message": "no route found"}, "1000404", "no route found", "api_not_found"),
    (400, {"code": 90002, "message": "GATEWAY_AUTHORIZED_ERROR"}, "90002", "GATEWAY_AUTHORIZED_ERROR", "key_refused"),
    (400, NESTED, "20003", "DETECT_NOT_FACE", "no_face"),
    (200, NESTED, "20003", "DETECT_NOT_FACE", "no_face"),
    (400, ONCE, "20020", "DETECT_FACE_OUTOFIMAGE", "face_cropped"),
    (500, TWICE, "20022", "DETECT_FACE_YAWANGLE_BIG", "face_turned"),
    (200, TWICE, "20022", "DETECT_FACE_YAWANGLE_BIG", "face_turned"),
    (400, {"ErrorCode": 90024, "ErrorMsg": "GATEWAY_QPS_LIMIT"}, "90024", "GATEWAY_QPS_LIMIT", "rate_limited"),
    (400, {"ErrorCode": 4242, "ErrorMsg": "never heard of"}, "4242", "never heard of", "vendor_unknown"),
    (404, b"<html>not here</html>", "404", "", "api_not_found"),
    (403, b"", "403", "", "no_entitlement"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code", "message", "slug"), FAILURES)
def test_meitu_parse_reads_every_form_of_error(status: int, body: Any, code: str, message: str, slug: str) -> None:
    """Each shape that was documented or seen gives code, message and status, and the words that belong to it."""
    error = failure(status, body)
    assert (error.vendor_id, error.code, error.vendor_message, error.http_status) == ("meitu", code, message, status)
    assert explain(error, "en").slug == slug


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_meitu_parse_rejects_a_redirect(status: int) -> None:
    """It has no code to be explained by, and may have been billed for all that anybody knows."""
    with pytest.raises(InvalidResponse) as caught:
        meitu.parse(httpx.Response(status, headers={"location": "https://elsewhere.example/"}))
    assert caught.value.facts == {"vendor": "meitu", "cause": "redirect", "http_status": status}


def test_meitu_parse_keeps_the_request_id_of_an_error() -> None:
    """An error has the request id from the header or the body, with a code and without one."""
    assert failure(400, {"ErrorCode": 20003}, **{"x-request-id": "r3"}).request_id == "r3"
    assert failure(400, {"ErrorCode": 20003, "request_id": "r4"}).request_id == "r4"
    assert failure(403, {"message": "no", "request_id": "r5"}).request_id == "r5"


def test_meitu_parse_prefers_an_error_code_to_a_picture() -> None:
    """A reply with an error code and a picture is an error."""
    body = {"ErrorCode": 20001, "media_info_list": [{"media_data": ENCODED}]}
    assert failure(200, body).code == "20001"


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", "empty"),
        (b"<html>welcome</html>", "not_json"),
        (b'{"media_info_list": [{"media_da', "cut_off"),
        (b"[]", "not_json"),
        (b'"text"', "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"code": ' + b"9" * 5000 + b"}", "not_json"),
        (b"{}", "no_media"),
        (b'{"media_info_list": []}', "no_media"),
        (b'{"media_info_list": [null]}', "no_media"),
        (b'{"media_info_list": {"media_data": "x"}}', "no_media"),
        (b'{"media_info_list": [{"media_data": ""}]}', "no_media"),
        (b'{"media_info_list": [{"media_data": 5}]}', "no_media"),
        (b'{"media_info_list": [{"media_data": "!!!"}]}', "not_base64"),
        (b'{"media_info_list": [{"media_data": "AAAAA"}]}', "not_base64"),
        ('{"media_info_list": [{"media_data": "\u00e9\u00e9\u00e9\u00e9"}]}'.encode(), "not_base64"),
    ],
)
def test_meitu_parse_names_the_fault_of_an_undocumented_200(body: bytes, cause: str) -> None:
    """A 200 in another form than documented is an InvalidResponse that names what is wrong."""
    with pytest.raises(InvalidResponse) as caught:
        meitu.parse(answer(200, body))
    assert (caught.value.facts["vendor"], caught.value.facts["cause"]) == ("meitu", cause)


@pytest.mark.parametrize("body", [{}, {"media_info_list": [{"media_data": "!!!"}]}])
def test_meitu_parse_keeps_the_request_id_of_an_answer_without_a_picture(body: dict[str, Any]) -> None:
    """The details name it, because the vendor's support asks for it."""
    with pytest.raises(InvalidResponse) as caught:
        meitu.parse(answer(200, body, **{"x-request-id": "r6"}))
    assert ("Request ID", "r6") in explain(caught.value, "en").details
