"""Section offline_server: the vendor-compatible server alone, asked for all that it can do and much that it cannot."""

import base64
import json
from pathlib import Path
from typing import Any

from . import photos
from .ask import Ask, answers
from .plain import write
from .process import OFFLINE_SERVER, ending, running, temporary_folder

KEYS = "?api_key=xxx&api_secret=xxx"
KEY = {"ailabapi-api-key": "xxx"}
FUSE, AVATAR, RESTORE, TIDYUP = (
    "/v3/facefuse", "/v1/EmojMaterialH5", "/v1/aiquality", "/api/portrait/effects/face-tidyup",
)  # fmt: skip
TEMPLATES = [
    "gjw4tjeloaba2psk973", "08bp4tnfkm560qv6", "astronaut", "space_helmet", "arctic_parka", "knight_coif",
    "diving_helmet", "flower_crown", "crown_and_ruff", "opera_headdress",
]  # fmt: skip
FAULTS = [
    "timeout_before", "timeout_after", "reset", "drip", "truncated_json", "html_200", "empty", "huge", "gzip_bomb",
    "redirect", "base64_garbage", "base64_cut_tail", "not_an_image", "expired_link", "rate_limited",
    "rate_limited_bare", "wrong_content_type", "base64_newlines", "base64_prefix", "code:20003",
    "code:ERROR_NOT_ENOUGH_CREDITS", "code:77777", "nonsense",
]  # fmt: skip
PARAMETER, PROFILES = {"rsp_media_type": "jpg"}, {"media_data_type": "jpg"}
MEDIA: list[Any] = [
    None, {"media_data": 1, "media_profiles": {}}, {"media_data": "AAAA", "media_profiles": "jpg"},
    *({"media_data": "AAAA", "media_profiles": {"media_data_type": kind}} for kind in ("png", "", None)),
]  # fmt: skip
BODIES: list[bytes] = [
    b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 9999, b"{}", json.dumps({"parameter": PARAMETER}).encode(),
    b'{"parameter": [], "media_info_list": [{}]}',
    *(json.dumps({"parameter": PARAMETER, "media_info_list": [media]}).encode() for media in MEDIA),
]  # fmt: skip
FORMS: list[dict[str, Any]] = [
    {"json": {}}, {"content": b"x", "headers": {**KEY, "content-type": "multipart/form-data"}},
    {"data": {"shape_type": "8"}, "files": {"photo": ("p.jpg", b"x")}}, {"headers": {"x-rapidapi-key": "y"}},
    {"headers": {"x-rapidapi-key": "y", "x-rapidapi-host": "h"}}, {"headers": {}},
]  # fmt: skip
PATHS = ("/", "/v3/facefuse2", "/api/other", FUSE, TIDYUP, "/results/x.jpg", "/lab/charges", "/healthz")
ENDS = ("--help", "--fault nonsense", "--port x", "--templates /nowhere")
CHARGES: Ask = ("GET", "/lab/charges", {})


def record(folder: Path, baseline: Path) -> None:
    """Answers of a plain server, of one that fails at will, of one with other options, and of the command line."""
    with running(*OFFLINE_SERVER, "--port", "0") as server:
        write(folder / "effects.json", answers(server.url, _effects()))
        write(folder / "refusals.json", answers(server.url, [*_refusals(), *_faulty("html_200")]))
        write(folder / "output.txt", "\n".join(server.stop()))
    with running(*OFFLINE_SERVER, "--port", "0", "--lab") as server:
        write(folder / "faults.json", answers(server.url, [*(it for name in FAULTS for it in _faulty(name)), CHARGES]))
    with temporary_folder() as given:
        (given / "own face.jpg").write_bytes(photos.portrait())
        options = ("--port", "0", "--templates", str(given), "--fault", "empty", "--private-links")
        with running(*OFFLINE_SERVER, *options) as server:
            own, fine = _meitu(FUSE, photos.portrait(), faceFusePPType="own face"), {"x-fault": "base64_prefix"}
            media = {"media_data": f"{server.url}/lab/charges", "media_profiles": {"media_data_type": "url"}}
            linked = {"json": {"parameter": PARAMETER, "media_info_list": [media]}, "headers": fine}
            asks = [own, (*own[:2], {**own[2], "headers": fine}), ("POST", RESTORE + KEYS, linked), CHARGES]
            write(folder / "options.json", answers(server.url, asks))
    write(folder / "command.json", {end: ending(*OFFLINE_SERVER, *end.split()) for end in ENDS})


