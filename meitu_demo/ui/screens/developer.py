"""The Developer tab: tools for those who build on the APIs, each in a tab of its own.

Gradio mounts a tool when its tab is opened for the first time.
"""

import gradio as gr

from ..context import Context
from ..panel.panel import SessionInputs
from ..panel.shared_photo import ScreenComponents
from ..panel.template_picker import TemplateOptions
from ..texts import PageTranslations
from . import evaluation, failure_lab, verify


def build(
    context: Context, texts: PageTranslations, template_options: TemplateOptions, session: SessionInputs
) -> tuple[list[ScreenComponents], evaluation.ClearAfter]:
    """Lay out the tools; call inside the tab. Returns their screens, and what empties the evaluation after an event.

    session: the tab's id and the visitor's keys.
    """
    screens = []
    with gr.Tabs(elem_id="developer-tools", overflow_behavior="wrap"):
        with gr.Tab(texts.get_text("panels.evaluation.tab"), id="evaluation", elem_id="evaluation-tab") as tab:
            clear_evaluation_after = evaluation.build_evaluation_screen(context, texts, template_options, session, tab)
        if context.settings.failure_lab:
            with gr.Tab(texts.get_text("panels.failure_lab.tab"), id="failure_lab", elem_id="failure-lab-tab"):
                screens.append(failure_lab.build(context, texts, session))
        with gr.Tab(texts.get_text("panels.verify.tab"), id="verify", elem_id="verify-tab"):
            screens.append(verify.build(context, texts, session))
    return screens, clear_evaluation_after
