"""The failure lab: choose an API and a failure; see the explanation, the ledger and what the vendor billed.

It shows developers how an integration should behave. Except for the cost, a call is handled like a live one.
"""

from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...domain.errors import VendorError
from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...domain.vendor_codes import list_vendor_codes
from ...endpoints import CATALOGUE
from ...offline.failure_lab import FailureLabBackend
from ...offline.faults import CODE_PREFIX, FAULTS
from ..context import Context
from ..events import PRIVATE_EVENT
from ..gradio_patches.internal_state import page_load_trigger
from ..html import render
from ..panel import controls, examples
from ..panel.panel import (
    SCROLL_TO_RESULT_JS,
    SessionInputs,
    build_action_buttons,
    build_photo_input,
    wire_action_buttons,
)
from ..panel.shared_photo import ScreenComponents
from ..result.run_stream import RunRequest, stream
from ..texts import PageTranslations, detect_language

DropdownChoices = list[tuple[str, str]]


def build(
    context: Context, failure_lab: FailureLabBackend, texts: PageTranslations, session: SessionInputs
) -> ScreenComponents:
    """Lay out the screen and wire its events; call inside its tab. session: the tab's id and the visitor's keys."""
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="inputs-column"):
            controls.build_introduction(texts, "failure_lab")
            photo, received = build_photo_input(context, "failure-lab", texts, session)
            examples.build_examples("failure_lab", "failure-lab", "astronaut", texts)
            endpoint = gr.Dropdown(
                [(texts.get_text(f"panels.{name}.tab"), name) for name in CATALOGUE], value=next(iter(CATALOGUE)),
                label=texts.get_text("failure_lab.endpoint"), elem_id="failure-lab-endpoint", filterable=False,
            )  # fmt: skip
            fault = gr.Dropdown(
                [(texts.get_text(f"faults.{name}"), name) for name in FAULTS], value="timeout_after",
                label=texts.get_text("failure_lab.fault"), info=texts.get_text("failure_lab.fault_info"),
                elem_id="failure-lab-fault",
            )  # fmt: skip
            run_button = gr.Button(
                texts.get_text("panels.failure_lab.run"),
                variant="primary",
                elem_id="failure-lab-run",
                elem_classes="run",
            )
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            result_html = controls.build_result_view(texts, "failure_lab", "failure-lab")
            buttons = build_action_buttons("failure-lab", texts)
            ledger_html = gr.HTML(elem_id="failure-lab-books", elem_classes="unstyled", apply_default_css=False)
            call_id = gr.State(0)

    def create_handler(*, offline: bool = False, again: bool = False, fetch: bool = False) -> Any:
        async def run(request: gr.Request, *arguments: Any) -> AsyncIterator[tuple[Any, Any, Any]]:
            payload, endpoint_id, fault_name, *rest = arguments
            endpoint = _find_endpoint(endpoint_id)
            run = RunRequest.from_inputs(
                endpoint,
                request,
                (payload, False, *rest),
                force_offline=offline,
                is_repeat=again,
                is_fetch_only=fetch,
                fault=str(fault_name or ""),
            )
            async for update in stream(context, run):
                yield (*update, gr.skip())
            yield (gr.skip(), gr.skip(), await _render_ledger_summary(failure_lab, run.language))

        return run

    wiring: dict[str, Any] = {
        "inputs": [photo, endpoint, fault, *session, call_id],
        "outputs": [result_html, call_id, ledger_html],
        "preprocess": False, "concurrency_limit": None, **PRIVATE_EVENT,
    }  # fmt: skip
    run_button.click(create_handler(), **wiring)
    run_button.click(None, js=SCROLL_TO_RESULT_JS.format("failure-lab-stage"), **PRIVATE_EVENT)
    wire_action_buttons(context, buttons, create_handler, wiring, session)

    def update_faults(request: gr.Request, endpoint_id: Any) -> Any:
        return gr.Dropdown(list_faults(_find_endpoint(endpoint_id).vendor_id, detect_language(request)))

    endpoint.change(update_faults, endpoint, fault, **PRIVATE_EVENT)
    gr.on([page_load_trigger()], update_faults, endpoint, fault, **PRIVATE_EVENT)
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


async def _render_ledger_summary(failure_lab: FailureLabBackend, language: str) -> Markup:
    """The ledger's counts, and what the vendor billed."""
    states = await failure_lab.count_states()
    state_names = ("confirmed", "unknown", "refused", "released")
    counts_text = " · ".join(
        translate(f"failure_lab.{state_name}", language, count=states[state_name]) for state_name in state_names
    )
    rows = (
        (translate("failure_lab.ledger", language), counts_text),
        (translate("failure_lab.vendor", language), str(failure_lab.billed_count)),
    )
    return render("screens.ledger_summary", rows=rows)