def _meitu(path: str, photo: bytes | str, **parameter: Any) -> Ask:
    media = photo if isinstance(photo, str) else base64.b64encode(photo).decode()
    item = {"media_data": media, "media_profiles": PROFILES}
    return "POST", path + KEYS, {"json": {"parameter": PARAMETER | parameter, "extra": {}, "media_info_list": [item]}}


def _ailab(photo: bytes, **fields: Any) -> Ask:
    data = {name: str(it) for name, it in {"shape_type": 8, "strength": 0.5, **fields}.items() if it is not None}
    return "POST", TIDYUP, {"headers": KEY, "data": data, "files": {"image": ("photo.jpg", photo, "image/jpeg")}}


def _effects() -> list[Ask]:
    whole, faces = photos.encoded(photos.astronaut()), photos.faces()
    return [
        *(_meitu(FUSE, whole, faceFusePPType=template) for template in TEMPLATES), _meitu(FUSE, whole),
        *(_meitu(AVATAR, whole, version=version) for version in ("1.0.0", "2.0.0")), _meitu(AVATAR, whole),
        *(_meitu(RESTORE, photo) for photo in (whole, photos.degraded(), faces["none"], photos.sized(48, 48))),
        *(_meitu(RESTORE, whole, rsp_media_type=kind) for kind in ("base64", "url")),
        *(_ailab(whole, shape_type=shape) for shape in range(22)),
        *(_ailab(photos.portrait(), strength=strength) for strength in ("0", "1", "1.0", "0.25")),
        *(_meitu(path, faces[name]) for path in (FUSE, AVATAR, RESTORE) for name in ("two", "grey")),
        *(_ailab(faces[name]) for name in ("two", "grey")),
    ]  # fmt: skip


def _refusals() -> list[Ask]:
    portrait, bad_faces = photos.portrait(), list(photos.faces().values())[:5]
    texts = ("!!!!", "AAAAA", "data:image/jpeg;base64,AAAA", "AA\nAA")
    values = (None, "", "22", "-1", "8.5", "eyes", "nan", "1.01")
    return [
        *(("POST", AVATAR + KEYS, {"content": body}) for body in BODIES),
        *(("POST", FUSE + query, {"content": b"?"}) for query in ("", "?api_key=x", "?api_key=&api_secret=x")),
        *(_meitu(AVATAR, "AAAA", **given) for given in ({"rsp_media_type": "x"}, {"version": "3"}, {"version": None})),
        *(_meitu(FUSE, "AAAA", faceFusePPType=template) for template in ("not-a-template", "../../etc", "", 5, None)),
        *(_meitu(path, photo) for photo in bad_faces for path in (FUSE, AVATAR)), *(_ailab(it) for it in bad_faces),
        *(ask for photo in photos.hostile() for ask in (_meitu(RESTORE, photo), _ailab(photo))),
        *(_meitu(RESTORE, text) for text in texts),
        *(_meitu(RESTORE, photos.sized(*size)) for size in ((47, 48), (4097, 48), (48, 4097))),
        *(_ailab(photos.sized(*size)) for size in ((11, 60), (10, 60), (1999, 60), (2000, 60))),
        *(_meitu(RESTORE, photos.weighing((2 << 20) + more)) for more in (0, 1)),
        *(_ailab(photos.weighing((3 << 20) + more)) for more in (0, 1, 200_000)),
        *(_ailab(portrait, **{name: value}) for name in ("shape_type", "strength") for value in values),
        *(("POST", TIDYUP, {"headers": KEY, **form}) for form in FORMS),
        *((verb, path, {}) for path in PATHS for verb in ("GET", "POST", "PUT", "PATCH", "OPTIONS")),
    ]  # fmt: skip


def _faulty(fault: str) -> list[Ask]:
    """The same fault at a vendor's endpoint and at the other's; what takes for ever is left soon."""
    asks = (_meitu(RESTORE, photos.sized(60, 60)), _ailab(photos.portrait()))
    seconds = 1.5 if fault in ("timeout_before", "timeout_after", "drip", "huge", "gzip_bomb") else 30.0
    return [
        (verb, path, {**options, "timeout": seconds, "headers": {**options.get("headers", {}), "x-fault": fault}})
        for verb, path, options in asks
    ]
