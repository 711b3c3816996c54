"""One language a page: the browser's tags, the switch, Gradio's own words, answers of the server, a duplicated tab."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from browser.page_actions import Panel
from meitu_demo.domain.translations import translate

pytestmark = pytest.mark.xdist_group("browser")
RUN = {language: translate("panels.face_fuse.run", language) for language in ("en", "zh")}


def assert_language(page: Page, language: str, tag: str) -> None:
    """Document, button and an answer of the server have the language."""
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [tag, "ltr"]
    assert page.inner_text("#face-fuse-run") == RUN[language]
    page.locator("#face-fuse-example").click()
    check = page.locator("#face-fuse-check .check")
    check.wait_for()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in check.inner_text()) is (language == "zh")


@pytest.mark.parametrize("locale", ["zh-HK", "zh-Hans-CN", "de-DE", "ar"])
def test_page_has_one_language_for_each_tag_of_a_browser(visit, demo, locale):
    """Every Chinese is answered in Chinese, every other language in English, under the tag of what is shown."""
    page = visit(demo, locale=locale)
    assert_language(page, *(("zh", "zh-CN") if locale.startswith("zh") else ("en", "en")))


def test_language_switch_stays_for_the_tab(visit, demo):
    """It changes page and answers, keeps the rest of the address, and holds when the bare address is opened again."""
    page = visit(demo)
    page.get_by_role("link", name="中文").click()
    page.wait_for_url("**/?lang=zh")
    page.wait_for_selector("#face-fuse-run")
    assert_language(page, "zh", "zh-CN")
    page.goto(demo)
    page.wait_for_url("**/?lang=zh")
    page.wait_for_selector("#face-fuse-run")
    assert page.inner_text("#face-fuse-run") == RUN["zh"]


def test_chinese_page_has_no_english_words_of_gradio(visit, demo):
    """The camera's button and the names of the ways to a photo are Chinese."""
    page = visit(demo, locale="zh-CN", permissions=["camera"])
    photo = page.locator("#face-fuse-photo")
    for name in ("from_clipboard", "from_camera"):
        button = photo.get_by_role("button", name=translate(f"photo.gradio.{name}.text", "zh"))
        expect(button).to_be_visible()
    button.click()
    expect(photo.get_by_text(translate("photo.gradio.open_camera.text", "zh"))).to_be_visible()


def test_link_preview_names_the_demo(demo):
    """The tags for previews are in the page's language, and none of them is Gradio's."""
    html = httpx.get(demo, headers={"accept-language": "zh-MO"}).text
    head = html.partition("window.gradio_config")[0]
    assert f'<meta property="og:title" content="{translate("page.name", "zh")}">' in head
    assert head.count("og:title") == 1
    assert "Gradio" not in head.partition("<script>")[0]


def test_duplicated_tab_is_a_session_of_its_own(page):
    """It begins with a copy of the storage, as browsers make it, and draws a name; a reload keeps the name."""
    panel = Panel(page, "quality-restoration").example().run()
    name = page.evaluate("sessionStorage.tabName")
    with page.expect_popup() as opened:
        page.evaluate("window.open(location.href)")
    copy = opened.value
    copy.wait_for_selector("#quality-restoration-run")
    copy.wait_for_function("name => sessionStorage.tabName && sessionStorage.tabName !== name", arg=name)
    copy.locator("#history-tab-button").click()
    expect(copy.locator("#history-list .runs-none")).to_be_visible()
    copy.close()
    page.reload()
    page.wait_for_selector("#quality-restoration-run")
    page.locator("#history-tab-button").click()
    expect(page.locator("#history-list [data-run]")).to_have_count(1)
    assert page.evaluate("sessionStorage.tabName") == name
    assert panel
