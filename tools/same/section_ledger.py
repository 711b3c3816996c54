"""Section ledger: a day of paid calls, what is written down of it, and whether caps go on with older code's ledger."""

import json
import re
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from . import photos
from .caller import Caller
from .plain import write
from .process import DEMO, LEDGER_REPORT, Program, ending, running, temporary_folder
from .vendor import AILAB_KEY, KEYS, Answer, Vendor, as_json, recording_vendor

SETTINGS = {**KEYS, **AILAB_KEY, "CALLS_PER_SECOND": "off", "BREAKER": "off", "AILAB_BASE_URL": "http://127.0.0.1:9"}
TIMES = ("reserved_at", "sent_at", "settled_at", "lease_until", "free_at")
LABELLED = ("id", "request_hash", "visitor", "instance", "key")
UNTIL = re.compile(r"\d+ ?(min\b|minutes?|hours?|分钟|小时)")  # until a cap is open again
NO_FACE = as_json({"ErrorCode": 20003, "ErrorMsg": "DETECT_NOT_FACE", "request_id": "r-1"}, 400)
TROUBLE = as_json({}, 500)
REPORTS = ("", "--csv", "--days 3", "--day 2020-02-02")
PAID = {"consent": True}
AGAIN = {"consent": True, "again": True}
RESTORE, FUSE, AVATAR, TIDYUP = "quality_restoration", "face_fuse", "anime_avatar", "facial_aesthetics"


def record(folder: Path, baseline: Path) -> None:
    """The day; then what older code has left in the baseline, which is made there by its first record."""
    if time.time() % 86400 > 86400 - 180:
        time.sleep(200)  # a day of the caps ends at midnight, UTC
    with recording_vendor() as vendor, temporary_folder() as place:
        settings = {**SETTINGS, "MEITU_BASE_URL": vendor.url}
        write(folder / "day.json", _calls(_day(vendor, place, settings)))
        write(folder / "rows.json", _rows(place / "data_dir"))
        write(folder / "report.json", _reports(place))
        files = sorted(f"{path.name} {oct(path.stat().st_mode)}" for path in place.glob("data_dir/*[by]"))
        write(folder / "files.txt", "\n".join(files))
        left = baseline / "left_by_older_code"
        if folder == baseline:
            _leave(vendor, settings, left)
        write(folder / "goes_on.json", _go_on(vendor, settings, left))


def _day(vendor: Vendor, place: Path, settings: dict[str, str]) -> list[dict[str, Any]]:
    found = []

    def call(what: str, who: Caller, name: str, given: dict[str, bool], answer: Answer | None = None) -> None:
        vendor.answer = answer
        came = who.call(name, photos.portrait(), **given)
        found.append({"call": what, "requests": len(vendor.taken()), **came})

    with running(*DEMO, folder=place, **settings, CALLS_PER_DAY="7", CALLS_PER_HOUR="4") as demo:
        ann, bob = (Caller(demo.url, place, "en", _cookie(demo.url)) for _ in range(2))
        call("without consent", ann, RESTORE, {})
        call("first", ann, RESTORE, PAID)
        call("the same is joined", ann, RESTORE, PAID)
        call("again", ann, RESTORE, AGAIN)
        call("refused", ann, FUSE, PAID, NO_FACE)
        call("unknown", ann, AVATAR, PAID, TROUBLE)
        call("the same unknown", ann, AVATAR, PAID)
        call("never arrived", ann, TIDYUP, PAID)
        call("fourth", ann, FUSE, PAID)
        call("over the hour", ann, AVATAR, AGAIN)
        call("known, over the hour", ann, FUSE, PAID)
        call("another visitor", bob, RESTORE, PAID)
        call("by address", Caller(demo.url, place), RESTORE, PAID)
        found.append(_stopped_in_flight(vendor, demo, bob))
    with running(*DEMO, folder=place, **settings, CALLS_PER_DAY="7") as demo:
        zhang = Caller(demo.url, place, "zh-CN")
        call("over the day", zhang, RESTORE, PAID)
        call("AILabTools' day is another", zhang, TIDYUP, PAID)
    return found


