"""Meitu's dialect, server side: the documents' requests in, the documents' answers out, and every refusal by its code.

Requests and answers are written out here as the pages have them; nothing of the client's codec is used.
"""

import asyncio
import base64
import json
import threading
from typing import Any

import httpx
import pytest
from client_requests import KEYS, PATHS, Ask, sized, weighing
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.subclasses import list_subclasses

from meitu_demo.calls import download
from meitu_demo.domain import errors, vendor_codes
from meitu_demo.endpoints import face_fuse
from meitu_demo.offline import create_app, meitu
from meitu_demo.photos import codec

LIMIT = 2 * 1024 * 1024  # bytes; the pages' "2MB"


def refusal(response: httpx.Response, status: int, code: int) -> dict[str, Any]:
    """The answer in the form of the pages' failure sample; returns it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    body: dict[str, Any] = response.json()
    assert set(body) == {"ErrorCode", "ErrorMsg", "Data"}
    assert body["ErrorCode"] == code
    assert isinstance(body["ErrorMsg"], str)
    assert body["ErrorMsg"]
    return body


def picture(response: httpx.Response) -> tuple[int, int]:
    """(width, height) of a success's picture."""
    assert response.status_code == 200, response.text
    media = response.json()["media_info_list"][0]
    return codec.read_size(base64.b64decode(media["media_data"], validate=True))


# ── The pages' samples ──────────────────────────────────────────────────────────────────────────────────────────────
async def post_sample(server: httpx.AsyncClient, path: str, body: str, photo: bytes) -> httpx.Response:
    """Post a page's sample request, with the photo in place of the sample's dots."""
    return await server.post(
        f"{path}?api_key=xxx&api_secret=xxx",
        content=body.replace("...", base64.b64encode(photo).decode()),
        headers={"Content-Type": "application/json"},
    )


async def test_face_fuse_as_on_its_page(server: httpx.AsyncClient, portrait: bytes) -> None:
    """The sample request, template and all; the answer has the sample's form and its rsp_media_type "url"."""
    body = """{ "parameter": { "rsp_media_type": "url", "faceFusePPType": "gjw4tjeloaba2psk973" },
      "extra": {}, "media_info_list": [{ "media_data": "...", "media_profiles": { "media_data_type": "jpg" } }] }"""
    response = await post_sample(server, "/v3/facefuse", body, portrait)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["parameter"] == {"version": "1.0.0", "rsp_media_type": "url"}
    assert answer["media_info_list"][0]["media_profiles"] == {"media_data_type": "url"}
    fetched = await server.get(answer["media_info_list"][0]["media_data"])
    assert fetched.headers["content-type"] == "image/jpeg"
    assert min(codec.read_size(fetched.content)) >= 500


async def test_the_avatar_as_on_its_page(server: httpx.AsyncClient, portrait: bytes) -> None:
    """The sample request; the answer names time, version and rsp_media_type as the sample does."""
    body = """{ "parameter": { "rsp_media_type": "jpg" }, "extra": {},
      "media_info_list": [{ "media_data": "...", "media_profiles": { "media_data_type": "jpg" } }] }"""
    response = await post_sample(server, "/v1/EmojMaterialH5", body, portrait)
    answer = response.json()
    assert set(answer) == {"parameter", "media_info_list"}
    assert set(answer["parameter"]) == {"time", "version", "rsp_media_type"}
    assert isinstance(answer["parameter"]["time"], float)
    assert (answer["parameter"]["version"], answer["parameter"]["rsp_media_type"]) == ("1.0.0", "jpg")
    assert answer["media_info_list"][0]["media_profiles"] == {"media_data_type": "jpg"}
    assert min(picture(response)) > 100


async def test_restoration_as_on_its_page(server: httpx.AsyncClient, portrait: bytes) -> None:
    """The sample request (its stray comma put right), media_extra included; the answer's version is the page's."""
    body = """{ "parameter": { "rsp_media_type": "base64" }, "media_info_list": [ { "media_data": "...",
      "media_extra": { }, "media_profiles": { "media_data_type": "jpg" } } ], "extra": { } }"""
    response = await post_sample(server, "/v1/aiquality", body, portrait)
    assert response.json()["parameter"] == {"version": "1.0.1", "rsp_media_type": "base64"}
    width, height = picture(response)
    assert width == height >= 320


@pytest.mark.parametrize("template", ["gjw4tjeloaba2psk973", "08bp4tnfkm560qv6"])
async def test_both_documented_templates_are_there(template: str, ask_meitu: Ask) -> None:
    """Each of the two IDs on the page gives a picture."""
    assert min(picture(await ask_meitu("face_fuse", faceFusePPType=template))) >= 500


