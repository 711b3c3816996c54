"""The optional login: what it protects, what stays open, and the attributes of its cookie."""

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
from meitu_demo.ui.texts import LANGUAGE_TAGS

PROTECTED_PATHS = ("/config", "/gradio_api/info", "/gradio_api/file=/etc/passwd", "/kept/x/y.jpg",
          "/gradio_api/queue/data?session_hash=x", "/stills/example.jpg", "/gradio_api/heartbeat/x", "/nowhere",
          "/reference", "/gradio_api/upload_progress?upload_id=x",
          "/gradio_api/call/face_fuse/x", "/gradio_api/app_id", "//", "/kept",
          "/assets/../config", "/%6bept/x/y.jpg")  # fmt: skip


@pytest.fixture(scope="module")
def locked() -> Iterator[Page]:
    """The app with two users."""
    yield from serve(Settings.from_env({"LOGIN": "ann:pass: word,bo:另一个"}))


def log_in(locked: Page, name: str, password: str) -> httpx.Response:
    return httpx.post(f"{locked.url}/login", data={"username": name, "password": password})


@pytest.mark.parametrize("path", PROTECTED_PATHS)
def test_login_protects_every_path(path: str, locked: Page) -> None:
    """Page, API, files, results and our own routes answer 401 without a cookie, and with an invented one."""
    for cookies in ({}, {"access-token-unsecure-x": "x"}):
        assert httpx.get(f"{locked.url}{path}", cookies=cookies).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/mirror", *(f"/gradio_api/{path}" for path in (
        "upload", "queue/join", "cancel", "call/face_fuse", "call/v2/face_fuse", "reset",
    ))],
)  # fmt: skip
def test_login_protects_every_action(path: str, locked: Page) -> None:
    """Without it nothing is uploaded, started or stopped, and no frame is processed."""
    assert httpx.post(f"{locked.url}{path}", json={}).status_code == 401


@pytest.mark.parametrize(("accept", "language"), [("zh-HK", "zh"), ("de", "en")])
def test_login_page_has_one_language_and_no_panel(locked: Page, accept: str, language: str) -> None:
    """The demo's name, the message and the number of free attempts; nothing of the demo's page, nor of Gradio's."""
    text = httpx.get(locked.url, headers={"accept-language": accept}).text
    assert f'<html lang="{LANGUAGE_TAGS[language]}"' in text
    assert f"<h1>{translate('page.name', language)}</h1>" in text
    assert translate("page.login", language) in text
    assert translate("page.login_tries", language, free=MAX_FREE_ATTEMPTS) in text
    [other] = set(list_languages()) - {language}
    assert translate("page.login", other) not in text
    assert "face-fuse" not in text
    assert "gradio" not in text.lower()


def test_logout_ends_this_session_only(locked: Page) -> None:
    """The page offers a way out; another visitor with the same name stays logged in."""
    visitors = [httpx.Client(base_url=locked.url), httpx.Client(base_url=locked.url)]
    for visitor in visitors:
        visitor.post("/login", data={"username": "ann", "password": "pass: word"})
        assert "logout?all_session=false" in visitor.get("/").text
    cookies = dict(visitors[0].cookies)
    assert visitors[0].get("/logout?all_session=false").status_code == 302
    assert "logout?all_session=false" not in httpx.get(locked.url, cookies=cookies).text
    assert "logout?all_session=false" in visitors[1].get("/").text


def test_login_accepts_only_the_right_pair(locked: Page) -> None:
    """Another user's password, one too short, too long or empty is refused; colons and other scripts are allowed."""
    for name, password in (
        ("ann", "另一个"),
        ("ann", "pass: wor"),
        ("ann", "pass: word "),
        ("ann", ""),
        ("", ""),
        ("cy", "x"),
    ):
        assert log_in(locked, name, password).status_code in (400, 422), (name, password)
    assert log_in(locked, "ann", "pass: word").status_code == 200
    assert log_in(locked, "bo", "另一个").status_code == 200


def test_login_cookie_is_http_only_and_same_site(locked: Page) -> None:
    """No script reads it, no other site's request carries it; it opens our routes and Gradio's until the logout."""
    answer = log_in(locked, "ann", "pass: word")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and cookie.endswith("SameSite=Lax") for cookie in cookies)
    assert not any("none" in cookie.lower().partition("samesite")[2] for cookie in cookies)
    client = httpx.Client(base_url=locked.url, cookies=dict(answer.cookies))
    assert client.get("/kept/x/y.jpg").status_code == 404
    assert client.get("/config").json()["username"] == "ann"
    client.get("/logout")
    assert httpx.get(f"{locked.url}/config", cookies=dict(answer.cookies)).status_code == 401


def test_gradio_client_logs_in_with_auth(locked: Page, portrait_file: Path) -> None:
    """It uploads, calls and fetches; without `auth` it raises AuthenticationError."""
    client = Client(locked.url, auth=("ann", "pass: word"), verbose=False)
    file, report = client.predict(photo=handle_file(portrait_file), api_name="/quality_restoration")
    assert read_provenance(Path(file).read_bytes()) is not None
    assert report["endpoint"] == "quality_restoration"
    with pytest.raises(AuthenticationError):
        Client(locked.url, verbose=False)


def test_password_check_accepts_names_and_passwords_only_as_pairs() -> None:
    """Not another user's password, nothing empty, and no text that UTF-8 cannot encode."""
    verify = build_password_check([("ann", SecretStr("a")), ("bo", SecretStr("b"))])
    assert [verify("ann", "a"), verify("bo", "b")] == [True, True]
    assert [verify("ann", "b"), verify("bo", "a"), verify("", ""), verify("ann", "\ud800")] == [False] * 4
