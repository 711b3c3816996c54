"""Builds the panel of an endpoint from its declaration: photo, controls, buttons and result."""

from collections.abc import AsyncIterator
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
from ..events import APPEND_ACTION_JS, PRIVATE_EVENT, TRIGGER_JS, check_action
from ..html import render
from ..result.live_vs_offline import stream_both
from ..result.run_stream import RunRequest, ScreenUpdate, stream
from ..texts import PageTranslations
from . import checklist, consent, controls, deep_links, examples
from .overview import ContactSheetSection
from .preview import build_preview, wire_preview
from .shared_photo import ScreenComponents
from .template_picker import TemplateOptions, wire_tiles

ACTION_LABELS = {
    "stop": "result.stop",
    "fetch": "result.fetch_again",
    "again": "result.run_again",
    "retry": "result.try_again",
    "offline": "result.run_offline",
}
SessionInputs = list[gr.components.Component]


def build_panel(
    context: Context,
    endpoint: Endpoint,
    texts: PageTranslations,
    template_options: TemplateOptions,
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
    with gr.Row():
        with gr.Column(scale=5, min_width=300, elem_classes=column_classes):
            photo, upload_event = build_photo_input(context, slug, texts, session_inputs)
            examples.build_examples(endpoint.id, slug, endpoint.example_photo, texts)
            checklist.build_checklist(context, endpoint, photo, session_inputs[0])
            with contact_sheet.surround_controls():
                widgets = controls.GradioWidgets(endpoint, texts, template_options)
                inputs = widgets.draw()
            consent_box = consent.build_consent_box(slug, [endpoint.vendor_id], context.service.targets, texts)
            run_button = gr.Button(
                texts.get_text(f"{key}.run"), variant="primary", elem_id=f"{slug}-run", elem_classes="run"
            )
            comparison = build_comparison_section(endpoint, context.service.targets, texts)
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            preview = build_preview(slug)
            result_view = controls.build_result_view(texts, endpoint.id, slug)
            actions = controls.build_action_buttons(texts, slug, ACTION_LABELS)
            call_id = gr.State(0)
    contact_sheet.build_sheet(photo, inputs, session_inputs[0])
    settings = deep_links.describe_settings(endpoint, inputs)
    changes = [photo.change, tab.select, *(control.change for control in inputs)]  # type: ignore[attr-defined]
    gr.on(
        changes, None, [photo, consent_box, *inputs], consent_box, **PRIVATE_EVENT,
        js=f"(...values) => window.updatePanel('{slug}', '{endpoint.id}', {settings}, ...values)",
    )  # fmt: skip
    wire_preview(context, endpoint, preview, photo, inputs, session_inputs[0])
    for picker in widgets.template_pickers:
        wire_tiles(picker, context, endpoint, photo, session_inputs[0])

    async def run(request: gr.Request, *values: Any) -> AsyncIterator[ScreenUpdate]:
        async for update in act(request, *values, "run"):
            yield update

    async def act(request: gr.Request, *values: Any) -> AsyncIterator[ScreenUpdate]:
        *run_values, action = values
        action = check_action(action, ACTION_LABELS, "both")
        run_request = RunRequest.from_inputs(endpoint, request, tuple(run_values), action)
        last_update = None
        # The engine finds the face, and then the page does, to align the photo with the result.
        with face_cache_scope():
            async for update in (stream_both if action == "both" else stream)(context, run_request):
                if update != last_update:
                    yield update
                last_update = update

    inputs_of_run = [photo, *inputs, consent_box, *session_inputs, call_id]
    wiring: dict[str, Any] = {
        "outputs": [result_view, call_id], "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT,
    }  # fmt: skip
    run_button.click(run, inputs_of_run, **wiring)
    action_field = session_inputs[0]  # a field of text, whose value the script replaces
    gr.on([actions.click, comparison.click], act, [*inputs_of_run, action_field], js=APPEND_ACTION_JS, **wiring)
    wire_stop_button(context, actions, session_inputs)

    return ScreenComponents(endpoint.id, photo, result_view, (upload_event,), tuple(inputs), run_button)


def build_comparison_section(endpoint: Endpoint, resolver: TargetResolver, texts: PageTranslations) -> gr.HTML:
    """The folded "live versus offline" section below the run button, whose button makes a paid call.

    The style sheet shows the section while the vendor is live for this tab, by the header's badges, because a visitor
    may enter keys at any time.
    """
    slug, vendor_id = endpoint.slug, endpoint.vendor_id

    def render_section(language: str) -> Markup:
        vendor = describe_service(vendor_id, resolver.get_live_service(vendor_id), language)
        intro = translate("live_vs_offline.intro", language, vendor=vendor)
        return render("screens.comparison_section", language, slug=slug, intro=intro)

    return gr.HTML(
        texts.render(f"{slug}-live-vs-offline", render_section), elem_id=f"{slug}-live-vs-offline",
        elem_classes=["unstyled", "fold", f"fold-{vendor_id}"], apply_default_css=False, js_on_load=TRIGGER_JS,
    )  # fmt: skip


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


def wire_stop_button(context: Context, actions: gr.HTML, session_inputs: SessionInputs) -> None:
    """Wire the button "stop" of `actions`. session_inputs: the tab's id first."""

    def stop_waiting(request: gr.Request, tab: Any) -> None:
        context.service.stop_waiting(identify_caller(request, tab).session_id)

    actions.stop(stop_waiting, session_inputs[:1], None, **PRIVATE_EVENT)
