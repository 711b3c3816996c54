"""AILabTools' dialect, server side: the page's form in, the page's answer out, and every refusal by its code."""

import asyncio
from typing import Any

import httpx
import pytest
from client_requests import TIDYUP, Ask, sized, weighing
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from meitu_demo.domain import errors
from meitu_demo.endpoints import facial_aesthetics
from meitu_demo.offline import create_app
from meitu_demo.photos import codec

LIMIT = 3 * 1024 * 1024  # bytes; the page's "3 MB"
PUBLIC = {"request_id", "log_id", "error_code", "error_msg", "error_detail"}
KEY = {"ailabapi-api-key": "xxx"}
MARKET = {"x-rapidapi-key": "yyy", "x-rapidapi-host": "facial-aesthetics.p.rapidapi.com"}
FIELDS = {"shape_type": "8", "strength": "0.5"}


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer with the page's public response fields, and nothing of a result; returns error_detail."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == PUBLIC
    assert body["request_id"] != body["log_id"]
    assert body["error_code"] == status
    detail: dict[str, Any] = body["error_detail"]
    assert set(detail) == {"status_code", "code", "code_message", "message"}
    assert (detail["status_code"], detail["code"]) == (status, code)
    return detail


async def test_a_call_as_on_the_page(ask_ailab: Ask, server: httpx.AsyncClient) -> None:
    """The answer has the sample's fields, and its link gives a picture of the photo's size."""
    response = await ask_ailab()
    assert response.status_code == 200, response.text
    body = response.json()
    assert set(body) == PUBLIC | {"data"}
    assert (body["error_code"], body["error_msg"]) == (0, "")
    assert body["error_detail"] == {"status_code": 200, "code": "", "code_message": "", "message": ""}
    fetched = await server.get(body["data"]["image_url"])
    assert fetched.headers["content-type"] == "image/jpeg"
    assert codec.read_size(fetched.content) == (320, 320)


@pytest.mark.parametrize("shape", range(22))
async def test_every_shape_type_is_taken(shape: int, ask_ailab: Ask) -> None:
    """0 to 21, as text in a form."""
    assert (await ask_ailab(shape_type=shape)).status_code == 200


async def test_both_editions_of_keys_are_taken(server: httpx.AsyncClient, portrait: bytes) -> None:
    """The direct key, or the marketplace's key with its host."""
    for headers in (KEY, MARKET):
        response = await server.post(TIDYUP, headers=headers, data=FIELDS, files={"image": ("p.jpg", portrait)})
        assert response.status_code == 200, response.text


@pytest.mark.parametrize("headers", [{}, {"ailabapi-api-key": ""}, {"x-rapidapi-key": "y"}, {"x-rapidapi-host": "h"}])
async def test_without_a_key_nothing_is_done(headers: dict[str, str], server: httpx.AsyncClient) -> None:
    """A missing or empty key: 401."""
    refusal(await server.post(TIDYUP, headers=headers, content=b"?"), 401, "ERROR_USER_NOT_EXISTS")


@pytest.mark.parametrize("path", ["/face/editing/face-tidyup", "/Face/Editing/Face-TidyUp"])
async def test_the_marketplaces_edition_has_its_own_path(path: str, server: httpx.AsyncClient, portrait: bytes) -> None:
    """With the marketplace's two headers it gives a picture; without one of them the marketplace refuses, codeless."""
    response = await server.post(path, headers=MARKET, data=FIELDS, files={"image": ("p.jpg", portrait)})
    assert response.status_code == 200, response.text
    assert response.json()["data"]["image_url"]
    for headers in ({}, KEY, {"x-rapidapi-key": "yyy"}):
        response = await server.post(path, headers=headers, content=b"?")
        assert (response.status_code, list(response.json())) == (401, ["message"])


@pytest.mark.parametrize("field", ["shape_type", "strength"])
@pytest.mark.parametrize("value", [None, "", "  "])
async def test_a_missing_field(field: str, value: str | None, ask_ailab: Ask) -> None:
    """All three fields are required."""
    refusal(await ask_ailab(**{field: value}), 400, "MISSING_PARAMETERS")


