"""The failure lab's panel: choose an API and a way to fail; see what a person, the ledger and the vendor make of it.

For developers who want to know how an integration should behave. Everything but the money is as in a live call.
"""

from collections.abc import AsyncIterator
from html import escape
from typing import Any

import gradio as gr

from ...endpoints import CATALOGUE
from ...errors import VendorError
from ...explain import explain
from ...offline.faults import CODE_PREFIX, FAULTS
from ...tables import list_vendor_codes
from ...words import translate
from ..context import Context
from ..events import PRIVATE
from ..panel import examples, places
from ..panel.one_photo import Shown
from ..panel.panel import SHOW_STAGE, Session, next_buttons, photo_input, wire_next
from ..result.run import Run
from ..result.runs import watch
from ..texts import Texts, language_of
from .rehearsal import Rehearsal

Choices = list[tuple[str, str]]


def build(context: Context, rehearsal: Rehearsal, texts: Texts, session: Session) -> Shown:
    """Lay the panel out and wire it; call inside its tab. session: the browser's tab, own keys."""
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="ask"):
            places.introduction(texts, "failure_lab")
            photo, received = photo_input(context, "failure-lab", texts, session)
            taken = examples.build(context, "failure-lab", "astronaut", texts, photo, session)
            endpoint = gr.Dropdown(
                [(texts.word(f"panels.{name}.tab"), name) for name in CATALOGUE], value=next(iter(CATALOGUE)),
                label=texts.word("lab.endpoint"), elem_id="failure-lab-endpoint", filterable=False,
            )  # fmt: skip
            fault = gr.Dropdown(
                [(texts.word(f"faults.{name}"), name) for name in FAULTS], value="timeout_after",
                label=texts.word("lab.fault"), info=texts.word("lab.fault_info"), elem_id="failure-lab-fault",
            )  # fmt: skip
            run_button = gr.Button(
                texts.word("panels.failure_lab.run"), variant="primary", elem_id="failure-lab-run", elem_classes="run"
            )
        with gr.Column(scale=7, min_width=300, elem_classes="answer"):
            shown = places.stage_of(texts, "failure_lab", "failure-lab")
            buttons = next_buttons("failure-lab", texts)
            books = gr.HTML(elem_id="failure-lab-books", elem_classes="bare", apply_default_css=False)
            number = gr.State(0)

    def begin(*, offline: bool = False, again: bool = False) -> Any:
        async def run(request: gr.Request, *given: Any) -> AsyncIterator[tuple[Any, Any, Any]]:
            payload, name, wanted, *rest = given
            endpoint = CATALOGUE.get(str(name)) or next(iter(CATALOGUE.values()))
            run = Run.of(
                endpoint, request, (payload, False, *rest), offline=offline, again=again, fault=str(wanted or "")
            )
            async for update in watch(context, run):
                yield (*update, gr.skip())
            yield (gr.skip(), gr.skip(), await _books(rehearsal, run.language))

        return run

    wiring: dict[str, Any] = {
        "inputs": [photo, endpoint, fault, *session, number],
        "outputs": [shown, number, books],
        "preprocess": False, "concurrency_limit": None, **PRIVATE,
    }  # fmt: skip
    run_button.click(begin(), **wiring)
    run_button.click(None, js=SHOW_STAGE.format("failure-lab-stage"), **PRIVATE)
    wire_next(context, buttons, begin, wiring, session)

    def offer(request: gr.Request, name: str) -> Any:
        return gr.Dropdown(faults_of(CATALOGUE[name].provider, language_of(request)))

    endpoint.change(offer, endpoint, fault, **PRIVATE)
    gr.on([gr.context.Context.root_block.load], offer, endpoint, fault, **PRIVATE)  # type: ignore[union-attr]
    return Shown("failure_lab", photo, shown, (received, *taken), (endpoint, fault), run_button)


def faults_of(provider: str, language: str) -> Choices:
    """Everything that can be made to go wrong with a call to `provider`: the lab's faults, then the vendor's codes."""
    faults = [(translate(f"faults.{name}", language), name) for name in FAULTS]
    codes = [
        (f"{code} · {explain(VendorError(provider, code), language).title}", f"{CODE_PREFIX}{code}")
        for code in list_vendor_codes(provider)
    ]
    return [(translate("lab.well", language), ""), *faults, *codes]


async def _books(rehearsal: Rehearsal, language: str) -> str:
    """What the ledger says, and beside it what the vendor has counted."""
    states = await rehearsal.states()
    kinds = ("confirmed", "unknown", "refused", "released")
    listed = " · ".join(translate(f"lab.{kind}", language, count=states[kind]) for kind in kinds)
    rows = ((translate("lab.ledger", language), listed), (translate("lab.vendor", language), str(rehearsal.billed)))
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows)
    return f'<dl class="books">{cells}</dl>'
