"""Locust's visitors: each does what the page does, with a photo that nobody else has.

GET /, upload, the panel's own event through the queue, its stream, the picture. Run by ``python -m tools.load``, which
says by LOAD_PLAN (a JSON file) which panel, which values, which photos, and how long somebody looks at a result; what
each did is written to the file that the plan names. Imports nothing of the demo: it shares the cores with it.
"""

import itertools
import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

from locust import FastHttpUser, events

PLAN: dict[str, Any] = json.loads(Path(os.environ["LOAD_PLAN"]).read_text())
PHOTOS = itertools.count()
PICTURE = re.compile(r'<img src=\\"(kept/[^"\\]+)\\"')
RUNS: list[tuple[int, float, float, str]] = []  # visitor, begun, seconds, "" or what went wrong


class Visitor(FastHttpUser):
    """One person in one tab; the next run begins when the last one's result has been looked at."""

    numbers = itertools.count()
    network_timeout = connection_timeout = 120.0

    def wait_time(self) -> float:
        """Seconds that a result is looked at: the same mean for all, spread evenly around it."""
        return float(PLAN["think_s"]) * (0.5 + secrets.randbelow(1001) / 1000)

    def on_start(self) -> None:
        """Open the page."""
        self.number = next(self.numbers)
        self.tab, self.session = secrets.token_hex(16), secrets.token_hex(8)
        self.client.get("/", name="page")
        config = self.client.get("/config", name="config").json()
        button = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == PLAN["button"])
        self.event = next(
            event["id"] for event in config["dependencies"] if [button, "click"] in map(list, event["targets"])
        )
        time.sleep(self.wait_time() * self.number / PLAN["visitors"])  # people do not come in step

    def _run(self) -> str:
        self.client.client.clientpool.close()  # a browser, too, makes new ones after a pause
        photo = PLAN["photos"] % next(PHOTOS)
        uploaded = self.client.post("/gradio_api/upload", name="upload", files={"files": open(photo, "rb")})  # noqa: SIM115, PTH123
        if uploaded.status_code != 200:
            return f"upload {uploaded.status_code} {uploaded.error or ''}"
        file = {"path": uploaded.json()[0], "meta": {"_type": "gradio.FileData"}}
        data = [file, *PLAN["values"], True, self.tab, None, None]
        body = {"data": data, "fn_index": self.event, "session_hash": self.session}
        joined = self.client.post("/gradio_api/queue/join", name="join", json=body)
        if joined.status_code != 200:
            return f"join {joined.status_code}"
        told = self.client.get(f"/gradio_api/queue/data?session_hash={self.session}", name="stream").text or ""
        found = PICTURE.search(told)
        if not found:
            return "explained: " + " ".join(re.findall(r"<h3>(.*?)</h3>", told)) if "<h3>" in told else "no end"
        shown = self.client.get(f"/{found[1]}", name="picture")
        return "" if shown.status_code == 200 and shown.content[:2] == b"\xff\xd8" else f"picture {shown.status_code}"

    def one_run(self) -> None:
        """From the upload to the picture."""
        begun = time.time()
        try:
            wrong = self._run()
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"[:200]
        RUNS.append((self.number, begun, time.time() - begun, wrong))

    tasks = [one_run]  # noqa: RUF012  # Locust's way


@events.quitting.add_listener
def write(**_: Any) -> None:
    """What each did, and what this process took."""
    Path(PLAN["out"]).write_text(json.dumps({"runs": RUNS, "cpu_s": time.process_time()}))
