"""Who pays for a run: whom the page showed, or nobody; keys that are gone are never replaced by the owner's."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ui.conftest import Page, serve

from meitu_demo.offline.failure_lab import ThreadedServer
from meitu_demo.settings import Settings

SLUG, SESSION = "quality-restoration", "session-of-the-visitor"
RECIPE = '{"recipe": 1, "steps": [{"endpoint": "quality_restoration"}]}'
OWN_KEYS = ["key-of-the-visitor-1", "secret-of-the-visitor-1", ""]


class PaidPage:
    """An app with the owner's keys, and the vendor, which counts its calls."""

    def __init__(self, page: Page, vendor: ThreadedServer) -> None:
        self.page, self.vendor = page, vendor

    def run(self, photo: bytes, payers: str) -> str:
        """A run in a tab of its own, so that no earlier result is shown again."""
        tab = secrets.token_hex(16)
        return self.page.run(SLUG, [], self.page.upload(photo), tab, consent=True, session=SESSION, payers=payers)

    def count_charges(self) -> int:
        return sum(self.vendor.charges.values())


def start_page(folder: Path) -> Iterator[PaidPage]:
    vendor = ThreadedServer()
    environ = {
        "MEITU_API_KEY": "key-of-the-owner-001", "MEITU_API_SECRET": "secret-of-the-owner-001",
        "MEITU_BASE_URL": vendor.start(), "DATA_DIR": str(folder), "CALLS_PER_SECOND": "off",
    }  # fmt: skip
    try:
        for page in serve(Settings.from_env(environ)):
            yield PaidPage(page, vendor)
    finally:
        vendor.stop()


@pytest.fixture(scope="module")
def paid_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaidPage]:
    yield from start_page(tmp_path_factory.mktemp("paid"))


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaidPage]:
    """Another process's app: what a page meets after a restart, or behind a load balancer that lost it."""
    yield from start_page(tmp_path_factory.mktemp("replica"))


def evict_session(page: Page) -> None:
    page.app.state.gradio.get_blocks().state_holder.session_data.pop(SESSION)


def expire_keys(page: Page) -> None:
    session = page.app.state.gradio.get_blocks().state_holder.session_data[SESSION]
    session._state_ttl = {key: (-1.0, entered_at) for key, (_, entered_at) in session._state_ttl.items()}
    page.app.state.gradio.get_blocks().state_holder.delete_all_expired_state()


@pytest.mark.parametrize("lose_keys", [evict_session, expire_keys])
@pytest.mark.parametrize("payers", ["meitu=visitor ailab=nobody", "", "meitu", "meitu=me"])
def test_a_run_is_refused_when_the_visitors_keys_are_gone(
    paid_page: PaidPage, portrait: bytes, lose_keys: Callable[[Page], None], payers: str
) -> None:
    """Keys that were evicted or have expired are not replaced by the owner's, whatever the page says or leaves out."""
    paid_page.page.press("own-keys-use", OWN_KEYS, session=SESSION)
    charges = paid_page.count_charges()
    assert "kept/" in paid_page.run(portrait, "meitu=visitor")
    assert paid_page.count_charges() == charges + 1
    lose_keys(paid_page.page)
    answer = paid_page.run(portrait, payers)
    assert ("Your keys are no longer here" if "visitor" in payers else "no longer shows who pays") in answer
    assert "Nothing was sent" in answer
    assert paid_page.count_charges() == charges + 1


def test_a_run_is_refused_by_a_process_that_never_had_the_keys(replica: PaidPage, portrait: bytes) -> None:
    """After a restart, or at another replica, a page that shows own keys costs the owner nothing."""
    for press in (
        lambda: replica.run(portrait, "meitu=visitor"),
        lambda: replica.page.press(
            f"{SLUG}-both", [replica.page.upload(portrait), True, "", None, None], payers="meitu=visitor"
        ),
        lambda: replica.page.press(
            "recipe-run",
            [replica.page.upload(portrait), RECIPE, True, True, "", None, None],
            payers="meitu=visitor",
        ),
    ):
        assert "Your keys are no longer here" in press()
    assert replica.count_charges() == 0


@pytest.mark.parametrize("payers", ["meitu=owner", "meitu=nobody"])
def test_a_run_is_refused_when_the_page_shows_another_payer(paid_page: PaidPage, portrait: bytes, payers: str) -> None:
    """Keys that the page does not show yet, or no longer, are not used."""
    charges = paid_page.count_charges()
    paid_page.page.press("own-keys-use", OWN_KEYS, session=SESSION)
    assert "no longer shows who pays" in paid_page.run(portrait, payers)
    assert paid_page.count_charges() == charges


def test_a_visitor_without_own_keys_uses_the_owners(paid_page: PaidPage, portrait: bytes) -> None:
    """After "Forget them" the page shows the owner as the payer, and the run goes ahead."""
    paid_page.page.press("own-keys-use", OWN_KEYS, session=SESSION)
    assert "meitu=owner" in paid_page.page.press("own-keys-forget", [], session=SESSION)
    charges = paid_page.count_charges()
    assert "kept/" in paid_page.run(portrait, "meitu=owner ailab=nobody")
    assert paid_page.count_charges() == charges + 1


def test_a_recipe_is_not_resumed_when_its_progress_is_gone(replica: PaidPage, portrait: bytes) -> None:
    """Without the progress "try again" would pay for the finished steps once more, so it is refused."""
    charges = replica.count_charges()
    data = [replica.page.upload(portrait), RECIPE, True, True, "", None, None]
    assert "This result is no longer here" in replica.page.press("recipe-retry", data, payers="meitu=owner")
    assert replica.count_charges() == charges


@pytest.mark.parametrize("action", ["", None, "stop", "anything"])
@pytest.mark.parametrize("screen", [SLUG, "recipe"])
def test_a_click_without_an_action_of_its_screen_is_no_run(
    paid_page: PaidPage, portrait: bytes, screen: str, action: str | None
) -> None:
    """A button whose action is lost on the way is refused; it does not become a new run, which is paid."""
    charges, photo = paid_page.count_charges(), paid_page.page.upload(portrait)
    settings = [photo, True] if screen == SLUG else [photo, RECIPE, True, True]
    data = [*settings, secrets.token_hex(16), None, None if screen == "recipe" else 0, action]
    answer = paid_page.page.press(f"{screen}-actions", data, payers="meitu=owner ailab=nobody")
    assert paid_page.count_charges() == charges
    assert "kept/" not in answer
    assert '"success": false' in answer
