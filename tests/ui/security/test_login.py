"""The optional login: what lies behind it, what does not, and what its cookie may do."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AuthenticationError
from pydantic import SecretStr
from ui.conftest import Page, serve

from meitu_demo.domain.translations import list_languages, translate
from meitu_demo.photos.provenance import read_provenance
from meitu_demo.settings import Settings
from meitu_demo.ui.security.login import build_password_check
from meitu_demo.ui.security.login_throttle import MAX_FREE_ATTEMPTS

BEHIND = ("/config", "/gradio_api/info", "/gradio_api/file=/etc/passwd", "/kept/x/y.jpg",
          "/gradio_api/queue/data?session_hash=x", "/stills/example.jpg", "/gradio_api/heartbeat/x", "/nowhere",
          "/reference", "/gradio_api/upload_progress?upload_id=x",
          "/gradio_api/call/face_fuse/x", "/gradio_api/app_id", "//", "/kept",
          "/assets/../config", "/%6bept/x/y.jpg")  # fmt: skip


@pytest.fixture(scope="module")
def locked() -> Iterator[Page]:
    """The app with two users."""
    running = serve(Settings.from_env({"LOGIN": "ann:pass: word,bo:另一个"}))
    yield next(running)
    next(running, None)


def enter(locked: Page, name: str, password: str) -> httpx.Response:
    return httpx.post(f"{locked.url}/login", data={"username": name, "password": password})


@pytest.mark.parametrize("path", BEHIND)
def test_nothing_is_had_without(path: str, locked: Page) -> None:
    """Page, API, files, results and our own routes answer 401 to whoever is not in, or who made a cookie up."""
    for cookies in ({}, {"access-token-unsecure-x": "x"}):
        assert httpx.get(f"{locked.url}{path}", cookies=cookies).status_code == 401


@pytest.mark.parametrize("path", ["upload", "queue/join", "cancel", "call/face_fuse", "call/v2/face_fuse", "reset"])
def test_nothing_is_done_without(path: str, locked: Page) -> None:
    """Nor is anything taken, begun or stopped."""
    assert httpx.post(f"{locked.url}/gradio_api/{path}", json={}).status_code == 401


def test_no_mirror_without(locked: Page) -> None:
    """Nor is anybody reshaped."""
    assert httpx.post(f"{locked.url}/mirror", headers={"x-mirror": "a" * 32}).status_code == 401


def test_the_page_to_log_in_holds_no_panel(locked: Page) -> None:
    """It greets in both languages."""
    text = httpx.get(locked.url).text
    for language in list_languages():
        assert translate("page.login", language) in text
        assert translate("page.login_tries", language, free=MAX_FREE_ATTEMPTS) in text
    assert "face-fuse" not in text


def test_only_the_right_pair_comes_in(locked: Page) -> None:
    """Another's password, one too short, too long or empty is refused; colons and other scripts may stand in one."""
    for name, password in (
        ("ann", "另一个"),
        ("ann", "pass: wor"),
        ("ann", "pass: word "),
        ("ann", ""),
        ("", ""),
        ("cy", "x"),
    ):
        assert enter(locked, name, password).status_code in (400, 422), (name, password)
    assert enter(locked, "ann", "pass: word").status_code == 200
    assert enter(locked, "bo", "另一个").status_code == 200


def test_the_cookie_stays_here(locked: Page) -> None:
    """No script reads it and no other site's request carries it; it opens our routes, and after it nothing."""
    answer = enter(locked, "ann", "pass: word")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and cookie.endswith("SameSite=Lax") for cookie in cookies)
    assert not any("none" in cookie.lower().partition("samesite")[2] for cookie in cookies)
    within = httpx.Client(base_url=locked.url, cookies=dict(answer.cookies))
    assert within.get("/kept/x/y.jpg").status_code == 404
    assert within.get("/config").json()["username"] == "ann"
    within.get("/logout")
    assert httpx.get(f"{locked.url}/config", cookies=dict(answer.cookies)).status_code == 401


def test_programs_come_in_with_a_password(locked: Page, portrait_file: Path) -> None:
    """gradio_client with auth= uploads, calls and fetches; without, it says what is missing."""
    client = Client(locked.url, auth=("ann", "pass: word"), verbose=False)
    file, report = client.predict(photo=handle_file(portrait_file), api_name="/quality_restoration")
    assert read_provenance(Path(file).read_bytes()) is not None
    assert report["endpoint"] == "quality_restoration"
    with pytest.raises(AuthenticationError):
        Client(locked.url, verbose=False)


def test_a_check_knows_names_and_passwords_only_as_pairs() -> None:
    """Every pair is compared, whichever fits."""
    fits = build_password_check([("ann", SecretStr("a")), ("bo", SecretStr("b"))])
    assert [fits("ann", "a"), fits("bo", "b")] == [True, True]
    assert [fits("ann", "b"), fits("bo", "a"), fits("", ""), fits("ann", "\ud800")] == [False] * 4