async def test_the_template_is_optional(ask_meitu: Ask) -> None:
    """Without faceFusePPType a default is taken."""
    assert min(picture(await ask_meitu("face_fuse"))) >= 500


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
async def test_both_versions_of_the_avatar(version: str, ask_meitu: Ask) -> None:
    """The answer names the version that was asked for."""
    response = await ask_meitu("anime_avatar", version=version)
    assert response.json()["parameter"]["version"] == version
    assert min(picture(response)) > 100


@pytest.mark.parametrize(("wanted", "declared"), [("jpg", "jpg"), ("base64", "jpg"), ("url", "url")])
async def test_the_answer_comes_as_it_was_asked_for(
    wanted: str, declared: str, ask_meitu: Ask, server: httpx.AsyncClient
) -> None:
    """rsp_media_type jpg and base64 mean bytes, url means a link that gives the same kind of bytes."""
    response = await ask_meitu("quality_restoration", rsp_media_type=wanted)
    assert response.json()["parameter"]["rsp_media_type"] == wanted
    media = response.json()["media_info_list"][0]
    assert media["media_profiles"]["media_data_type"] == declared
    if wanted == "url":
        data = (await server.get(media["media_data"])).content
    else:
        data = base64.b64decode(media["media_data"], validate=True)
    assert codec.sniff(data) == "image/jpeg"


async def test_only_the_avatar_requires_rsp_media_type(server: httpx.AsyncClient, portrait: bytes) -> None:
    """On the other two pages it is optional."""
    media = [{"media_data": base64.b64encode(portrait).decode(), "media_profiles": {"media_data_type": "jpg"}}]
    body = {"parameter": {}, "media_info_list": media}
    picture(await server.post(PATHS["quality_restoration"], params=KEYS, json=body))
    refusal(await server.post(PATHS["anime_avatar"], params=KEYS, json=body), 400, 10000)


async def test_optional_parts_may_be_missing_or_full(server: httpx.AsyncClient, portrait: bytes) -> None:
    """extra and media_data_type are optional; media_extra with landmarks is accepted."""
    media = {"media_data": base64.b64encode(portrait).decode(), "media_profiles": {}}
    extra = {"landmarks": [[1, 2], [3, 4]], "nested": {"any": None}}
    for more in ({}, {"media_extra": extra}, {"media_extra": None}, {"media_extra": []}):
        body = {"parameter": {}, "media_info_list": [{**media, **more}]}
        picture(await server.post(PATHS["quality_restoration"], params=KEYS, json=body))


async def test_png_is_taken_under_the_name_of_jpg(ask_meitu: Ask, portrait_pixels: Any) -> None:
    """The pages take JPG and PNG, and have one word for both."""
    import cv2

    picture(await ask_meitu("quality_restoration", cv2.imencode(".png", portrait_pixels)[1].tobytes()))


# ── Refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "keys", [{}, {"api_key": "xxx"}, {"api_secret": "xxx"}, {"api_key": "", "api_secret": "xxx"},
             {"api_key": "xxx", "api_secret": ""}],
)  # fmt: skip
async def test_without_both_keys_nothing_is_done(keys: dict[str, str], server: httpx.AsyncClient) -> None:
    """A missing or empty key or secret: 401 and 90002, whatever the body is."""
    body = refusal(await server.post(PATHS["face_fuse"], params=keys, content=b"?"), 401, 90002)
    assert (body["ErrorMsg"], body["Data"]) == ("GATEWAY_AUTHORIZED_ERROR", None)


