"""One panel: photo, choice, button, result. Built from an endpoint's declaration, the same way for each."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from ...imaging.faces import face_cache_scope
from ...spec import Endpoint
from ..context import Context
from ..events import PRIVATE
from ..result.beside import watch_both
from ..result.run import Run
from ..result.runs import watch
from ..result.screen import Update
from ..texts import Texts
from ..trouble import in_words
from ..visits import Visit
from . import both, checklist, consent, controls, examples, places, preview
from .one_photo import Shown
from .overview import Overview

NEXT = {"stop": "stop", "again": "run_again", "retry": "try_again", "offline": "run_offline"}
Session = list[gr.components.Component]
Begin = Callable[..., Any]
Watcher = Callable[[Context, Run], AsyncIterator[Update]]
# A phone's page stands at the result after a run.
SHOW_STAGE = """() => {{
  if (window.innerWidth < 768)
    window.glideTo(document.getElementById('{}'));
}}"""


def build(
    context: Context,
    endpoint: Endpoint,
    texts: Texts,
    picks: controls.TemplatePicks,
    session: Session,
    tab: gr.Tab,
) -> Shown:
    """Lay the panel out in `tab` and wire it; call inside the tab. session: the browser's tab, own keys."""
    slug, key = endpoint.slug, f"panels.{endpoint.id}"
    overview = Overview(context, endpoint, texts)
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="ask"):
            places.introduction(texts, endpoint.id)
            photo, received = photo_input(context, slug, texts, session)
            taken = examples.build(context, slug, endpoint.example_photo, texts, photo, session)
            checklist.build(context, endpoint, texts, photo, tab, session[0])
            with overview.around():
                inputs = controls.build(endpoint, texts, picks)
            box = consent.build(endpoint, context.settings, texts)
            consent.ask_anew(slug, photo, box)
            run_button = gr.Button(
                texts.word(f"{key}.run"), variant="primary", elem_id=f"{slug}-run", elem_classes="run"
            )
            both_button = both.build(endpoint, context.routes, texts)
        with gr.Column(scale=7, min_width=300, elem_classes="answer"):
            shown = places.stage_of(texts, endpoint.id, slug)
            buttons = next_buttons(slug, texts)
            number = gr.State(0)
    overview.sheet(photo, inputs, tab, session[0])

    def begin(*, offline: bool = False, again: bool = False, watch: Watcher = watch) -> Any:
        async def run(request: gr.Request, *given: Any) -> AsyncIterator[Update]:
            run, last = Run.of(endpoint, request, given, offline=offline, again=again), None
            with (
                face_cache_scope()
            ):  # the engine looks for the face, and then the page, to lay the photo over the result
                async for update in watch(context, run):
                    if update != last:
                        yield update
                    last = update

        return run

    wiring: dict[str, Any] = {
        "inputs": [photo, *inputs, box, *session, number], "outputs": [shown, number],
        "preprocess": False, "concurrency_limit": None, **PRIVATE,
    }  # fmt: skip
    run_button.click(begin(), **wiring)
    both_button.click(begin(watch=watch_both), **wiring)
    wire_next(context, buttons, begin, wiring, session)
    for button in (run_button, both_button):
        button.click(None, js=SHOW_STAGE.format(f"{slug}-stage"), **PRIVATE)

    return Shown(endpoint.id, photo, shown, (received, *taken), tuple(inputs), run_button)


def photo_input(context: Context, slug: str, texts: Texts, session: Session) -> tuple[gr.Image, gr.events.Dependency]:
    """A photo by upload, camera or clipboard, and the event of its upload. Our own gate opens the file at a run."""
    photo = gr.Image(
        label=texts.word("photo.label"), show_label=False, elem_id=f"{slug}-photo", elem_classes="photo",
        type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], height=264, buttons=[],
        webcam_options=gr.WebcamOptions(mirror=False, constraints={"video": {"facingMode": "user"}}),
        placeholder=str(texts.word("photo.placeholder")),
    )  # fmt: skip

    async def received(request: gr.Request, payload: Any, tab: Any) -> Any:
        owner = Visit.of(request, tab).session
        with in_words(request):
            return await preview.showable(payload, context.uploads, lambda path: context.mine.note(owner, path))

    return photo, photo.upload(received, [photo, *session[:1]], photo, preprocess=False, **PRIVATE)


def next_buttons(slug: str, texts: Texts) -> dict[str, gr.Button]:
    """What can be done after, or instead of, a run; the stage says which of them are to be seen."""
    with gr.Row(elem_classes="after"):
        return {
            name: gr.Button(texts.word(f"result.{word}"), elem_id=f"{slug}-{name}", elem_classes=name)
            for name, word in NEXT.items()
        }


def wire_next(
    context: Context, buttons: dict[str, gr.Button], begin: Begin, wiring: dict[str, Any], session: Session
) -> None:
    """begin: makes the handler of a run. session: the browser's tab first."""

    def stop_waiting(request: gr.Request, tab: Any) -> None:
        context.desk.stop_waiting(Visit.of(request, tab).session)

    buttons["stop"].click(stop_waiting, session[:1], None, **PRIVATE)
    for name in ("again", "retry"):
        buttons[name].click(begin(again=True), **wiring)
    buttons["offline"].click(begin(offline=True), **wiring)
