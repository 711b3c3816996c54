"""Visitors for the soak: good and bad photos, by page and API, some that leave, some that delete."""

import re
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import httpx
import numpy as np
from hostile.bombs import REJECTED_BOMBS
from hostile.canaries import plant_canaries
from hostile.oversized_metadata import OVERSIZED_METADATA
from PIL import Image
from ui.conftest import Page

from isolation.marked_photos import marked
from isolation.patient_client import create_patient_client

AT_ONCE = 4
HOSTILE = [
    lambda: b"", lambda: b"a text file", lambda: b"\xff\xd8\xff\xe0 broken", REJECTED_BOMBS["tables_jpeg"],
    REJECTED_BOMBS["broken_webp"], REJECTED_BOMBS["smaller_heic"],
    OVERSIZED_METADATA["index_jpeg"], OVERSIZED_METADATA["named_profile"],
]  # fmt: skip

ENDS = {
    "paid_click 200", "click 200", "heic 200", "api 200", "paid_api 200", "refused error", "hostile error",
    "hostile 200", "leave_at_once left", "break_off broken off", "delete deleted",
}  # fmt: skip


class Soak:
    """One visitor after the other, ten calls each; `ends` counts how they ended."""

    def __init__(self, url: str, face: Any, faceless: bytes) -> None:
        self.page = Page(url, http=create_patient_client())
        self.ends = Counter[str]()
        self._face = np.asarray(cv2.resize(face, (200, 200), interpolation=cv2.INTER_AREA), np.uint8)
        self._faceless = faceless
        self._heic = plant_canaries("HEIF", Image.fromarray(self._face)).data
        self._hostile = [make() for make in HOSTILE]
        self._kinds: list[Callable[[int, str], str]] = [
            self.paid_click, self.api, self.refused, self.hostile, self.leave_at_once, self.break_off,
            self.heic, self.paid_api, self.click, self.delete,
        ]  # fmt: skip

    def run(self, first: int, last: int) -> None:
        """These calls, some at once."""

        def call(number: int) -> str:
            kind = self._kinds[number % 10]
            return f"{kind.__name__} {kind(number, f'{number // 10:032x}')}"

        with ThreadPoolExecutor(AT_ONCE) as pool:
            self.ends.update(pool.map(call, range(first, last)))

    def photo(self, number: int) -> Any:
        return self.page.upload(marked(self._face, number % 256))

    def paid_click(self, number: int, tab: str) -> str:
        return self._shown("quality-restoration", [], self.photo(number), tab)

    def click(self, number: int, tab: str) -> str:
        photo = self.photo(number) if number % 20 == 8 else self._example(tab)
        return self._shown("facial-aesthetics", ["8", 0.5], photo, tab)

    def _example(self, tab: str) -> Any:
        found = re.search(
            r'"path": "([^"]+astronaut\.jpg)"', self.page.press("load-example", ["astronaut", "facial_aesthetics", tab])
        )
        return {"path": found[1] if found else "", "meta": {"_type": "gradio.FileData"}}

    def heic(self, number: int, tab: str) -> str:
        photo = self.page.upload(self._heic, "me.heic")
        shown = self.page.press("facial-aesthetics-photo", [photo, tab], "upload")
        found = re.search(r'"path": "([^"]+photo\.jpg)"', shown)
        return self._shown("facial-aesthetics", ["8", 0.5], {**photo, "path": found[1]}, tab) if found else "no preview"

    def _shown(self, slug: str, values: list[Any], photo: Any, tab: str) -> str:
        shown = self.page.run(slug, values, photo, tab, consent=True)
        found = re.search(r"download/[\w-]+/[\w.-]+", shown)
        if not found:
            return "explained: " + " ".join(re.findall(r"<h2>(.*?)</h2>", shown))
        return str(self.page.http.get(f"{self.page.url}/{found[0]}").status_code)

    def api(self, number: int, tab: str) -> str:
        return self._called("facial_aesthetics", self.photo(number), "8", 0.5)

    def paid_api(self, number: int, tab: str) -> str:
        values = ("anime_avatar", "1.0.0") if number % 50 == 7 else ("face_fuse", "lion")
        return self._called(values[0], self.photo(number), values[1])

    def refused(self, number: int, tab: str) -> str:
        return self._called("anime_avatar", self.page.upload(self._faceless), "1.0.0")

    def hostile(self, number: int, tab: str) -> str:
        return self._called("facial_aesthetics", self.page.upload(self._hostile[number // 10 % len(HOSTILE)]), "8", 0.5)

    def _called(self, name: str, photo: Any, *values: Any) -> str:
        event, answer = self.page.call(name, photo, *values, True, False)
        return str(self.page.http.get(answer[0]["url"]).status_code) if event == "complete" else event

    def leave_at_once(self, number: int, tab: str) -> str:
        class Gone(Exception):
            pass

        def leave(line: str) -> None:
            raise Gone

        try:
            self.page.run("facial-aesthetics", ["8", 0.5], self.photo(number), tab, on_line=leave)
        except Gone:
            return "left"
        return "stayed"

    def break_off(self, number: int, tab: str) -> str:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="me.jpg"\r\n\r\n'
        with socket.create_connection(("127.0.0.1", httpx.URL(self.page.url).port or 0)) as line:
            start = b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n"
            line.sendall(start + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + head + self._faceless)
        return "broken off"

    def delete(self, number: int, tab: str) -> str:
        """What a visitor before had, whose calls have ended by now."""
        told = self.page.press("delete-data", [f"{number // 10 - 4:032x}"])  # before the fifth there is none
        return "deleted" if "nothing left" in told else "something left"