MEDIA = {"media_data": "AAAA", "media_profiles": {"media_data_type": "jpg"}}
PARAMETER = {"rsp_media_type": "jpg"}
MALFORMED: list[Any] = [
    b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"api_key=1", b"[" * 100_000, {}, {"parameter": PARAMETER},
    {"media_info_list": [MEDIA]},
    *({"parameter": wrong, "media_info_list": [MEDIA]} for wrong in (None, [], "x", 1)),
    *({"parameter": PARAMETER, "media_info_list": wrong} for wrong in (None, {}, [], [None], [[]], "x", MEDIA)),
    *({"parameter": PARAMETER, "media_info_list": [{**MEDIA, "media_data": wrong}]} for wrong in (None, "", 1, [], {})),
    *({"parameter": PARAMETER, "media_info_list": [{**MEDIA, "media_profiles": wrong}]} for wrong in ("jpg", [1], 1)),
    {"parameter": {"rsp_media_type": None}, "media_info_list": [MEDIA]},
]  # fmt: skip


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
async def test_an_unreadable_body(body: Any, server: httpx.AsyncClient) -> None:
    """No JSON, no object, a part missing or of the wrong type: 400 and 10000."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    refusal(await server.post(PATHS["anime_avatar"], params=KEYS, content=content), 400, 10000)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("anime_avatar", {"rsp_media_type": "webp"}), ("anime_avatar", {"rsp_media_type": 1}),
        ("anime_avatar", {"rsp_media_type": ["jpg"]}), ("anime_avatar", {"version": "3.0.0"}),
        ("anime_avatar", {"version": None}), ("anime_avatar", {"version": {"a": 1}}),
        ("face_fuse", {"faceFusePPType": "not-a-template"}), ("face_fuse", {"faceFusePPType": "../../etc"}),
        ("face_fuse", {"faceFusePPType": ""}), ("face_fuse", {"faceFusePPType": 5}),
        ("face_fuse", {"faceFusePPType": None}),
    ],
)  # fmt: skip
async def test_a_value_that_is_not_taken(name: str, parameter: dict[str, Any], ask_meitu: Ask) -> None:
    """An unknown template, version or answer type: 400 and 21104."""
    refusal(await ask_meitu(name, **parameter), 400, 21104)


@pytest.mark.parametrize("kind", ["png", "", None, 7, ["jpg"]])
async def test_a_media_type_that_is_not_taken(kind: object, server: httpx.AsyncClient) -> None:
    """media_data_type is jpg or url: 400 and 21104."""
    body = {"parameter": PARAMETER, "media_info_list": [{**MEDIA, "media_profiles": {"media_data_type": kind}}]}
    refusal(await server.post(PATHS["anime_avatar"], params=KEYS, json=body), 400, 21104)


@pytest.mark.parametrize("name", ["face_fuse", "anime_avatar"])
async def test_no_face(name: str, ask_meitu: Ask, faceless: bytes) -> None:
    """A cup of coffee: 400 and 20003 DETECT_NOT_FACE, also from the avatar, whose page does not list it."""
    assert refusal(await ask_meitu(name, faceless), 400, 20003)["ErrorMsg"] == "DETECT_NOT_FACE"


async def test_json_with_a_picture_is_read_and_written_in_threads(
    server: httpx.AsyncClient, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two megabytes of it would hold up the event loop for milliseconds."""
    threads: list[int] = []

    def record_thread(convert: Any) -> Any:
        def convert_and_record(*arguments: Any, **options: Any) -> Any:
            threads.append(threading.get_ident())
            return convert(*arguments, **options)

        return convert_and_record

    body = json.dumps({"parameter": {}, "media_info_list": [
        {"media_data": base64.b64encode(portrait).decode(), "media_profiles": {}}
    ]})  # fmt: skip
    monkeypatch.setattr(meitu.json, "loads", record_thread(json.loads))
    monkeypatch.setattr(meitu, "JSONResponse", record_thread(meitu.JSONResponse))
    answer = await server.post(PATHS["quality_restoration"], params=KEYS, content=body)
    assert (answer.status_code, len(threads)) == (200, 2)
    assert threading.get_ident() not in threads


async def test_a_small_face(ask_meitu: Ask, small_face: bytes) -> None:
    """Fewer than 48 px: 400 and 20023, with the measured side where the documents leave room."""
    body = refusal(await ask_meitu("face_fuse", small_face), 400, 20023)
    assert body["ErrorMsg"] == "DETECT_FACE_LOWAREA"
    assert "limit=48" in body["Data"]


@pytest.mark.parametrize(
    ("photo", "code"),
    [
        (b"", 10000), (b"a text file", 20009), (b"GIF89a" + b"\0" * 50, 20009), (sized(60, 60, ".webp"), 20009),
        (sized(60, 60, ".bmp"), 20009), (sized(60, 60)[:300], 23101), (sized(60, 60, ".png")[:60], 23101),
    ],
    ids=["empty", "text", "gif", "webp", "bmp", "half a jpeg", "half a png"],
)  # fmt: skip
async def test_a_file_that_is_no_photo_for_them(photo: bytes, code: int, ask_meitu: Ask) -> None:
    """Kinds that the pages do not list, and pictures that cannot be decoded."""
    refusal(await ask_meitu("quality_restoration", photo), 400, code)


