"""The Evaluate tab: endpoints on many photos of one's own, with figures, a contact sheet and downloads."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import gradio as gr

from ...calls.run_log import report_failure
from ...domain.errors import DemoError
from ...endpoints import CATALOGUE
from ...evaluation.plan import TARGETS, Plan
from ...evaluation.runner import Authority
from ...evaluation.sessions import Evaluation
from ..caller import get_shown_payer, identify_caller
from ..context import Context
from ..evaluation import page_run, report
from ..events import PRIVATE_EVENT
from ..html import UNSTYLED
from ..panel import consent, controls
from ..panel.panel import SessionInputs
from ..panel.template_picker import TemplateOptions
from ..result import result_view
from ..texts import PageTranslations, detect_language

ACTIONS = ("stop", "resume")
Updates = tuple[Any, Any, Any]  # progress, sheet, plan
ClearAfter = Callable[[gr.events.Dependency], object]
Event = Callable[..., AsyncIterator[Updates]]


@dataclass(frozen=True, slots=True)
class _Form:
    """What is asked. controls: of all endpoints, in the catalogue's order. consent_boxes: by vendor."""

    photos: gr.File
    endpoints: gr.CheckboxGroup
    controls: list[gr.components.Component]
    target: gr.Radio
    plan_html: gr.HTML
    consent_boxes: dict[str, gr.Checkbox]
    run_button: gr.Button


@dataclass(frozen=True, slots=True)
class _Results:
    """What is answered. buttons: by the names in ACTIONS."""

    progress_html: gr.HTML
    buttons: dict[str, gr.Button]
    sheet_html: gr.HTML


def _lay_out_form(context: Context, texts: PageTranslations, template_options: TemplateOptions) -> _Form:
    photos = gr.File(
        label=texts.get_text("evaluation.photos"), file_count="multiple", type="filepath", height=112,
        elem_id="evaluation-photos", elem_classes="photos",
    )  # fmt: skip
    endpoints = gr.CheckboxGroup(
        [(texts.get_text(f"panels.{name}.tab"), name) for name in CATALOGUE], value=[next(iter(CATALOGUE))],
        label=texts.get_text("evaluation.apis"), elem_id="evaluation-apis",
    )  # fmt: skip
    with gr.Accordion(texts.get_text("evaluation.settings"), open=False, elem_classes="fold"):
        control_inputs = [
            component
            for name, endpoint in CATALOGUE.items()
            for component in controls.build_controls(
                replace(endpoint, id=f"evaluation_{name}"), texts, template_options
            )
        ]
    target = gr.Radio(
        [(texts.get_text(f"evaluation.target_name_{name}"), name) for name in TARGETS], value="offline",
        label=texts.get_text("evaluation.target"), elem_id="evaluation-target",
    )  # fmt: skip
    plan_html = gr.HTML(elem_id="evaluation-plan", **UNSTYLED)
    with gr.Column(elem_classes="consents"):
        consent_boxes = consent.build_consent_boxes("evaluation", context.service.targets, texts, "evaluation.consent")
    run_button = gr.Button(
        texts.get_text("evaluation.run"), variant="primary", elem_id="evaluation-run", elem_classes="run"
    )
    return _Form(photos, endpoints, control_inputs, target, plan_html, consent_boxes, run_button)


def _lay_out_results(texts: PageTranslations) -> _Results:
    progress_html = gr.HTML(
        texts.render("evaluation-empty", page_run.render_empty_state), elem_id="evaluation-progress", **UNSTYLED
    )
    with gr.Row(elem_classes="result-actions"):
        buttons = {
            name: gr.Button(texts.get_text(f"evaluation.{name}"), elem_id=f"evaluation-{name}", elem_classes=name)
            for name in ACTIONS
        }
    gr.HTML(texts.render("evaluation-controls", report.render_controls), elem_id="evaluation-controls", **UNSTYLED)
    sheet_html = gr.HTML(elem_id="evaluation-sheet", **UNSTYLED)
    return _Results(progress_html, buttons, sheet_html)


def _parse_choice(values: Sequence[Any]) -> page_run.Choice:
    """values: of the form's endpoints, target and controls."""
    chosen, target_name, *control_values = values
    remaining = iter(control_values)
    values_by_endpoint = {
        name: {control.name: next(remaining) for control in endpoint.controls} for name, endpoint in CATALOGUE.items()
    }
    names = [name for name in CATALOGUE if name in (chosen if isinstance(chosen, list) else [])]
    return page_run.Choice(
        [(CATALOGUE[name], values_by_endpoint[name]) for name in names], str(target_name or "offline")
    )