def _stopped_in_flight(vendor: Vendor, demo: Program, who: Caller) -> dict[str, Any]:
    came: list[dict[str, Any]] = []
    vendor.arrived.clear()
    vendor.answer = Answer(end="hold")
    thread = threading.Thread(target=lambda: came.append(who.call(FUSE, photos.portrait(), **PAID)))
    thread.start()
    vendor.arrived.wait(30)
    code = demo.stop()[-1]
    vendor.release.set()
    thread.join(30)
    return {"call": "stopped in flight", "requests": len(vendor.taken()), "demo": code, "came": came}


def _cookie(url: str, old: str = "") -> str:
    """What the page sets as the visitor's cookie; "" when it has no reason to."""
    sent = {"cookie": f"visitor={old}"} if old else {}
    return httpx.get(f"{url}/", headers=sent, timeout=30, trust_env=False).cookies.get("visitor") or ""


def _calls(found: Any) -> Any:
    return json.loads(UNTIL.sub(r"N \1", json.dumps(found, ensure_ascii=False)))


def _rows(data: Path) -> dict[str, Any]:
    """The whole database: its schema, and its rows with labels in place of what was drawn or hashed."""
    labels: dict[str, str] = {}

    def told(name: str, value: Any) -> Any:
        if name in LABELLED:
            return labels.setdefault(value, f"{name} {len(labels) + 1}")
        return "time" if name in TIMES and value is not None else value

    with sqlite3.connect(data / "ledger.db") as database:
        database.row_factory = lambda cursor, row: {
            column[0]: told(column[0], value) for column, value in zip(cursor.description, row, strict=True)
        }
        asked = {"paid_calls": "* FROM paid_calls ORDER BY reserved_at", "call_rates": "* FROM call_rates",
                 "schema": "sql FROM sqlite_master WHERE sql NOT NULL ORDER BY sql"}  # fmt: skip
        return {name: database.execute(f"SELECT {query}").fetchall() for name, query in asked.items()}


def _reports(place: Path) -> dict[str, Any]:
    return {it: ending(*LEDGER_REPORT, *it.split(), DATA_DIR=str(place / "data_dir")) for it in REPORTS}


# ── What older code has left ────────────────────────────────────────────────────────────────────────────────────────
def _leave(vendor: Vendor, settings: dict[str, str], left: Path) -> None:
    """A ledger with three calls of a visitor and one by address, the secret beside it, and the visitor's cookie."""
    shutil.rmtree(left, ignore_errors=True)
    with temporary_folder() as place:
        with running(*DEMO, folder=place, **settings, CALLS_PER_HOUR="3") as demo:
            cookie = _cookie(demo.url)
            ann, other = Caller(demo.url, place, "en", cookie), Caller(demo.url, place)
            for who, name, answer in (
                (ann, RESTORE, None),
                (ann, FUSE, None),
                (ann, AVATAR, TROUBLE),
                (other, RESTORE, None),
            ):
                vendor.answer = answer
                who.call(name, photos.portrait(), **PAID)
            demo.stop()
        shutil.copytree(place / "data_dir", left)
        write(left / "cookie.txt", cookie)
    vendor.taken()


def _go_on(vendor: Vendor, settings: dict[str, str], left: Path) -> dict[str, Any]:
    """A day goes on in a copy of that: whoever has the cookie is over the cap, and hashes are the same as before."""
    vendor.answer, found = None, []
    with temporary_folder() as place:
        data = place / "data_dir"
        shutil.copytree(left, data)
        cookie = (data / "cookie.txt").read_text().strip()
        with sqlite3.connect(data / "ledger.db") as database:  # as if it had been a minute ago
            (latest,) = database.execute("SELECT max(reserved_at) FROM paid_calls").fetchone()
            moved = ", ".join(f"{name} = {name} + ?" for name in TIMES[:4])
            database.execute(f"UPDATE paid_calls SET {moved}", [time.time() - 60 - latest] * 4)
        reports = _reports(place)
        with running(*DEMO, folder=place, **settings, CALLS_PER_HOUR="3") as demo:
            renewed = [bool(_cookie(demo.url, old)) for old in (cookie, cookie[:-1] + "x", "x" + cookie[1:])]
            for who, held in (("the cookie", cookie), ("no cookie", ""), ("another cookie", _cookie(demo.url))):
                came = Caller(demo.url, place, "en", held).call(RESTORE, photos.portrait(), **PAID)
                found.append({"who": who, "requests": len(vendor.taken()), **came})
            demo.stop()
        return {"cookies renewed": renewed, "report": reports, "calls": _calls(found), **_rows(data)}