async def test_a_missing_photo(server: httpx.AsyncClient, portrait: bytes) -> None:
    """No file part, one of another name, or text in its place."""
    asks: list[dict[str, Any]] = [
        {"data": FIELDS},
        {"data": FIELDS, "files": {"photo": ("p.jpg", portrait)}},
        {"data": {**FIELDS, "image": "text"}, "files": {"other": ("p.jpg", portrait)}},
        {"json": FIELDS},
        {},
    ]
    for ask in asks:
        refusal(await server.post(TIDYUP, headers=KEY, **ask), 400, "MISSING_PARAMETERS")


@pytest.mark.parametrize(
    ("field", "value"),
    [("shape_type", "22"), ("shape_type", "-1"), ("shape_type", "8.5"), ("shape_type", "eyes"), ("shape_type", "08"),
     ("strength", "1.01"), ("strength", "-0.1"), ("strength", "nan"), ("strength", "inf"), ("strength", "much"),
     ("strength", "0,5")],
)  # fmt: skip
async def test_a_value_that_is_not_taken(field: str, value: str, ask_ailab: Ask) -> None:
    """Out of the page's scope: 400."""
    refusal(await ask_ailab(**{field: value}), 400, "UNSUPPORTED_PARAMETER_VALUES")


MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n'
UNREADABLE = [
    ("multipart/form-data", b""),
    (MULTIPART, b"no boundary at all"),
    (MULTIPART, b"--b\r\nbroken\x00header\r\n\r\nx\r\n--b--"),
    (MULTIPART, b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--"),
    (MULTIPART, b"".join(PART % (b"f%d" % n, b"x") for n in range(40)) + b"--b--"),
    (MULTIPART, PART % (b"shape_type", b"8" * 2_000_000) + b"--b--"),
    ("multipart/form-data; boundary=" + "b" * 300, b"x"),
]


@pytest.mark.parametrize(("kind", "body"), UNREADABLE, ids=range(len(UNREADABLE)))
async def test_an_unreadable_form(kind: str, body: bytes, server: httpx.AsyncClient) -> None:
    """What is no form, or one with too many or too long fields: 400."""
    response = await server.post(TIDYUP, headers={**KEY, "content-type": kind}, content=body)
    refusal(response, 400, "ERROR_INVALID_PARAMETER")


@pytest.mark.parametrize("kind", ["Multipart/Form-Data; boundary=b", "multipart/form-data; charset=hex; boundary=b"])
async def test_a_media_type_is_written_as_one_likes(kind: str, server: httpx.AsyncClient, portrait: bytes) -> None:
    """Capitals mean nothing in it (RFC 9110), and an odd charset is no fault of ours."""
    parts = [PART % (name.encode(), value.encode()) for name, value in FIELDS.items()]
    photo = (
        b'--b\r\ncontent-disposition: form-data; name="image"; filename="p.jpg"\r\n\r\n' + portrait + b"\r\n--b--\r\n"
    )
    response = await server.post(TIDYUP, headers={**KEY, "content-type": kind}, content=b"".join(parts) + photo)
    assert response.status_code == 200, response.text


async def test_no_face(ask_ailab: Ask, faceless: bytes) -> None:
    """A cup of coffee: 422."""
    refusal(await ask_ailab(faceless), 422, "ERROR_NO_FACE_IN_FILE")


async def test_a_small_face(ask_ailab: Ask, small_face: bytes) -> None:
    """Too few pixels: 422, with the measured side as the message."""
    detail = refusal(await ask_ailab(small_face), 422, "ERROR_SMALL_FACE_SIZE")
    assert "limit=48" in detail["message"]


@pytest.mark.parametrize(
    ("photo", "status", "code"),
    [
        (b"", 422, "FILE_DECODING_FAILURE"),
        (b"a text file", 415, "UNSUPPORTED_FILE_TYPES"),
        (b"GIF89a" + b"\0" * 50, 415, "UNSUPPORTED_FILE_TYPES"),
        (sized(60, 60, ".webp"), 415, "UNSUPPORTED_FILE_TYPES"),
        (sized(60, 60)[:300], 422, "FILE_DECODING_FAILURE"),
    ],
    ids=["empty", "text", "gif", "webp", "half a jpeg"],
)
async def test_a_file_that_is_no_photo_for_them(photo: bytes, status: int, code: str, ask_ailab: Ask) -> None:
    """Kinds that the page does not list, and pictures that cannot be decoded."""
    refusal(await ask_ailab(photo), status, code)


@pytest.mark.parametrize("kind", [".jpg", ".png", ".bmp"])
async def test_the_pages_kinds_are_taken(kind: str, ask_ailab: Ask) -> None:
    """JPEG, PNG and BMP come as far as the search for a face."""
    refusal(await ask_ailab(sized(60, 60, kind)), 422, "ERROR_NO_FACE_IN_FILE")


@pytest.mark.parametrize(
    ("width", "height", "status", "code"),
    [
        (11, 60, 422, "ERROR_NO_FACE_IN_FILE"), (10, 60, 422, "ERROR_LOW_RESOLUTION"),
        (60, 10, 422, "ERROR_LOW_RESOLUTION"), (1999, 60, 422, "ERROR_NO_FACE_IN_FILE"),
        (2000, 60, 413, "FILE_RESOLUTION_EXCEEDS_LIMITS"), (60, 2000, 413, "FILE_RESOLUTION_EXCEEDS_LIMITS"),
    ],
)  # fmt: skip
async def test_the_limits_in_pixels(width: int, height: int, status: int, code: str, ask_ailab: Ask) -> None:
    """Larger than 10 and smaller than 2000 px, neither included."""
    refusal(await ask_ailab(sized(width, height)), status, code)


async def test_the_limit_in_bytes(ask_ailab: Ask, portrait: bytes) -> None:
    """3 MB are taken, one byte more is not: 413."""
    assert (await ask_ailab(weighing(portrait, LIMIT))).status_code == 200
    refusal(await ask_ailab(weighing(portrait, LIMIT + 1)), 413, "FILE_SIZE_EXCEEDS_LIMIT")
    refusal(await ask_ailab(weighing(portrait, LIMIT + 200_000)), 413, "FILE_SIZE_EXCEEDS_LIMIT")


async def test_no_face_touches_the_disk(ask_ailab: Ask, portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starlette would spool larger uploads to a file; here even the largest stays in memory."""
    import tempfile

    def rolled(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("an upload went to the disk")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rolled)
    monkeypatch.setattr(tempfile, "TemporaryFile", rolled)
    assert (await ask_ailab(weighing(portrait, LIMIT - 1000))).status_code == 200


CAUSES: list[tuple[Exception, int, str]] = [
    (errors.NoFace(), 422, "ERROR_NO_FACE_IN_FILE"),
    (errors.FaceCropped(share=12), 422, "ERROR_INCOMPLETE_FACE"),
    (errors.FaceNodded(angle=40, limit=25), 422, "ERROR_POOR_FACE_QUALITY"),
    (errors.FaceTurned(angle=40, limit=35), 422, "ERROR_POOR_FACE_QUALITY"),
    (errors.FaceTooSmall(side=40, limit=48), 422, "ERROR_SMALL_FACE_SIZE"),
    (ValueError("a bug of ours, canary"), 500, "PROCESSING_FAILURE"),
]


@pytest.mark.parametrize(("error", "status", "code"), CAUSES, ids=[type(error).__name__ for error, *_ in CAUSES])
async def test_every_cause_has_its_code(
    error: Exception, status: int, code: str, ask_ailab: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the engine says becomes the vendor's word; there is none for poses, and a bug of ours tells nothing."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(facial_aesthetics, "reshape", fail)
    response = await ask_ailab()
    refusal(response, status, code)
    assert "canary" not in response.text


APP = create_app()


@hypothesis_settings(max_examples=50)
@given(
    body=st.binary(max_size=300)
    | st.lists(st.builds(lambda name, value: PART % (name, value), st.binary(max_size=9), st.binary(max_size=9))).map(
        lambda parts: b"".join(parts) + b"--b--"
    ),
    kind=st.sampled_from(
        [MULTIPART, "multipart/form-data", "text/plain", "multipart/form-data; boundary=\xe9; charset=x"]
    ),
)
def test_any_bytes_are_answered_in_the_documents_form(body: bytes, kind: str) -> None:
    """Whatever comes as a body, the answer is a refusal with a code and never a fault."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(APP)  # lets exceptions through: there must be none
        headers = {b"ailabapi-api-key": b"x", b"content-type": kind.encode("latin-1")}
        async with httpx.AsyncClient(transport=transport, base_url="http://offline.test") as client:
            return await client.post(TIDYUP, headers=headers, content=body)

    response = asyncio.run(ask())
    assert response.status_code == 400
    assert response.json()["error_detail"]["code"] in ("MISSING_PARAMETERS", "ERROR_INVALID_PARAMETER")