def _explain_failure(event: Event) -> Event:
    """Put a DemoError of the event into words, in the plan's place."""

    @wraps(event)
    async def handle(events: "_Events", request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
        try:
            async for update in event(events, request, *values):
                yield update
        except DemoError as error:
            explained = report_failure(error, detect_language(request), is_billable=False)
            yield gr.skip(), gr.skip(), result_view.render_explanation(explained, explained.language)

    return handle


@dataclass(frozen=True, slots=True)
class _Events:
    """The screen's events. values: of endpoints, target and controls, then the tab's id and the visitor's keys.

    vendors: of the consent boxes, in their order.
    """

    context: Context
    vendors: Sequence[str]

    @_explain_failure
    async def check_photos(self, request: gr.Request, payloads: Any, *values: Any) -> AsyncIterator[Updates]:
        session_id = identify_caller(request, values[-2]).session_id
        evaluation = await self.context.evaluations.open(session_id)
        evaluation.form = evaluation.form or values[:-2]  # a change of the form may have overtaken the upload
        await page_run.read_photos(self.context, evaluation, session_id, payloads)
        if evaluation.is_running:  # another event follows it
            yield self._render_plan(request, evaluation, values[-1])
        else:
            async for update in self._follow(request, evaluation, values[-1]):
                yield update

    @_explain_failure
    async def show_plan(self, request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
        yield self._render_plan(request, await self._open(request, values), values[-1])

    @_explain_failure
    async def run(self, request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
        ticks, values = values[: len(self.vendors)], values[len(self.vendors) :]
        evaluation = await self._open(request, values)
        plan = _parse_choice(values[:-2]).build_plan(self.context, evaluation)
        consents = {vendor: tick is True for vendor, tick in zip(self.vendors, ticks, strict=True)}
        await self._start(request, evaluation, plan, consents, *values[-2:])
        async for update in self._follow(request, evaluation, values[-1]):
            yield update

    @_explain_failure
    async def resume(self, request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
        """The same plan, to which the person has agreed; the form may have changed, and a reload empties it."""
        evaluation = await self._open(request, values)
        if evaluation.plan:
            await self._start(request, evaluation, evaluation.plan, evaluation.consents, *values[-2:])
        async for update in self._follow(request, evaluation, values[-1]):
            yield update

    @_explain_failure
    async def show(self, request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
        async for update in self._follow(request, await self._open(request, values), values[-1]):
            yield update

    def stop(self, request: gr.Request, tab_id: Any) -> None:
        evaluation = self.context.evaluations.get(identify_caller(request, tab_id).session_id)
        if evaluation:
            evaluation.stop()

    async def _open(self, request: gr.Request, values: tuple[Any, ...]) -> Evaluation:
        """The session's evaluation. Its plan shows the form of the event that began last; events end in any order."""
        evaluation = await self.context.evaluations.open(identify_caller(request, values[-2]).session_id)
        evaluation.form = values[:-2]
        return evaluation

    async def _start(
        self, request: gr.Request, evaluation: Evaluation, plan: Plan, consents: Any, tab_id: Any, visitor_keys: Any
    ) -> None:
        payers = {vendor: get_shown_payer(request, vendor) for vendor in self.vendors}
        authority = Authority(identify_caller(request, tab_id), consents, payers, visitor_keys)
        await page_run.start(self.context, evaluation, plan, authority)

    async def _follow(self, request: gr.Request, evaluation: Evaluation, visitor_keys: Any) -> AsyncIterator[Updates]:
        yield self._render_plan(request, evaluation, visitor_keys)
        async for progress, sheet in page_run.follow(self.context, evaluation, detect_language(request)):
            yield progress, sheet, gr.skip()
        yield self._render_plan(request, evaluation, visitor_keys)

    def _render_plan(self, request: gr.Request, evaluation: Evaluation, visitor_keys: Any) -> Updates:
        choice, language = _parse_choice(evaluation.form), detect_language(request)
        return gr.skip(), gr.skip(), page_run.render_plan(self.context, evaluation, choice, visitor_keys, language)


def build_evaluation_screen(
    context: Context, texts: PageTranslations, template_options: TemplateOptions, session: SessionInputs, tab: gr.Tab
) -> ClearAfter:
    """Lay out the screen and wire its events; call inside `tab`. Returns a function to empty it after an event.

    session: the tab's id and the visitor's keys.
    """
    with gr.Row():
        with gr.Column(scale=5, min_width=300, elem_classes=["inputs-column", "evaluation-ask"]):
            form = _lay_out_form(context, texts, template_options)
        with gr.Column(scale=7, min_width=300, elem_classes=["result-column", "evaluation"]):
            results = _lay_out_results(texts)
    events = _Events(context, list(form.consent_boxes))
    state = [form.endpoints, form.target, *form.controls, *session]
    outputs = [results.progress_html, results.sheet_html, form.plan_html]
    wiring: dict[str, Any] = {"outputs": outputs, "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT}
    form.photos.change(events.check_photos, [form.photos, *state], **wiring)
    boxes = list(dict.fromkeys(form.consent_boxes.values()))
    form.photos.change(None, None, boxes, js=f"() => Array({len(boxes)}).fill(false)", **PRIVATE_EVENT)
    for component in (form.endpoints, form.target):
        component.change(events.show_plan, state, **wiring)
    form.run_button.click(events.run, [*form.consent_boxes.values(), *state], **wiring)
    results.buttons["resume"].click(events.resume, state, **wiring)
    results.buttons["stop"].click(events.stop, session[:1], None, **PRIVATE_EVENT)
    # A link to the tab opens it before the page has told its name, under which the evaluation is kept.
    named = tab.select(None, None, session[0], js="() => window.tabName()", **PRIVATE_EVENT)
    named.then(events.show, state, **wiring)
    # Empty at once, before the browser asks for pictures that are deleted; then as a new visitor sees it.
    clear: dict[str, Any] = {"outputs": [form.photos, *outputs], "js": "() => [null, '', '', '']", **PRIVATE_EVENT}
    return lambda event: event.then(None, None, **clear).then(events.show, state, **wiring)
