"""What a person does on the page, by name."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

SLUGS = ("face-fuse", "anime-avatar", "quality-restoration", "facial-aesthetics")
RUNNING = (*SLUGS, "recipe", "failure-lab")  # those of panels, in which something is run
TOOLS = ("failure-lab", "verify")  # tabs within the tab of developers
SHOWN = "img[src*='/file=']"


@contextlib.contextmanager
def wait_for_event(page: Page) -> Iterator[None]:
    """Waits for the end of the event of Gradio's that is triggered inside."""
    before = page.evaluate("window.events.begun.size")
    yield
    page.wait_for_function(
        """before => { const begun = [...window.events.begun].slice(before);
             return begun.length && begun.every(id => window.events.ended.has(id)); }""",
        arg=before,
    )


class Panel:
    """One tab of the demo, opened."""

    def __init__(self, page: Page, slug: str) -> None:
        self.page, self.slug = page, slug
        if slug in TOOLS:
            page.locator("#developer-tab-button").click()
        page.locator(f"#{slug}-tab-button").click()
        self.run_button.wait_for()

    def part(self, name: str) -> Locator:
        """An element by the panel's own ids: photo, example, run, stage, offline …"""
        return self.page.locator(f"#{self.slug}-{name}")

    @property
    def run_button(self) -> Locator:
        return self.part("run")

    @property
    def stage(self) -> Locator:
        return self.part("stage")

    def example(self) -> "Panel":
        """Take the example photo."""
        self.clear()
        self.part("example").click()
        return self._photo_is_there()

    def upload(self, file: Path | str | dict[str, Any]) -> "Panel":
        """Choose a file; a dict is a file by name, mimeType and buffer."""
        self.clear()
        self.part("photo").locator("input[data-testid=file-upload]").set_input_files(file)  # type: ignore[arg-type]
        return self._photo_is_there()

    def snapshot(self) -> "Panel":
        """Take a photo with the camera."""
        self.clear()
        photo = self.part("photo")
        photo.get_by_role("button", name="Capture from camera").click()
        photo.get_by_text("Access Webcam").click()
        self.page.wait_for_function("[...document.querySelectorAll('video')].some(video => video.videoWidth > 0)")
        photo.get_by_role("button", name="capture photo").click()
        return self._photo_is_there()

    def agree(self) -> "Panel":
        """Tick the box: the photo may leave the machine."""
        self.part("check").locator(".check").wait_for()  # the photo has arrived, and with it the question
        self.part("consent").locator("input").check()
        return self

    def clear(self) -> None:
        """Take the photo away, if there is one."""
        photo = self.part("photo")
        if photo.locator(SHOWN).count():
            photo.locator(".icon-button-wrapper button").click()
            photo.locator(SHOWN).wait_for(state="detached")

    def run(self) -> "Panel":
        """Press the button and wait until the run has ended, in whichever way."""
        with self.ending():
            self.run_button.click()
        return self

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """Marks what the stage shows and, after what is done inside, waits for another result or explanation.

        And until the event behind it has ended: it tells its last a little earlier, and takes no click until then.
        """
        self.stage.locator(".stage").evaluate_all("all => all.forEach(old => { old.dataset.old = 1; })")
        before = self.page.evaluate("window.events.underWay()")
        yield
        self.stage.locator(".stage:is(.result, .failure, .verification):not([data-old])").first.wait_for()
        ended = "before => window.events.underWay().every(id => before.includes(id))"
        self.page.wait_for_function(ended, arg=before)

    def pictures(self) -> tuple[bytes, bytes]:
        """The bytes of before and after, as shown."""
        images = [self.stage.locator(f"{box}img").first for box in (".before ", ".compare > ")]
        return tuple(self.page.request.get(image.evaluate("image => image.src")).body() for image in images)  # type: ignore[return-value]

    def _photo_is_there(self) -> "Panel":
        self.part("photo").locator(SHOWN).wait_for(state="attached")
        return self


class Recipe(Panel):
    """The Recipe tab, with its list of steps."""

    def __init__(self, page: Page) -> None:
        super().__init__(page, "recipe")

    @property
    def names(self) -> list[str]:
        """What the steps are called, in order."""
        return self.part("list").locator(".step b").all_inner_texts()

    def step(self, place: int) -> Locator:
        """A row of the list; the first is 0."""
        return self.part("list").locator(f"[data-step='{place}']")

    def load(self, text: str) -> "Recipe":
        """Choose a file that holds `text`, and wait for what is said to it."""
        self.part("message").evaluate(
            "told => { told.querySelectorAll('p, h2').forEach(old => { old.dataset.old = 1; }); }"
        )
        with self.page.expect_file_chooser() as chooser:
            self.part("load").click()
        chooser.value.set_files({"name": "recipe.json", "mimeType": "application/json", "buffer": text.encode()})
        self.part("message").locator("p:not([data-old])").first.wait_for()
        return self


class History:
    """The tab with what has been run, opened."""

    slug = "history"

    def __init__(self, page: Page) -> None:
        self.page = page
        with wait_for_event(page):  # or it would answer later than a choice in the old list, and undo it
            page.locator("#history-tab-button").click()
        page.locator("#history-list :is(.runs, .runs-none):visible").wait_for()

    @property
    def runs(self) -> Locator:
        """A button for each, newest first."""
        return self.page.locator("#history-list [data-run]")

    @property
    def stage(self) -> Locator:
        return self.page.locator("#history-stage")

    @property
    def tags(self) -> Locator:
        """The names of the two pictures on the stage."""
        return self.stage.locator(".tag")

    def choose(self, at: int) -> "History":
        """Show this run."""
        with self._other():
            self.runs.nth(at).click()
        return self

    def put(self, action: str) -> "History":
        """Press a button below the stage that shows the run in another way: put, single."""
        with self._other():
            self.page.locator(f"#history-{action}").click()
        return self

    @contextlib.contextmanager
    def _other(self) -> Iterator[None]:
        self.stage.locator(".stage").evaluate("old => { old.dataset.old = 1; }")
        yield
        self.stage.locator(".stage:not([data-old])").wait_for()
