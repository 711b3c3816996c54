"""The app's overhead: start-up, and API calls around the effect. Also its memory after many calls."""

import json
import time
from typing import Any

import httpx
import psutil

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.offline.effect_runner import apply_effect
from meitu_demo.photos import codec

from .ratio import Row, measure_seconds, summarize
from .server import BASELINE_COMMAND, DEMO_COMMAND, run_server

ENDPOINT_VALUES: dict[str, dict[str, Any]] = {
    "face_fuse": {"template_id": "gjw4tjeloaba2psk973"},
    "anime_avatar": {"version": "2.0.0"},
    "quality_restoration": {},
    "facial_aesthetics": {"shape_type": "8", "strength": 0.5},
}
MEMORY_CALL_COUNT = 200
MAX_MEMORY_MB = 900
EFFECT_AND_NOOP = "the effect and a no-op Gradio endpoint"


def rows() -> list[Row]:
    """Rows for the start to the first page, and for offline API calls: all four together, and each alone."""
    calls = _measure_call_rows()
    base_s, total_s = (sum(getattr(row, name) for row in calls) for name in ("baseline_s", "measured_s"))
    all_row = Row("offline calls through the API", EFFECT_AND_NOOP, base_s, total_s, total_s / base_s, 1.3)
    return [_measure_start_row(), all_row, *calls]


def _measure_start_row(rounds: int = 7) -> Row:
    pairs = []
    for _ in range(rounds):
        with run_server(BASELINE_COMMAND) as (_, baseline_s, _):
            pass
        with run_server(DEMO_COMMAND) as (_, demo_s, _):
            pass
        pairs.append((baseline_s, demo_s))
    return summarize("start to first page", "a one-button Gradio app", pairs, 1.1)


def _measure_call_rows(rounds: int = 15) -> list[Row]:
    photo = codec.encode(load_astronaut())
    measured = []
    with (
        run_server(DEMO_COMMAND) as (demo_url, _, _),
        run_server(BASELINE_COMMAND) as (baseline_url, _, _),
        httpx.Client(timeout=60) as client,
    ):
        for endpoint in CATALOGUE.values():
            values = [*ENDPOINT_VALUES[endpoint.id].values(), False, False]
            result = apply_effect(endpoint, photo, ENDPOINT_VALUES[endpoint.id])
            call_api(client, demo_url, endpoint.id, photo, values)
            call_api(client, baseline_url, "same", result, [])
            pairs = []
            for _ in range(rounds):
                effect_s = measure_seconds(
                    lambda name=endpoint.id: apply_effect(CATALOGUE[name], photo, ENDPOINT_VALUES[name])
                )
                noop_s = measure_seconds(lambda data=result: call_api(client, baseline_url, "same", data, []))
                call_s = measure_seconds(
                    lambda name=endpoint.id, data=values: call_api(client, demo_url, name, photo, data)
                )
                pairs.append((effect_s + noop_s, call_s))
            measured.append(summarize(f"  of these {endpoint.id}", EFFECT_AND_NOOP, pairs, None))
    return measured


def call_api(client: httpx.Client, url: str, api_name: str, photo: bytes, values: list[Any]) -> bytes:
    """Upload, call, read the event stream and download, as any client of the API does."""
    files = {"files": ("photo.jpg", photo, "image/jpeg")}
    path = client.post(f"{url}gradio_api/upload", files=files).raise_for_status().json()[0]
    data = [{"path": path, "meta": {"_type": "gradio.FileData"}}, *values]
    event = client.post(f"{url}gradio_api/call/{api_name}", json={"data": data}).raise_for_status().json()["event_id"]
    stream = client.get(f"{url}gradio_api/call/{api_name}/{event}").raise_for_status().text
    if "event: complete" not in stream:
        raise RuntimeError(f"{api_name} failed: {stream[-300:]}")
    payload = json.loads(stream.rpartition("data: ")[2])
    return client.get(f"{url}gradio_api/file={payload[0]['path']}").raise_for_status().content


def measure_memory() -> tuple[float, float]:
    """Resident memory in MB after a quarter of MEMORY_CALL_COUNT mixed calls, and after all."""
    photo = codec.encode(load_astronaut())
    with run_server(DEMO_COMMAND) as (url, _, pid), httpx.Client(timeout=60) as client:
        process_info = psutil.Process(pid)
        sizes = []
        for number in range(MEMORY_CALL_COUNT):
            name = list(ENDPOINT_VALUES)[number % len(ENDPOINT_VALUES)]
            call_api(client, url, name, photo, [*ENDPOINT_VALUES[name].values(), False, False])
            if number + 1 in (MEMORY_CALL_COUNT // 4, MEMORY_CALL_COUNT):
                time.sleep(0.5)
                sizes.append(process_info.memory_info().rss / 2**20)
    return sizes[0], sizes[1]