@pytest.mark.parametrize("media", ["!!!!", "AAAAA", "data:image/jpeg;base64,AAAA", "AA AA", "\u00e9\u00e9\u00e9\u00e9"])
async def test_media_that_is_no_bare_base64(media: str, ask_meitu: Ask) -> None:
    """A data: prefix, a blank or another letter: 400 and 90013."""
    refusal(await ask_meitu("quality_restoration", media), 400, 90013)


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
async def test_base64_may_have_line_breaks(line_break: str, server: httpx.AsyncClient, portrait: bytes) -> None:
    """Many programs break base64 after 76 characters, and the vendor reads it."""
    media = base64.encodebytes(portrait).decode().replace("\n", line_break)
    body = {"parameter": {}, "media_info_list": [{"media_data": media, "media_profiles": {}}]}
    picture(await server.post(PATHS["quality_restoration"], params=KEYS, json=body))


@pytest.mark.parametrize("media", [{"media_data": "AAAA"}, {"media_data": "AAAA", "media_profiles": None}])
async def test_media_profiles_are_required(media: dict[str, Any], server: httpx.AsyncClient) -> None:
    """media_profiles is 必选 on every page, although what it holds is optional: 400 and 21102."""
    body = {"parameter": {}, "media_info_list": [media]}
    answer = refusal(await server.post(PATHS["quality_restoration"], params=KEYS, json=body), 400, 21102)
    assert answer["ErrorMsg"] == "PARAM_MISSING_ERROR"


@pytest.mark.parametrize("path", ["/V3/FaceFuse", "/v1/emojmaterialh5", "/V1/AIQUALITY"])
async def test_paths_are_found_in_either_case(path: str, server: httpx.AsyncClient) -> None:
    """A path in another case is the same API: what answers is its check of the key."""
    refusal(await server.post(path, content=b"?"), 401, 90002)


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [(48, 48, None), (47, 48, 23103), (48, 47, 23103), (4096, 48, None), (4097, 48, 20013), (48, 4097, 20013)],
)
async def test_the_limits_in_pixels(width: int, height: int, code: int | None, ask_meitu: Ask) -> None:
    """48 to 4096 each side, both included."""
    response = await ask_meitu("quality_restoration", sized(width, height))
    if code is None:
        picture(response)
    else:
        refusal(response, 400, code)


async def test_the_limit_in_bytes(ask_meitu: Ask, portrait: bytes) -> None:
    """2 MB are taken, one byte more is not: 433."""
    picture(await ask_meitu("quality_restoration", weighing(portrait, LIMIT)))
    refusal(await ask_meitu("quality_restoration", weighing(portrait, LIMIT + 1)), 433, 433)


async def test_a_body_without_end_is_cut_off(server: httpx.AsyncClient) -> None:
    """Nobody fills the memory, whether the length is declared or not."""
    transport = server._transport
    assert isinstance(transport, httpx.ASGITransport)
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 65536
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http", "method": "POST", "path": PATHS["face_fuse"], "raw_path": b"", "headers": [],
        "query_string": b"api_key=1&api_secret=1", "server": ("offline.test", 80), "scheme": "http", "root_path": "",
        "client": ("127.0.0.1", 1), "http_version": "1.1", "asgi": {"version": "3.0"}, "extensions": {},
    }  # fmt: skip
    await transport.app(scope, receive, send)
    assert messages[0]["status"] == 433
    assert read <= 3 * LIMIT
    refusal(await server.post(PATHS["face_fuse"], params=KEYS, content=b"x" * (3 * LIMIT)), 433, 433)


# ── Photos by URL ───────────────────────────────────────────────────────────────────────────────────────────────────
def by_url(url: str) -> dict[str, Any]:
    media = {"media_data": url, "media_profiles": {"media_data_type": "url"}}
    return {"parameter": {"rsp_media_type": "jpg"}, "media_info_list": [media]}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x.jpg", "http://169.254.169.254/latest", "file:///etc/passwd", "ftp://host/x", "no url",
            "http://[::1]/x", "http://u:p@198.51.100.1/x"],
)  # fmt: skip
async def test_a_url_that_leads_inside_is_not_fetched(url: str, server: httpx.AsyncClient) -> None:
    """Private addresses and other schemes: 400 and 10003, as for any link that cannot be read."""
    refusal(await server.post(PATHS["quality_restoration"], params=KEYS, json=by_url(url)), 400, 10003)


