"""Many sessions at once, each with a mark in its photo: everybody gets their own result, call and call id."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from ui.conftest import Page, serve

from isolation.marked_photos import WIDTH, mark_in, marked
from isolation.patient_client import create_patient_client
from isolation.remembering_vendor import Vendor
from meitu_demo.calls.single_flight import CallHandle, SingleFlight
from meitu_demo.offline import effect_runner
from meitu_demo.photos.provenance import read_provenance
from meitu_demo.settings import Settings

pytestmark = pytest.mark.soak
SESSIONS = 100
COMMON = 200  # the mark of the photo that half of the sessions have


@dataclass
class Visitor:
    """One session: its number, its photo, and what came of it."""

    number: int
    photo: bytes
    mark: int = 0
    pictures: list[bytes] = field(default_factory=list)
    address: str = ""  # of the picture that the page shows

    def __post_init__(self) -> None:
        self.mark = self.number

    @property
    def tab(self) -> str:
        return f"{self.number:032x}"

    @property
    def key(self) -> str:
        return f"key-of-visitor-{self.number:04}" if self.number % 8 < 2 else "owner"


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    monkeypatch.setattr(effect_runner, "MAX_PENDING", SESSIONS)  # a real vendor's line is longer than ours
    found = Vendor()
    found.server.start()
    yield found
    found.server.stop()


@pytest.fixture
def paid_page(vendor: Vendor, tmp_path: Path) -> Iterator[Page]:
    """The app with the owner's keys, without caps."""
    environ = {
        "MEITU_API_KEY": "owner", "MEITU_API_SECRET": "pair", "MEITU_BASE_URL": vendor.server.start(),
        "DATA_DIR": str(tmp_path), "CALLS_PER_SECOND": "off", "READ_TIMEOUT": "300",
    }  # fmt: skip
    for page in serve(Settings.from_env(environ), single_use_links=True):
        page.http = create_patient_client()
        assert page.config  # asked for once, not by all at the same time
        yield page


@pytest.fixture
def handles(monkeypatch: pytest.MonkeyPatch) -> list[CallHandle]:
    """Every handle that single flight gives out."""
    found: list[CallHandle] = []
    create: Callable[..., CallHandle] = SingleFlight._create_handle

    def record(*arguments: Any, **options: Any) -> CallHandle:
        found.append(create(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(SingleFlight, "_create_handle", record)
    return found


def visit(page: Page, visitor: Visitor) -> None:
    """One paid call, by the page or by the API in turn; every third a free one besides."""
    photo = page.upload(visitor.photo)
    if visitor.number % 4 < 2:
        session = f"own{visitor.number}"
        if visitor.key != "owner":
            page.press("own-keys-use", [visitor.key, "secret-of-a-visitor", ""], session=session)
        payers = f"meitu={'owner' if visitor.key == 'owner' else 'visitor'}"
        html = page.run("quality-restoration", [], photo, visitor.tab, session=session, consent=True, payers=payers)
        found = re.search(r"kept/[\w-]+/quality-restoration[\w.-]+", html)
        assert found, html
        visitor.address = f"{page.url}/{found[0]}"
        visitor.pictures.append(page.http.get(visitor.address).content)
        visitor.pictures.append(page.http.get(visitor.address.replace("/kept/", "/download/")).content)
    else:
        event, answer = page.call("quality_restoration", photo, True, False)
        assert event == "complete", answer
        assert not answer[1]["repeated"]
        visitor.pictures.append(page.http.get(answer[0]["url"]).content)
        assert read_id(visitor.pictures[-1]) == answer[1]["receipt"]["result_id"]
    if visitor.number % 3 == 0:
        event, answer = page.call("facial_aesthetics", photo, "8", 0.5, False, False)
        assert event == "complete", answer
        visitor.pictures.append(httpx.get(answer[0]["url"]).content)


def read_id(picture: bytes) -> str:
    mark = read_provenance(picture)
    assert mark is not None
    return mark.result_id


def test_sessions_get_nothing_of_each_other(
    paid_page: Page, vendor: Vendor, handles: list[CallHandle], rounds: Any, figure: Any, portrait_pixels: Any
) -> None:
    """Each result bears its session's mark, each paid call is its session's own, and deleting one leaves the others."""
    face = np.asarray(cv2.resize(portrait_pixels, (WIDTH, WIDTH), interpolation=cv2.INTER_AREA), np.uint8)
    visitors = [Visitor(number, marked(face, number)) for number in range(rounds(SESSIONS))]
    for visitor in visitors:
        if visitor.number % 2:
            visitor.mark, visitor.photo = COMMON, marked(face, COMMON)
    with ThreadPoolExecutor(len(visitors)) as pool:
        for job in [pool.submit(visit, paid_page, visitor) for visitor in visitors]:
            job.result(600)

    pictures = [(visitor, picture) for visitor in visitors for picture in visitor.pictures]
    crossed = [visitor.number for visitor, picture in pictures if mark_in(picture, WIDTH) != visitor.mark]
    assert crossed == []
    ids = [{read_id(picture) for picture in visitor.pictures} for visitor in visitors]
    assert len(set.union(*ids)) == sum(map(len, ids))  # nobody's result is anybody else's, too

    assert vendor.server.charges == {"quality_restoration": len(visitors)}
    assert Counter(vendor.came) == Counter((visitor.key, visitor.mark) for visitor in visitors)
    free = sum(visitor.number % 3 == 0 for visitor in visitors)
    assert len({handle.call.id for handle in handles}) == len({handle.session for handle in handles}) == len(handles)
    assert len(handles) == len(visitors) + free
    assert not any(handle.is_duplicate for handle in handles)

    leaver, *others = [visitor for visitor in visitors if visitor.address and visitor.mark == COMMON]
    paid_page.press("delete-data", [leaver.tab])
    assert httpx.get(leaver.address).status_code == 404
    others += [visitor for visitor in visitors if visitor.address and visitor.mark != COMMON]
    assert others
    assert all(httpx.get(visitor.address).content == visitor.pictures[0] for visitor in others)
    figure(
        f"isolation: {len(visitors)} sessions at once, {len(pictures)} pictures, {len(crossed)} crossings; "
        f"{len(vendor.came)} paid calls, {sum(mark == COMMON for _, mark in vendor.came)} of them with the same photo"
    )
