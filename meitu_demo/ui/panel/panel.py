"""Builds the panel of an endpoint from its declaration: photo, controls, buttons and result."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...calls.targets import TargetResolver
from ...domain.model import Endpoint
from ...domain.translations import describe_service, translate
from ...engine.imaging.faces import face_cache_scope
from ..caller import identify_caller
from ..context import Context
from ..error_toasts import as_toasts
from ..events import PRIVATE_EVENT
from ..html import render
from ..result.live_vs_offline import stream_both
from ..result.run_stream import RunRequest, ScreenUpdate, stream
from ..texts import PageTranslations
from . import checklist, consent, controls, examples
from .overview import ContactSheetSection
from .preview import build_preview, wire_preview
from .shared_photo import ScreenComponents

NEXT_ACTIONS = {
    "stop": "stop",
    "fetch": "fetch_again",
    "again": "run_again",
    "retry": "try_again",
    "offline": "run_offline",
}
SessionInputs = list[gr.components.Component]
RunHandlerFactory = Callable[..., Any]
RunStream = Callable[[Context, RunRequest], AsyncIterator[ScreenUpdate]]
# On a phone, a run scrolls to the result.
SCROLL_TO_RESULT_JS = """() => {{
  if (window.innerWidth < 768)
    window.scrollToElement(document.getElementById('{}'));
}}"""


def build_panel(
    context: Context,
    endpoint: Endpoint,
    texts: PageTranslations,
    template_options: controls.TemplateOptions,
    session_inputs: SessionInputs,
    tab: gr.Tab,
) -> ScreenComponents:
    """Lay out the panel and wire its events; call inside `tab`. session_inputs: the tab's id and the visitor's keys."""
    slug, key = endpoint.slug, f"panels.{endpoint.id}"
    contact_sheet = ContactSheetSection(context, endpoint, texts)
    has_room = not any(
        control.sheet_kinds or control.has_pictures for control in endpoint.controls
    )  # few controls: the photo may be larger
    column_classes = [
        "inputs-column",
        "photo-row",
        f"example-{endpoint.example_photo}",
        *(["large-photo"] if has_room else []),
    ]
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes=column_classes):
            photo, upload_event = build_photo_input(context, slug, texts, session_inputs)
            examples.build_examples(endpoint.id, slug, endpoint.example_photo, texts)
            checklist.build_checklist(context, endpoint, texts, photo, tab, session_inputs[0])
            with contact_sheet.surround_controls():
                panel_photo = controls.PanelPhoto(context, endpoint, photo, tab, session_inputs[0])
                inputs = controls.build_controls(endpoint, texts, template_options, panel_photo)
            price = context.service.prices.get(endpoint.id)
            consent_box = consent.build_consent_box(endpoint, context.service.targets, texts, price)
            consent.reset_consent_on_new_photo(slug, photo, consent_box)
            run_button = gr.Button(
                texts.get_text(f"{key}.run"), variant="primary", elem_id=f"{slug}-run", elem_classes="run"
            )
            both_button = build_compare_button(endpoint, context.service.targets, texts)
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            preview = build_preview(slug)
            result_view = controls.build_result_view(texts, endpoint.id, slug)
            buttons = build_action_buttons(slug, texts)
            call_id = gr.State(0)
    contact_sheet.build_sheet(photo, inputs, session_inputs[0])
    wire_preview(context, endpoint, preview, photo, inputs, tab, session_inputs[0])

    def make_run_handler(
        *, offline: bool = False, again: bool = False, fetch: bool = False, stream_updates: RunStream = stream
    ) -> Any:
        async def handle_run(request: gr.Request, *values: Any) -> AsyncIterator[ScreenUpdate]:
            run_request = RunRequest.from_inputs(
                endpoint, request, values, force_offline=offline, is_repeat=again, is_fetch_only=fetch
            )
            last_update = None
            # The engine finds the face, and then the page does, to align the photo with the result.
            with face_cache_scope():
                async for update in stream_updates(context, run_request):
                    if update != last_update:
                        yield update
                    last_update = update

        return handle_run

    wiring: dict[str, Any] = {
        "inputs": [photo, *inputs, consent_box, *session_inputs, call_id], "outputs": [result_view, call_id],
        "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT,
    }  # fmt: skip
    run_button.click(make_run_handler(), **wiring)
    both_button.click(make_run_handler(stream_updates=stream_both), **wiring)
    wire_action_buttons(context, buttons, make_run_handler, wiring, session_inputs)
    for button in (run_button, both_button):
        button.click(None, js=SCROLL_TO_RESULT_JS.format(f"{slug}-stage"), **PRIVATE_EVENT)

    return ScreenComponents(endpoint.id, photo, result_view, (upload_event,), tuple(inputs), run_button)


def build_compare_button(endpoint: Endpoint, resolver: TargetResolver, texts: PageTranslations) -> gr.Button:
    """The folded "live versus offline" section below the run button; returns its button. A click makes a paid call.

    The style sheet shows the section while the vendor is live for this tab, by the header's badges, because a visitor
    may enter keys at any time.
    """
    slug, vendor_id = endpoint.slug, endpoint.vendor_id

    def render_intro(language: str) -> Markup:
        vendor = describe_service(vendor_id, resolver.get_live_service(vendor_id), language)
        return render("screens.compare_intro", text=translate("live_vs_offline.intro", language, vendor=vendor))

    with gr.Accordion(
        texts.get_text("live_vs_offline.title"), open=False, elem_id=f"{slug}-live-vs-offline",
        elem_classes=["fold", f"fold-{vendor_id}"],
    ):  # fmt: skip
        gr.HTML(
            texts.render(f"live-vs-offline-intro-{vendor_id}", render_intro),
            elem_classes="unstyled", apply_default_css=False,
        )  # fmt: skip
        return gr.Button(texts.get_text("live_vs_offline.run"), elem_id=f"{slug}-both", elem_classes="both")


def build_photo_input(
    context: Context, slug: str, texts: PageTranslations, session_inputs: SessionInputs
) -> tuple[gr.Image, gr.events.Dependency]:
    """The photo input (upload, camera, clipboard) and its upload event. `upload_validation` reads the file at a run."""
    photo = gr.Image(
        label=texts.get_text("photo.label"), show_label=False, elem_id=f"{slug}-photo", elem_classes="photo",
        type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], height=264, buttons=[],
        webcam_options=gr.WebcamOptions(mirror=False, constraints={"video": {"facingMode": "user"}}),
        placeholder=str(texts.get_text("photo.placeholder")),
    )  # fmt: skip

    async def convert_upload(request: gr.Request, payload: Any, tab: Any) -> Any:
        with as_toasts(request):
            return await controls.convert_heic_for_display(context, payload, identify_caller(request, tab))

    return photo, photo.upload(convert_upload, [photo, *session_inputs[:1]], photo, preprocess=False, **PRIVATE_EVENT)


def build_action_buttons(slug: str, texts: PageTranslations) -> dict[str, gr.Button]:
    """The buttons below the result, by name; the result view decides which of them are visible."""
    with gr.Row(elem_classes="result-actions"):
        return {
            name: gr.Button(texts.get_text(f"result.{word}"), elem_id=f"{slug}-{name}", elem_classes=name)
            for name, word in NEXT_ACTIONS.items()
        }


def wire_action_buttons(
    context: Context,
    buttons: dict[str, gr.Button],
    make_run_handler: RunHandlerFactory,
    wiring: dict[str, Any],
    session_inputs: SessionInputs,
) -> None:
    """Wire the buttons below the result. session_inputs: the tab's id first."""

    def stop_waiting(request: gr.Request, tab: Any) -> None:
        context.service.stop_waiting(identify_caller(request, tab).session_id)

    buttons["stop"].click(stop_waiting, session_inputs[:1], None, **PRIVATE_EVENT)
    for name in ("again", "retry"):
        buttons[name].click(make_run_handler(again=True), **wiring)
    buttons["fetch"].click(make_run_handler(fetch=True), **wiring)
    buttons["offline"].click(make_run_handler(offline=True), **wiring)