async def test_a_photo_by_url(server: httpx.AsyncClient, portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the link gives is treated like an upload: the limits hold for it as well."""
    given_out = {"photo": portrait}

    async def fetch(client: httpx.AsyncClient, url: str, *, allow_private: bool = False) -> bytes:
        assert (url, allow_private) == ("https://photos.example/me.jpg", False)
        return given_out["photo"]

    monkeypatch.setattr(download, "download_photo", fetch)
    ask = by_url("https://photos.example/me.jpg")
    picture(await server.post(PATHS["quality_restoration"], params=KEYS, json=ask))
    given_out["photo"] = weighing(portrait, LIMIT + 1)
    refusal(await server.post(PATHS["quality_restoration"], params=KEYS, json=ask), 433, 433)


async def test_a_developers_server_reads_its_own_links(portrait: bytes) -> None:
    """With private links allowed, a result's URL can be the next call's photo, over real sockets."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(portrait) + portrait)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as photos:
        url = f"http://127.0.0.1:{photos.sockets[0].getsockname()[1]}/me.jpg"
        transport = httpx.ASGITransport(create_app(private_links=True))
        async with httpx.AsyncClient(transport=transport, base_url="http://offline.test") as client:
            picture(await client.post(PATHS["quality_restoration"], params=KEYS, json=by_url(url)))


# ── Every cause ─────────────────────────────────────────────────────────────────────────────────────────────────────
CAUSES: list[tuple[Exception, int, int]] = [
    (errors.NoFace(), 400, 20003),
    (errors.FaceCropped(share=12), 400, 20020),
    (errors.FaceNodded(angle=40, limit=25), 400, 20021),
    (errors.FaceTurned(angle=40, limit=35), 400, 20022),
    (errors.FaceTooSmall(side=40, limit=48), 400, 20023),
    (errors.TemplateHasNoFace(template="x"), 400, 220003),
    (errors.UnknownTemplate(template="x"), 400, 21104),
    (ValueError("a bug of ours, canary"), 400, 20001),
    (MemoryError(), 400, 20001),
]


@pytest.mark.parametrize(("error", "status", "code"), CAUSES, ids=[type(error).__name__ for error, *_ in CAUSES])
async def test_every_cause_has_its_code(
    error: Exception, status: int, code: int, ask_meitu: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the engine says becomes the documents' number, poses included; a bug of ours is 20001 and tells nothing."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(face_fuse, "fuse", fail)
    response = await ask_meitu("face_fuse")
    body = refusal(response, status, code)
    assert "canary" not in response.text
    if isinstance(error, errors.DemoError) and "angle" in error.facts:
        assert body["Data"] == f"angle=40 limit={error.facts['limit']}"


def test_every_error_of_ours_that_can_meet_the_gateway_has_an_answer() -> None:
    """No refusal and no rejection of a picture ends as a KeyError for want of a number."""
    needed = {kind.slug for kind in list_subclasses(errors.EngineRejection)} - {"unexpected"} | {
        "image_empty", "image_unreadable", "image_truncated", "image_wrong_kind", "image_too_small",
        "image_too_many_pixels", "image_too_large_file", "base64_unreadable", "value_rejected", "link_rejected",
    }  # fmt: skip
    for slug in sorted(needed):
        assert vendor_codes.code_for("meitu", slug).code.isdecimal()


# ── Anything at all ─────────────────────────────────────────────────────────────────────────────────────────────────
names = st.sampled_from(["parameter", "media_info_list", "media_data", "media_profiles", "media_data_type", "version",
                         "rsp_media_type", "faceFusePPType", "extra"])  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["jpg", "url", "base64", "AAAA", ""])
jsons = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=4), max_leaves=15
)
bodies = jsons | st.builds(
    lambda parameter, media, profiles: {
        "parameter": parameter, "media_info_list": [{"media_data": media, "media_profiles": profiles}],
    },
    jsons, leaves, jsons,
)  # fmt: skip


APP = create_app()


@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies, name=st.sampled_from(sorted(PATHS)))
def test_any_json_is_answered_in_the_documents_form(body: Any, name: str) -> None:
    """Whatever comes as a body, the answer is a refusal with a code and never a fault."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(APP)  # lets exceptions through: there must be none
        async with httpx.AsyncClient(transport=transport, base_url="http://offline.test") as client:
            return await client.post(PATHS[name], params=KEYS, content=json.dumps(body).encode())

    response = asyncio.run(ask())
    answer = response.json()
    assert response.status_code >= 400
    assert answer["ErrorCode"] != 20001
    assert vendor_codes.find_vendor_code("meitu", str(answer["ErrorCode"])) is not None
