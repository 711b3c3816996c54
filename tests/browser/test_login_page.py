"""Security in a real browser: content security policy, other origins, and the login page."""

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from support.servers import serve_demo
from support.uvicorn_server import uvicorn_server

from browser.axe import grave
from browser.chromium import new_context
from browser.page_actions import Panel
from meitu_demo.domain.translations import translate

pytestmark = pytest.mark.xdist_group("browser")


def test_content_security_policy_blocks_nothing_that_the_page_needs(visit, demo):
    """At 390 px, a snapshot from the camera is taken and run; the browser complains of nothing that it had to block."""
    page = visit(demo, device="phone", permissions=["camera"])
    page.evaluate("() => { window.blocked = []; document.addEventListener('securitypolicyviolation',"
                  " event => window.blocked.push(`${event.violatedDirective} ${event.blockedURI}`)); }")  # fmt: skip
    assert "unsafe-eval" in page.request.get(demo).headers["content-security-policy"]
    tile = page.locator("#face-fuse-template-id-gallery img").first
    assert tile.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    panel = Panel(page, "facial-aesthetics").snapshot()
    assert len(panel.run().pictures()) == 2
    assert page.evaluate("window.blocked") == []


def test_other_origins_can_neither_frame_nor_read_the_page(browser, demo):
    """A page from another port gets an empty frame, no answer to its script, and uploads nothing."""
    with uvicorn_server(
        Starlette(routes=[Route("/", lambda _: HTMLResponse(f"<iframe src='{demo}'></iframe>"))])
    ) as elsewhere:
        page = new_context(browser).new_page()
        page.goto(elsewhere, wait_until="load")
        told = page.evaluate(
            """async address => {
              const form = new FormData();
              form.append('files', new File(['x'], 'me.jpg'));
              const asked = [fetch(address + '/config', {credentials: 'include'}),
                             fetch(address + '/gradio_api/upload', {method: 'POST', body: form}),
                             fetch(address + '/gradio_api/upload', {method: 'POST', body: form, mode: 'no-cors'})];
              return (await Promise.allSettled(asked)).map(({status}) => status);
            }""",
            demo,
        )
        assert [frame.url for frame in page.frames] == [f"{elsewhere}/", "chrome-error://chromewebdata/"]
        page.context.close()
    assert told == ["rejected"] * 3


def test_login_comes_before_the_page(browser):
    """Before login nothing of the page is served; a wrong password keeps it so, the right one opens all of it."""
    with serve_demo({"LOGIN": "ann:a long password"}) as url:
        context = new_context(browser, locale="zh-CN")
        page = context.new_page()
        page.goto(url)
        page.get_by_text(translate("page.login", "zh")).wait_for()
        assert page.locator("#face-fuse-run").count() == 0
        assert grave(page) == []
        fields = page.locator("input")
        for password in ("a wrong password", "a long password"):
            fields.nth(0).fill("ann")
            fields.nth(1).fill(password)
            with page.expect_response("**/login") as answer:
                page.locator("button").last.click()
            assert answer.value.status == (200 if password == "a long password" else 400)
        page.wait_for_selector("#face-fuse-run")
        assert len(Panel(page, "quality-restoration").example().run().pictures()) == 2
        context.close()
