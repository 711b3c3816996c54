"""A recipe's run through the whole app: steps, a failure in the middle, cost, consent, and what is deleted."""

import html
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from ui.conftest import Page, serve

from meitu_demo.offline import create_app
from meitu_demo.offline.failure_lab import ThreadedServer
from meitu_demo.photos import codec
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.settings import Settings

EYES = {"endpoint": "facial_aesthetics", "values": {"shape_type": "8", "strength": 0.4}}
JAW = {"endpoint": "facial_aesthetics", "values": {"shape_type": "7", "strength": 0.3}}
RESTORE = {"endpoint": "quality_restoration"}
FUSE = {"endpoint": "face_fuse", "values": {"template_id": "lion"}}
UNKNOWN_TEMPLATE = {"endpoint": "face_fuse", "values": {"template_id": "nowhere"}}


@dataclass
class Person:
    """Somebody with the page open: a photo, a tab, a session of Gradio's."""

    page: Page
    photo: Any
    consent: bool = False
    tab: str = field(default_factory=lambda: secrets.token_hex(16))
    session: str = field(default_factory=lambda: f"s{secrets.token_hex(8)}")

    def press(self, button: str, *steps: Any) -> str:
        """What is shown at the end, as HTML."""
        data = [self.photo, dump_steps(*steps), self.consent, self.consent, self.tab, None, None]
        return find_last_html(self.page.press(f"recipe-{button}", data, session=self.session))

    def picture(self, address: str) -> Any:
        return codec.decode(httpx.get(f"{self.page.url}/{address}").content)


def dump_steps(*steps: Any) -> str:
    return json.dumps({"recipe": 1, "steps": steps})


def find_last_html(answer: str) -> str:
    """The newest whole text among what an event answered."""
    texts: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, str) and "<div" in part:
            texts.append(part)
        for child in part if isinstance(part, list) else part.values() if isinstance(part, dict) else ():
            walk(child)

    walk(json.loads(answer))
    return html.unescape(texts[-1])


def views(shown: str) -> list[tuple[str, str]]:
    """The addresses of before and after in each view."""
    found = []
    for view in shown.split('<section class="view"')[1:]:
        images = re.findall(r'<img src="([^"]+)"', view)
        found.append((images[1], images[0]))
    return found


@pytest.fixture
def person(page: Page, portrait: bytes) -> Person:
    return Person(page, page.upload(portrait))


def test_recipe_step_works_on_the_previous_master(person: Person) -> None:
    """A step's before is the previous step's unlabelled after; the summary goes from the photo to the last result."""
    shown = person.press("run", EYES, {**FUSE, "on": False}, JAW, RESTORE)
    whole, *steps = views(shown)
    assert len(steps) == 3
    before, after = ([person.picture(address) for address in side] for side in zip(*steps, strict=True))
    for one, next_one in ((after[0], before[1]), (after[1], before[2])):
        assert np.abs(one.astype(int) - next_one).max() < 8  # encoded anew to be sent; a label would be 100 off
    assert np.array_equal(before[0], person.picture(whole[0]))
    assert whole[1] == steps[-1][1]
    assert "Paid calls" not in shown
    assert shown.count("Use in …") == 4


def test_recipe_retry_resumes_at_the_failed_step(person: Person) -> None:
    """The explanation names the failed step and the results before are shown; a retry does not repeat them."""
    calls = person.page.offline.calls
    shown = person.press("run", EYES, UNKNOWN_TEMPLATE, RESTORE)
    assert "Step 2 of 3, Face Fuse: The service does not know one of the chosen values." in shown
    assert "available retry" in shown
    kept = views(shown)
    assert len(kept) == 1
    assert person.picture(kept[0][1]).shape == (320, 320, 3)
    told = person.page.press("history-tab", [person.tab, "", ""], trigger="select", session=person.session)
    assert "The service does not know one of the chosen values." in told
    before = len(calls)
    again = person.press("retry", EYES, FUSE, RESTORE)
    assert [re.sub(r".*/", "", path) for path in calls[before:]] == ["facefuse", "aiquality"]
    assert views(again)[1] == kept[0]
    assert len(views(again)) == 4
    before = len(calls)
    person.press("retry", JAW, FUSE)  # another recipe has nothing to go on from
    assert len(calls) - before >= 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "This is not a recipe."),
        (None, "This is not a recipe."),
        (dump_steps(), "No step is switched on."),
        (dump_steps({**EYES, "on": False}), "No step is switched on."),
        (dump_steps(*[EYES] * 9), "There are too many steps."),
    ],
)
def test_recipe_rejects_an_invalid_list_before_any_call(person: Person, text: Any, told: str) -> None:
    """An invalid recipe is explained without a step's name, nothing is sent, and no retry is offered."""
    data = [person.photo, text, False, False, person.tab, None, None]
    shown = find_last_html(person.page.press("recipe-run", data))
    assert f"<h2>{told}</h2>" in shown
    assert 'class="available' not in shown


