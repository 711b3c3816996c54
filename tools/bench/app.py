"""The app's own share: start-up, and a call through its HTTP API around the effect. And its memory under use."""

import json
import statistics
import time
from typing import Any

import httpx
import psutil

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.imaging import codec
from meitu_demo.imaging.astronaut import load_astronaut
from meitu_demo.offline.engine import apply_effect

from .ratio import Row, seconds
from .server import OURS, SIMPLEST, serving

VALUES: dict[str, dict[str, Any]] = {
    "face_fuse": {"template_id": "gjw4tjeloaba2psk973"},
    "anime_avatar": {"version": "2.0.0"},
    "quality_restoration": {},
    "facial_aesthetics": {"shape_type": "8", "strength": 0.5},
}
CALLS = 200
MEMORY_AIM_MB = 900
EFFECT_AND_NOTHING = "the effect and a no-op Gradio endpoint"


def rows() -> list[Row]:
    """Start to first page, then offline calls through the API: all four one after the other, and each alone."""
    calls = _call_rows()
    base_s, whole_s = (sum(getattr(row, name) for row in calls) for name in ("baseline_s", "measured_s"))
    together = Row("offline calls through the API", EFFECT_AND_NOTHING, base_s, whole_s, whole_s / base_s, 1.3)
    return [_start_row(), together, *calls]


def _start_row(runs: int = 7) -> Row:
    pairs = []
    for _ in range(runs):
        with serving(SIMPLEST) as (_, simple_s, _):
            pass
        with serving(OURS) as (_, ours_s, _):
            pass
        pairs.append((simple_s, ours_s))
    ratio = statistics.median(ours / simple for simple, ours in pairs)
    simple_s, ours_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Row("start to first page", "a one-button Gradio app", simple_s, ours_s, ratio, 1.4)


def _call_rows(runs: int = 15) -> list[Row]:
    photo = codec.encode(load_astronaut())
    found = []
    with serving(OURS) as (ours, _, _), serving(SIMPLEST) as (simple, _, _), httpx.Client(timeout=60) as client:
        for endpoint in CATALOGUE.values():
            values = [*VALUES[endpoint.id].values(), False, False]
            result = apply_effect(endpoint, photo, VALUES[endpoint.id])
            call(client, ours, endpoint.id, photo, values)
            call(client, simple, "same", result, [])
            pairs = []
            for _ in range(runs):
                effect = seconds(lambda e=endpoint: apply_effect(e, photo, VALUES[e.id]))
                nothing = seconds(lambda data=result: call(client, simple, "same", data, []))
                whole = seconds(lambda e=endpoint, v=values: call(client, ours, e.id, photo, v))
                pairs.append((effect + nothing, whole))
            ratio = statistics.median(whole / base for base, whole in pairs)
            base_s, whole_s = (statistics.median(times) for times in zip(*pairs, strict=True))
            name = f"  of these {endpoint.id}"
            found.append(Row(name, EFFECT_AND_NOTHING, base_s, whole_s, ratio, None))
    return found


def call(client: httpx.Client, url: str, api_name: str, photo: bytes, values: list[Any]) -> bytes:
    """Upload, call, read the event stream, download: what any client of the API does."""
    files = {"files": ("photo.jpg", photo, "image/jpeg")}
    path = client.post(f"{url}gradio_api/upload", files=files).raise_for_status().json()[0]
    data = [{"path": path, "meta": {"_type": "gradio.FileData"}}, *values]
    event = client.post(f"{url}gradio_api/call/{api_name}", json={"data": data}).raise_for_status().json()["event_id"]
    stream = client.get(f"{url}gradio_api/call/{api_name}/{event}").raise_for_status().text
    if "event: complete" not in stream:
        raise RuntimeError(f"{api_name} failed: {stream[-300:]}")
    payload = json.loads(stream.rpartition("data: ")[2])
    return client.get(f"{url}gradio_api/file={payload[0]['path']}").raise_for_status().content


def memory() -> tuple[float, float]:
    """Resident memory in MB after a quarter of CALLS mixed calls, and after all of them."""
    photo = codec.encode(load_astronaut())
    with serving(OURS) as (url, _, pid), httpx.Client(timeout=60) as client:
        process_info = psutil.Process(pid)
        sizes = []
        for number in range(CALLS):
            name = list(VALUES)[number % len(VALUES)]
            call(client, url, name, photo, [*VALUES[name].values(), False, False])
            if number + 1 in (CALLS // 4, CALLS):
                time.sleep(0.5)
                sizes.append(process_info.memory_info().rss / 2**20)
    return sizes[0], sizes[1]
