"""The failure lab: choose an API and a failure; see the explanation, the ledger and what the vendor billed.

It shows developers how an integration should behave. Except for the cost, a call is handled like a live one.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import gradio as gr
from gradio.i18n import I18nData
from markupsafe import Markup

from ...domain.errors import VendorError
from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import list_languages, translate
from ...domain.vendor_codes import list_vendor_codes
from ...endpoints import CATALOGUE
from ...offline.faults import CODE_PREFIX, FAULTS
from ..context import Context
from ..events import PRIVATE_EVENT, check_action
from ..html import UNSTYLED, render
from ..panel import controls, examples
from ..panel.panel import ACTION_LABELS, SessionInputs, build_photo_input, wire_stop_button
from ..panel.shared_photo import ScreenComponents
from ..result.run_stream import RunRequest, stream
from ..texts import PageTranslations, detect_language

LANGUAGES = list_languages()
DropdownChoices = list[tuple[str, str]]
# Of the events that start a run; the second as APPEND_ACTION_JS.
RUN_JS = "(...values) => window.labRunStarts(values)"
ACTION_JS = "(...values) => window.labRunStarts([...values.slice(0, -1), window.clickedAction])"


def build(context: Context, texts: PageTranslations, session: SessionInputs) -> ScreenComponents:
    """Lay out the screen and wire its events; call inside its tab. session: the tab's id and the visitor's keys."""
    with gr.Row():
        with gr.Column(scale=5, min_width=300, elem_classes=["inputs-column", "photo-row", "example-astronaut"]):
            photo, received = build_photo_input(context, "failure-lab", texts, session)
            examples.build_examples("failure_lab", "failure-lab", "astronaut", texts)
            endpoint = gr.Dropdown(
                [(texts.get_text(f"panels.{name}.tab"), name) for name in CATALOGUE], value=next(iter(CATALOGUE)),
                label=texts.get_text("failure_lab.endpoint"), elem_id="failure-lab-endpoint", filterable=False,
            )  # fmt: skip
            fault = gr.Dropdown(
                _translate_faults(next(iter(CATALOGUE.values())).vendor_id, texts), value="timeout_after",
                label=texts.get_text("failure_lab.fault"), info=texts.get_text("failure_lab.fault_info"),
                elem_id="failure-lab-fault",
            )  # fmt: skip
            run_button = gr.Button(
                texts.get_text("panels.failure_lab.run"), variant="primary", elem_id="failure-lab-run",
                elem_classes="run",
            )  # fmt: skip
            ledger_html = gr.HTML(elem_id="failure-lab-books", **UNSTYLED)
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            result_html = controls.build_result_view(texts, "failure_lab", "failure-lab")
            actions = controls.build_action_buttons(texts, "failure-lab", ACTION_LABELS)
            call_id = gr.State(0)

    async def run(request: gr.Request, *values: Any) -> AsyncIterator[tuple[Any, Any, Any]]:
        async for update in act(request, *values, "run"):
            yield update

    async def act(request: gr.Request, *values: Any) -> AsyncIterator[tuple[Any, Any, Any]]:
        payload, endpoint_id, fault_name, *rest, action = values
        action = check_action(action, ACTION_LABELS)
        endpoint, inputs = _find_endpoint(endpoint_id), (payload, False, *rest)
        run_request = RunRequest.from_inputs(endpoint, request, inputs, action, str(fault_name or ""))
        async for update in stream(context, run_request):
            yield (*update, gr.skip())
        yield (gr.skip(), gr.skip(), await _render_ledger_summary(context, run_request.language))

    inputs_of_run = [photo, endpoint, fault, *session, call_id]
    wiring: dict[str, Any] = {
        "outputs": [result_html, call_id, ledger_html], "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT,
    }  # fmt: skip
    run_button.click(run, inputs_of_run, js=RUN_JS, **wiring)
    actions.click(act, [*inputs_of_run, session[0]], js=ACTION_JS, **wiring)
    wire_stop_button(context, actions, session)

    def update_faults(request: gr.Request, endpoint_id: Any) -> Any:
        return gr.Dropdown(list_faults(_find_endpoint(endpoint_id).vendor_id, detect_language(request)))

    endpoint.change(update_faults, endpoint, fault, **PRIVATE_EVENT)
    gr.on(
        [photo.change, endpoint.change, fault.change], None, [photo, endpoint, fault], None,
        js="(...values) => window.labSettingsChanged(values)", **PRIVATE_EVENT,
    )  # fmt: skip
    return ScreenComponents("failure_lab", photo, result_html, (received,), (endpoint, fault), run_button)


def _find_endpoint(endpoint_id: Any) -> Endpoint:
    """The chosen endpoint; the first one if none was chosen."""
    return CATALOGUE.get(str(endpoint_id)) or next(iter(CATALOGUE.values()))


def list_faults(vendor_id: str, language: str) -> DropdownChoices:
    """All failures of a call to `vendor_id`: no failure, the lab's faults, then the vendor's codes."""
    faults = [(translate(f"faults.{name}", language), name) for name in FAULTS]
    codes = [
        (f"{code} · {explain(VendorError(vendor_id, code), language).title}", f"{CODE_PREFIX}{code}")
        for code in list_vendor_codes(vendor_id)
    ]
    return [(translate("failure_lab.no_fault", language), ""), *faults, *codes]


def _translate_faults(vendor_id: str, texts: PageTranslations) -> list[tuple[I18nData, str]]:
    """`list_faults` with texts in each language."""
    labels = {language: {name: label for label, name in list_faults(vendor_id, language)} for language in LANGUAGES}

    def translate_fault(name: str, language: str) -> str:
        return labels[language][name]

    names = labels[LANGUAGES[0]]
    return [(texts.render(f"fault-{name}", partial(translate_fault, name)), name) for name in names]


async def _render_ledger_summary(context: Context, language: str) -> Markup:
    """The ledger's counts, and what the vendor billed."""
    failure_lab = context.service.failure_lab
    counts = await failure_lab.count_states()
    states = ("confirmed", "unknown", "refused", "released")
    counts_text = " · ".join(translate(f"failure_lab.{state}", language, count=counts[state]) for state in states)
    rows = [("ledger", counts_text), ("vendor", str(failure_lab.billed_count))]
    return render(
        "screens.ledger_summary", rows=[(translate(f"failure_lab.{key}", language), text) for key, text in rows]
    )
