"""Section wire: what a vendor is sent for each function and language, and what becomes of what it answers."""

import base64
from pathlib import Path
from typing import Any

from . import photos
from .caller import USUAL, Caller
from .plain import write
from .process import DEMO, Program, running
from .vendor import AILAB_KEY, KEYS, MARKET_KEY, Answer, Vendor, as_json, recording_vendor

QUICK = {"CALLS_PER_SECOND": "off", "BREAKER": "off", "READ_TIMEOUT": "1"}
OTHER = {"VISIBLE_LABEL": "off", "MODE": "live", "KEEP_MINUTES": "7", "AILAB_RECIPIENT": "Someone", "LONGEST_WAIT": "5"}
HTML = {"content-type": "text/html"}
CODES = (20003, 20022, 20001, 21104, 10025, 10026, 80001, 90002, 29904, 424, 433, 77777)


def record(folder: Path, baseline: Path) -> None:
    """With the vendors' own keys: requests, then answers of all kinds; then with the marketplace's key."""
    with recording_vendor() as vendor:
        homes = {"MEITU_BASE_URL": vendor.url, "AILAB_BASE_URL": f"{vendor.url}/below"}
        with running(*DEMO, **KEYS, **AILAB_KEY, **homes, **QUICK) as demo:
            write(folder / "direct.json", _requests(vendor, demo, list(USUAL)))
            write(folder / "answers_meitu.json", _outcomes(vendor, demo, "quality_restoration", _meitu()))
            write(folder / "answers_ailab.json", _outcomes(vendor, demo, "facial_aesthetics", _ailab(vendor.url)))
        with running(*DEMO, **MARKET_KEY, **homes, **QUICK, **OTHER) as demo:
            write(folder / "marketplace.json", _requests(vendor, demo, ["facial_aesthetics", "face_fuse"]))


def _requests(vendor: Vendor, demo: Program, names: list[str]) -> list[dict[str, Any]]:
    found, vendor.answer = [], None
    large = photos.encoded(photos.astronaut().resize((5000, 5000)))
    asks = [*((name, photos.portrait()) for name in names), (names[0], photos.portrait("PNG")), (names[0], large)]
    for language in ("en", "zh-CN"):
        caller = Caller(demo.url, demo.folder, language)
        for name, photo in asks:
            for consent in (False, True):
                came = caller.call(name, photo, again=True, consent=consent)
                found.append({"ask": f"{name}, {consent}, {language}", "requests": vendor.taken(), **came})
    return found


def _outcomes(vendor: Vendor, demo: Program, name: str, answers: dict[str, Answer]) -> list[dict[str, Any]]:
    found = []
    callers = {language: Caller(demo.url, demo.folder, language) for language in ("en", "zh-CN")}
    for case, vendor.answer in answers.items():
        for language, caller in callers.items():
            came = caller.call(name, photos.portrait(), consent=True, again=True)
            found.append({"answer": f"{case}, {language}", "requests": len(vendor.taken()), **came})
    return found


def _meitu() -> dict[str, Answer]:
    media = base64.b64encode(photos.portrait()).decode()

    def success(text: str) -> Answer:
        return as_json({"media_info_list": [{"media_data": text, "media_profiles": {"media_data_type": "jpg"}}]})

    def failure(code: int, status: int = 400, text: str = "SOME_TEXT") -> Answer:
        told = {"ErrorCode": code, "ErrorMsg": text, "Data": "angle=41 limit=35", "request_id": f"r-{code}"}
        return as_json(told, status)

    return {
        **{f"code {code}": failure(code) for code in CODES}, "no rights": failure(1, 403, "no right package found"),
        "prefix": success(f"data:image/jpeg;base64,{media}"), "lines": success(f"{media[:76]}\n{media[76:]}"),
        "foreign link": success("https://evil.example/x.jpg"), "private link": success("http://10.0.0.1/x.jpg"),
        "no base64": success("!!!!"), "no picture": success(base64.b64encode(b"no picture").decode()),
        "half a picture": success(base64.b64encode(photos.portrait()[:4000]).decode()), "no media": as_json({}),
        "nested": as_json({"code": 0, "message": '{"ErrorCode": 20003, "ErrorMsg": "inner"}'}), **_odd(),
    }  # fmt: skip


def _ailab(url: str) -> dict[str, Answer]:
    def failure(code: str, status: int) -> Answer:
        detail = {"status_code": status, "code": code, "code_message": "", "message": "side=40 limit=48"}
        return as_json({"request_id": "a-1", "error_code": status, "error_msg": "m", "error_detail": detail}, status)

    def link(address: str) -> Answer:
        return as_json({"data": {"image_url": address}})

    return {
        "no face": failure("ERROR_NO_FACE_IN_FILE", 422), "credits": failure("ERROR_NOT_ENOUGH_CREDITS", 400),
        "gone": failure("ERROR_AI_NOT_EXISTS", 404), "unknown code": failure("ERROR_OF_TOMORROW", 400),
        "older": as_json({"error_code": 4001, "error_code_str": "ERROR_SMALL_FACE_SIZE", "error_msg": "small"}),
        "link": link(f"{url}/result.jpg"), "foreign link": link("https://evil.example/x.jpg"), "no link": link(""),
        "dead link": link("http://127.0.0.1:9/result.jpg"),
        "market": as_json({"message": "You are not subscribed to this API."}, 403), **_odd(),
    }  # fmt: skip


def _odd() -> dict[str, Answer]:
    return {
        "empty": Answer(), "html": Answer(200, b"<title>Sign in</title>", HTML), "html 502": Answer(502, b"<p>", HTML),
        "429": as_json({}, 429), "429 later": as_json({}, 429, **{"retry-after": "60"}), "500": as_json({}, 500),
        "redirect": Answer(302, b"", {"location": "/elsewhere"}), "cut": Answer(200, b"{" + b" " * 999, end="cut"),
        "closed": Answer(end="close"), "list": as_json([]), "held": Answer(end="hold"),
    }  # fmt: skip
