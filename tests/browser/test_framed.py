"""A Space: the page in a frame of another site, where browsers hold back cookies and camera unless both sides agree."""

import pytest
from support.servers import serve_demo

from browser.chromium import new_context

pytestmark = pytest.mark.xdist_group("browser")
PARENT = "https://huggingface.co/spaces/someone/portrait-apis"
CAMERA = "navigator.mediaDevices.getUserMedia({video: true}).then(stream => stream.getVideoTracks().length)"
WHO = "fetch('/config').then(answer => answer.json()).then(config => config.username)"


def test_space_works_in_the_frame_of_another_site(browser):
    """The login's cookie and the camera come through, and the cookie is kept apart for that site."""
    with serve_demo({"SPACE_ID": "someone/portrait-apis", "LOGIN": "ann:a long password"}) as url:
        context = new_context(browser, permissions=["camera", "local-network-access"])
        frame = f'<iframe src="{url}" allow="camera; local-network-access" width="1200" height="900"></iframe>'
        context.route(f"{PARENT}/**", lambda route: route.fulfill(body=frame, content_type="text/html"))
        page = context.new_page()
        page.goto(f"{PARENT}/")
        inside = page.frame_locator("iframe")
        inside.locator("input").nth(0).fill("ann")
        inside.locator("input").nth(1).fill("a long password")
        inside.locator("button").last.click()
        inside.locator("#face-fuse-run").wait_for()
        framed = next(frame for frame in page.frames if frame.url.startswith(url))
        assert framed.evaluate(WHO) == "ann"
        assert framed.evaluate(CAMERA) == 1
        (cookie,) = (cookie for cookie in context.cookies(url) if "unsecure" not in cookie["name"])
        assert (cookie["sameSite"], cookie["partitionKey"]) == ("None", "https://huggingface.co")
        context.close()
