"""Locust's visitors: each sends the requests that the page sends, with a photo that nobody else uses.

The requests are the page, an upload, the panel's event through Gradio's queue, its stream, and the picture. `run_load`
starts Locust and passes a `LoadPlan` as a JSON file, whose path is in LOAD_PLAN; the runs are written to the plan's
`out`. The app is not imported, to save time on the shared cores.
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
PHOTO_NUMBERS = itertools.count()
PICTURE_PATTERN = re.compile(r'<img src=\\"(kept/[^"\\]+)\\"')
PAYERS = {"x-payers": "meitu=owner ailab=owner"}  # what the page's badges say; live runs are refused without it
RUNS: list[tuple[int, float, float, str]] = []  # visitor, start time, seconds, error or ""


class Visitor(FastHttpUser):
    """One person in one tab, who pauses after each result."""

    numbers = itertools.count()
    network_timeout = connection_timeout = 120.0

    def wait_time(self) -> float:
        """Seconds of a pause: uniform from half to one and a half times the mean."""
        return float(PLAN["think_s"]) * (0.5 + secrets.randbelow(1001) / 1000)

    def on_start(self) -> None:
        """Open the page."""
        self.number = next(self.numbers)
        self.tab, self.session = secrets.token_hex(16), secrets.token_hex(8)
        self.client.get("/", name="page")
        config = self.client.get("/config", name="config").json()
        button = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == PLAN["button"])
        self.event_id = next(
            event["id"] for event in config["dependencies"] if [button, "click"] in map(list, event["targets"])
        )
        time.sleep(self.wait_time() * self.number / PLAN["visitors"])  # spread the first runs

    def _run_once(self) -> str:
        self.client.client.clientpool.close()  # browsers reconnect after a pause as well
        photo = PLAN["photos"] % next(PHOTO_NUMBERS)
        uploaded = self.client.post("/gradio_api/upload", name="upload", files={"files": open(photo, "rb")})  # noqa: SIM115, PTH123
        if uploaded.status_code != 200:
            return f"upload {uploaded.status_code} {uploaded.error or ''}"
        file = {"path": uploaded.json()[0], "meta": {"_type": "gradio.FileData"}}
        data = [file, *PLAN["values"], True, self.tab, None, None]
        body = {"data": data, "fn_index": self.event_id, "session_hash": self.session}
        joined = self.client.post("/gradio_api/queue/join", name="join", json=body, headers=PAYERS)
        if joined.status_code != 200:
            return f"join {joined.status_code}"
        stream = self.client.get(f"/gradio_api/queue/data?session_hash={self.session}", name="stream").text or ""
        found = PICTURE_PATTERN.search(stream)
        if not found:
            return "explained: " + " ".join(re.findall(r"<h3>(.*?)</h3>", stream)) if "<h3>" in stream else "no end"
        picture = self.client.get(f"/{found[1]}", name="picture")
        is_jpeg = picture.status_code == 200 and picture.content[:2] == b"\xff\xd8"
        return "" if is_jpeg else f"picture {picture.status_code}"

    def run_and_record(self) -> None:
        """One run from the upload to the picture."""
        started_at = time.time()
        try:
            failure = self._run_once()
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"[:200]
        RUNS.append((self.number, started_at, time.time() - started_at, failure))

    tasks = [run_and_record]  # noqa: RUF012  # Locust reads this attribute


@events.quitting.add_listener
def write_results(**_: Any) -> None:
    """Write the runs, and this process's CPU time."""
    Path(PLAN["out"]).write_text(json.dumps({"runs": RUNS, "cpu_s": time.process_time()}))
