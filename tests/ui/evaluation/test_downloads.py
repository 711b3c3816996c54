"""The downloads of an evaluation."""

import threading
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace

import httpx
from fastapi import FastAPI

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation.photo_set import PhotoSet, PhotoSource
from meitu_demo.evaluation.plan import TARGETS, Plan, Setup
from meitu_demo.evaluation.sessions import Evaluation
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.ui.evaluation.downloads import build_router


class ThreadRecordingStore(PictureStore):
    """Records the threads that ask it for a picture."""

    def __init__(self) -> None:
        super().__init__(60)
        self.threads: set[threading.Thread] = set()

    def get(self, token: str) -> bytes | None:
        self.threads.add(threading.current_thread())
        return super().get(token)


async def test_report_download_reads_the_picture_store_on_the_event_loop() -> None:
    """The file is rendered in a thread, but the store is for one event loop. It holds the small pictures only."""
    store, photo = ThreadRecordingStore(), PhotoSource("photo.jpg", "0" * 64, 9, (4, 3), Path())
    plan = Plan(PhotoSet((photo,), ()), (Setup(CATALOGUE["quality_restoration"], {}),), TARGETS["offline"])
    pictures = {photo.sha256: store.put(b"small"), f"picture {plan.jobs[0].key}": store.put(b"large")}
    evaluation = Evaluation(plan=plan, pictures=pictures)
    app = FastAPI()
    app.include_router(build_router(SimpleNamespace(  # type: ignore[arg-type]
        evaluations=SimpleNamespace(find=lambda token: evaluation), pictures=store,
    )))  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        document = (await client.get("/evaluation/token/report.html")).text
    assert b64encode(b"small").decode() in document
    assert b64encode(b"large").decode() not in document
    assert store.threads == {threading.main_thread()}
