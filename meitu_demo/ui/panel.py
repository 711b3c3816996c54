"""One panel: photo, choice, button, result. Built from an endpoint's declaration, the same way for each."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from ..errors import DemoError, ImageRejected, ValueRejected
from ..explain import explain
from ..service import Step
from ..spec import Endpoint
from ..words import translate
from . import controls, examples, preview, stage
from .context import Context
from .naming import file_name
from .pictures import keep_pictures
from .texts import Texts, language_of

log = logging.getLogger(__name__)
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# A phone's page stands at the result after a run.
SHOW_STAGE = """() => {{
  if (window.innerWidth < 768)
    document.getElementById('{}')?.scrollIntoView({{behavior: 'smooth', block: 'start'}});
}}"""


def build(context: Context, endpoint: Endpoint, texts: Texts, picks: controls.TemplatePicks) -> None:
    """Lay the panel out and wire it; call inside the tab it belongs to."""
    slug, key = endpoint.slug, f"panels.{endpoint.id}"
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="ask"):
            intro = texts.render(f"{slug}-intro", lambda language: stage.introduction(endpoint.id, language))
            gr.HTML(intro, elem_classes="bare", apply_default_css=False)
            photo = gr.Image(
                label=texts.word("photo.label"), show_label=False, elem_id=f"{slug}-photo", elem_classes="photo",
                type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], height=264, buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False, constraints={"video": {"facingMode": "user"}}),
                placeholder=str(texts.word("photo.placeholder")),
            )  # fmt: skip
            example = gr.Button(
                texts.word(f"photo.example_{endpoint.example}"), icon=examples.thumbnail(), size="sm",
                elem_id=f"{slug}-example", elem_classes="example",
            )  # fmt: skip
            inputs = controls.build(endpoint, texts, picks)
            run_button = gr.Button(
                texts.word(f"{key}.run"), variant="primary", elem_id=f"{slug}-run", elem_classes="run"
            )
        with gr.Column(scale=7, min_width=300, elem_classes="answer"):
            shown = gr.HTML(
                texts.render(f"{slug}-empty", lambda language: stage.invitation(endpoint.id, language)),
                elem_id=f"{slug}-stage", elem_classes="bare", apply_default_css=False, js_on_load=stage.SCRIPT,
            )  # fmt: skip
            offline_button = gr.Button(texts.word("result.run_offline"), visible=False, elem_id=f"{slug}-offline")

    async def run(request: gr.Request, *given: Any) -> AsyncIterator[tuple[Any, Any]]:
        async for update in _watch(context, endpoint, given, request, offline=False):
            yield update

    async def run_offline(request: gr.Request, *given: Any) -> AsyncIterator[tuple[Any, Any]]:
        async for update in _watch(context, endpoint, given, request, offline=True):
            yield update

    wiring: dict[str, Any] = {
        "inputs": [photo, *inputs], "outputs": [shown, offline_button], "preprocess": False, "concurrency_limit": None,
        **PRIVATE,
    }  # fmt: skip
    run_button.click(run, **wiring)
    offline_button.click(run_offline, **wiring)
    run_button.click(None, js=SHOW_STAGE.format(f"{slug}-stage"), **PRIVATE)

    async def received(payload: Any) -> Any:
        return await preview.showable(payload, context.uploads)

    photo.upload(received, photo, photo, preprocess=False, **PRIVATE)
    example.click(lambda: examples.example_file(endpoint.example), None, photo, **PRIVATE)


async def _watch(
    context: Context, endpoint: Endpoint, given: tuple[Any, ...], request: gr.Request, *, offline: bool
) -> AsyncIterator[tuple[Any, Any]]:
    """Run the call and yield the stage at each step, then its end, whatever that is."""
    language = language_of(request)
    provider = translate(f"providers.{endpoint.provider}.name", language)
    live = not offline and context.routes.is_live(endpoint.provider)
    payload, *rest = given
    values = dict(zip((control.name for control in endpoint.controls), rest, strict=True))
    steps: asyncio.Queue[Step | None] = asyncio.Queue()
    call = asyncio.create_task(
        context.call(
            endpoint, payload, values, offline=offline, watch=steps.put_nowait, visitor=context.visitor(request)
        )
    )
    call.add_done_callback(lambda _: steps.put_nowait(None))
    while (step := await steps.get()) is not None:
        yield stage.progress(step, provider, "live" if live else "offline", language), gr.skip()
    try:
        outcome = call.result()
        pictures = await keep_pictures(context.pictures, outcome, file_name(outcome))
        yield stage.comparison(outcome, pictures, provider, language), gr.Button(visible=False)
    except Exception as error:  # every failure ends as an explanation on the screen
        if not isinstance(error, DemoError):
            log.exception("%s failed", endpoint.id)
        elsewhere = live and not isinstance(error, ImageRejected | ValueRejected)
        yield stage.explanation(explain(error, language, paid=live), language), gr.Button(visible=elsewhere)