def test_recipe_explains_a_missing_photo(person: Person) -> None:
    """A missing photo is explained as in every panel."""
    person.photo = None
    shown = person.press("run", EYES)
    assert "Choose a photo first." in shown
    assert 'class="available' not in shown


def test_recipe_does_not_resume_from_an_expired_result(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the previous result has expired, the retry says so and repeats no step by itself."""
    person.press("run", EYES, UNKNOWN_TEMPLATE)
    before = len(person.page.offline.calls)
    monkeypatch.setattr(PictureStore, "get_owned", lambda store, owner, token: None)
    assert "<h2>This result is no longer here.</h2>" in person.press("retry", EYES, FUSE)
    assert len(person.page.offline.calls) == before


def test_recipe_results_are_deleted_with_the_session(person: Person) -> None:
    """Photo, results and everything derived from them are deleted with the session's data."""
    shown = person.press("run", EYES, RESTORE)
    addresses = set(re.findall(r"kept/[^\"]+", shown))
    assert len(addresses) >= 4
    assert all(httpx.get(f"{person.page.url}/{address}").status_code == 200 for address in addresses)
    assert "Checked: nothing left." in person.page.press("delete-data", [person.tab])
    assert all(httpx.get(f"{person.page.url}/{address}").status_code == 404 for address in addresses)


def test_recipe_editor_validates_a_loaded_file(page: Page) -> None:
    """A valid file becomes the list; an invalid one is explained and leaves the list unchanged."""
    taken = page.press("recipe-loaded", [dump_steps(EYES), dump_steps(JAW)])
    assert "Recipe loaded. Steps: 1" in taken
    assert "shape_type" in taken
    refused = page.press("recipe-loaded", [dump_steps({"endpoint": "nobody"}), dump_steps(JAW)])
    assert "which this demo does not have" in refused
    assert "shape_type" not in refused


def test_recipe_editor_adds_a_step_with_the_chosen_effects_values(page: Page) -> None:
    """A step gets the chosen effect's values out of all controls; an invalid value leaves the list unchanged."""
    fine = page.press("recipe-add-step", [dump_steps(RESTORE), "facial_aesthetics", "lion", "2.0.0", "7", 0.25])
    assert "Added as step 2: Slim jaw 0.25" in fine
    assert "0.25" in fine
    typed = page.press("recipe-add-step", [dump_steps(RESTORE), "face_fuse", "no such/ID", "2.0.0", "7", 0.25])
    assert "A setting in the recipe does not fit." in typed
    full = page.press("recipe-add-step", [dump_steps(*[RESTORE] * 8), "anime_avatar", "lion", "2.0.0", "7", 0.25])
    assert "There are too many steps." in full


# ── Paid ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Vendor:
    """Our own server that counts, and answers the next call to a path that it is told with trouble of its own."""

    server: ThreadedServer = field(init=False)
    trouble_at: str = ""
    lost_at: str = ""

    def __post_init__(self) -> None:
        app = create_app(lab=True)

        async def sometimes(scope: Any, receive: Any, send: Any) -> None:
            if self.trouble_at and scope["path"].endswith(self.trouble_at):
                self.trouble_at = ""
                await send({"type": "http.response.start", "status": 500, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            if self.lost_at and scope["path"].endswith(self.lost_at):
                self.lost_at = ""
                scope["headers"].append((b"x-fault", b"expired_link"))
            await app(scope, receive, send)

        sometimes.state = app.state  # type: ignore[attr-defined]
        self.server = ThreadedServer(lambda: sometimes)  # type: ignore[arg-type,return-value]

    @property
    def billed(self) -> int:
        return self.server.charges.total()


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    found = Vendor()
    yield found
    found.server.stop()


@pytest.fixture(scope="module")
def paid_page(vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The app with the owner's keys for both vendors."""
    address = vendor.server.start()
    yield from serve(Settings.from_env({
        "MEITU_API_KEY": "any", "MEITU_API_SECRET": "any", "AILAB_API_KEY": "any", "MEITU_BASE_URL": address,
        "AILAB_BASE_URL": address, "DATA_DIR": str(tmp_path_factory.mktemp("ledger")), "CALLS_PER_SECOND": "off",
    }))  # fmt: skip


@pytest.fixture
def paying_person(paid_page: Page, portrait: bytes) -> Person:
    return Person(paid_page, paid_page.upload(portrait), consent=True)


def count_listed_calls(page: Page, *steps: Any) -> int:
    """How many paid calls the list says that it costs."""
    shown = read_text(page.press("recipe-listed", [dump_steps(*steps), None], trigger="change"))
    found = re.search(r"Paid calls: (\d+)", shown)
    return int(found[1]) if found else 0


def read_text(answer: str) -> str:
    return html.unescape(json.dumps(json.loads(answer), ensure_ascii=False))


def test_recipe_pays_as_many_calls_as_the_list_says(paying_person: Person, vendor: Vendor) -> None:
    """A run makes as many paid calls as shown; a second click costs nothing, "again" costs the same once more."""
    recipe = (EYES, {**JAW, "on": False}, FUSE, RESTORE)
    said = count_listed_calls(paying_person.page, *recipe)
    assert said == 3
    for button, costs in (("run", said), ("run", 0), ("again", said)):
        before = vendor.billed
        shown = paying_person.press(button, *recipe)
        assert vendor.billed - before == costs, button
        assert len(views(shown)) == 4
        assert f"{said} paid calls" in shown
        assert "Made by 127.0.0.1" in shown
        assert "Made by Meitu" not in shown
        assert ("shown again" in shown) is (costs == 0)
    assert count_listed_calls(paying_person.page, {**EYES, "on": False}) == 0


def test_recipe_retry_pays_only_the_failed_step_and_the_rest(paying_person: Person, vendor: Vendor) -> None:
    """A retry by the person pays the failed step again and the steps after it, not those before."""
    vendor.trouble_at = "facefuse"
    before = vendor.billed
    shown = paying_person.press("run", EYES, FUSE, RESTORE)
    assert "Step 2 of 3, Face Fuse: The service reported a server error." in shown
    assert "may have been billed" in shown
    assert "available pay offline" in shown
    assert vendor.billed - before == 1
    assert len(views(paying_person.press("pay", EYES, FUSE, RESTORE))) == 4
    assert vendor.billed - before == 3


def test_recipe_fetch_downloads_a_lost_picture_and_makes_no_call(paying_person: Person, vendor: Vendor) -> None:
    """The free button only repeats the download, and stops before the next step, which would cost a call."""
    before, vendor.lost_at = vendor.billed, "facefuse"
    shown = paying_person.press("run", EYES, FUSE, RESTORE)
    assert "available fetch pay offline" in shown
    paid = vendor.billed - before
    assert "available fetch pay offline" in paying_person.press("fetch", EYES, FUSE, RESTORE)
    assert "This result is no longer here." in paying_person.press("fetch", EYES, JAW)
    assert vendor.billed - before == paid


def test_recipe_can_finish_offline_after_a_failure(paying_person: Person, vendor: Vendor) -> None:
    """The remaining steps run on the offline engine, free, and each part of the result says who made it."""
    vendor.trouble_at = "facefuse"
    paying_person.press("run", EYES, FUSE, RESTORE)
    before = vendor.billed
    shown = paying_person.press("offline", EYES, FUSE, RESTORE)
    assert vendor.billed == before
    assert "Made by 127.0.0.1" in shown
    assert "Offline engine" in shown
    assert "One paid call" in shown


def test_recipe_asks_consent_for_each_vendor(paying_person: Person, vendor: Vendor) -> None:
    """Nothing is sent without consent, which is asked for each step's vendor separately."""
    before = vendor.billed
    paying_person.consent = False
    shown = paying_person.press("run", EYES, RESTORE)
    assert "Step 1 of 2, Facial Aesthetics: A live call needs your consent." in shown
    assert vendor.billed == before


# ── Sent on ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_send_to_panel_makes_a_result_another_panels_photo(person: Person) -> None:
    """The photo is an upload of the session; another session's token and an invalid one give an explanation."""
    shown = person.press("run", EYES)
    token = re.findall(r'data-token="([^"]+)"', shown)[0]
    answer = person.page.press("send-to-panel", [token, "face_fuse", person.tab])
    assert "The result is now the photo in Face Fuse." in read_text(answer)
    found = re.search(r'"path": "([^"]+result\.jpg)"', answer)
    assert found
    master = httpx.get(f"{person.page.url}/{views(shown)[0][1]}").content
    assert Path(found[1]).read_bytes() == master
    person.page.press("delete-data", [person.tab])
    assert not Path(found[1]).exists()
    for odd in ([token, "face_fuse", person.tab], [token, "face_fuse", "0" * 32], ["x", "recipe", person.tab],
                [None, "face_fuse", person.tab], [token, "verify", person.tab]):  # fmt: skip
        answer = person.page.press("send-to-panel", odd)
        assert "This result is no longer here." in answer
        assert "result.jpg" not in answer


def test_send_to_panel_gives_another_tab_nothing(person: Person) -> None:
    """Another tab that knows the token gets nothing."""
    token = re.findall(r'data-token="([^"]+)"', person.press("run", RESTORE))[0]
    assert "no longer here" in person.page.press("send-to-panel", [token, "face_fuse", secrets.token_hex(16)])
    assert "result.jpg" in person.page.press("send-to-panel", [token, "face_fuse", person.tab])
