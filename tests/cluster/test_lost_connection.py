"""A replica dies while a person waits for it: what the page says, and that the person can go on from there."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from browser.chromium import DEVICES, launch, new_context
from browser.page_actions import Panel
from playwright.sync_api import Browser, Page, sync_playwright

from cluster.replica_cluster import Cluster

pytestmark = pytest.mark.xdist_group("cluster")
WORDS = {
    "en-US": ("The connection to the demo was lost.", "may have been billed", "cannot be found"),
    "zh-CN": ("与演示的连接中断了", "可能已计费", "找不到这张照片"),
}


def opened(browser: Browser, cluster: Cluster, locale: str, device: str, scheme: str) -> Page:
    """A page; its console may tell of requests that fail, but no script of the page's may."""
    page = new_context(browser, locale=locale, color_scheme=scheme, **DEVICES[device]).new_page()
    page.goto(cluster.url)
    page.wait_for_selector("#face-fuse-run")
    return page


def replica_of(page: Page, cluster: Cluster) -> str:
    """The address of the replica that the proxy has given the page to."""
    who = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "replica")
    (found,) = cluster.went()[who]
    return found


def test_page_explains_a_lost_replica_and_goes_on(cluster: Cluster, tmp_path: Path, portrait: bytes) -> None:
    """The result view explains the loss in both languages; the other replica asks for the photo, and runs."""
    photo = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": portrait}
    with ExitStack() as cleared:
        playwright = cleared.enter_context(sync_playwright())
        browser = launch(playwright, tmp_path)
        cleared.callback(browser.close)
        first = opened(browser, cluster, "en-US", "wide", "light")
        home = replica_of(first, cluster)
        other = opened(browser, cluster, "zh-CN", "phone", "dark")
        while replica_of(other, cluster) != home:
            other.context.close()
            other = opened(browser, cluster, "zh-CN", "phone", "dark")
        broken: list[str] = []
        first.on("pageerror", lambda error: broken.append(str(error)))
        panels = [Panel(page, "quality-restoration").upload(photo).agree() for page in (first, other)]
        before = cluster.charges()
        cluster.slow(60.0)
        cleared.callback(cluster.slow)
        for panel in panels:
            panel.run_button.click()
        cluster.wait_for_charges(before + 2)
        for panel in panels:  # what the vendor knows already, a busy machine may still have to paint
            panel.stage.locator(".stage.progress").filter(has_text="127.0.0.1").wait_for()
        doomed = next(replica for replica in cluster.replicas if home.endswith(f":{replica.port}"))
        doomed.kill()
        cleared.callback(doomed.start)
        cluster.slow()
        for panel, locale in zip(panels, ("en-US", "zh-CN"), strict=True):
            title, cost, gone = WORDS[locale]
            panel.stage.locator(".stage.failure").filter(has_text=title).filter(has_text=cost).wait_for()
            assert panel.stage.locator(".spinner").count() == 0
            panel.page.screenshot(path=tmp_path / f"{locale}.png")
            panel.run_button.click()
            panel.page.get_by_text(gone).wait_for()  # Gradio asks for the file before any panel is asked
        with panels[0].upload(photo).agree().ending():
            panels[0].run_button.click()
        panels[0].stage.locator(".stage.result").wait_for()
        assert broken == []
