"""What several screens use: an endpoint's controls, introduction, result view, JPEG copies of HEIC photos."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import gradio as gr
from markupsafe import Markup

from ...domain.controls import Option
from ...domain.errors import ImageRejected
from ...domain.model import Endpoint
from ...photos import codec
from ...service import Caller
from ..context import Context
from ..events import TRIGGER_JS
from ..gradio_patches.uploads import ORIGINAL_FILE_NAME
from ..html import render
from ..result import result_view
from ..texts import PageTranslations
from .template_picker import TemplateOptions, TemplatePicker, build_template_picker

STOP_EVENT = {"stop": "stop"}  # it does not wait until the event of the click before has ended


def build_introduction(texts: PageTranslations, screen: str) -> gr.HTML:
    """The introduction above the photo. screen: its name in `locales`."""
    intro_text = texts.render(f"{screen}-intro", lambda language: result_view.render_introduction(screen, language))
    return gr.HTML(intro_text, elem_classes="unstyled", apply_default_css=False)


def build_result_view(texts: PageTranslations, screen: str, slug: str) -> gr.HTML:
    """The result view in its empty state. screen: its name in `locales`. slug: prefix of the element's id."""
    empty_html = texts.render(f"{screen}-empty", lambda language: result_view.empty_state(screen, language))
    return gr.HTML(empty_html, elem_id=f"{slug}-stage", elem_classes="unstyled", apply_default_css=False)


def build_action_buttons(
    texts: PageTranslations, slug: str, labels: Mapping[str, str], events: Mapping[str, str] = STOP_EVENT
) -> gr.HTML:
    """The buttons below a result, of which the result view shows those that can be used (`result_view.with_actions`).

    labels: keys in `locales` by the actions' names. events: what a click triggers, if it is not `click` (`TRIGGER_JS`).
    """
    buttons = [(name, key, events.get(name)) for name, key in labels.items()]

    def render_buttons(language: str) -> Markup:
        return render("screens.actions", language, slug=slug, buttons=buttons)

    return gr.HTML(
        texts.render(f"{slug}-actions", render_buttons),
        elem_id=f"{slug}-actions", elem_classes=["unstyled", "result-actions"], apply_default_css=False,
        js_on_load=TRIGGER_JS,
    )  # fmt: skip


def build_controls(
    endpoint: Endpoint, texts: PageTranslations, template_options: TemplateOptions
) -> list[gr.components.Component]:
    """Components for all controls of `endpoint`, in their order; each has the value that the control validates."""
    return GradioWidgets(endpoint, texts, template_options).draw()


class GradioWidgets:
    """`domain.controls.Widgets` made of Gradio components."""

    def __init__(self, endpoint: Endpoint, texts: PageTranslations, template_options: TemplateOptions) -> None:
        self.template_pickers: list[TemplatePicker] = []
        self._endpoint = endpoint
        self._texts, self._template_options = texts, template_options

    def draw(self) -> list[gr.components.Component]:
        """Components for all controls, in their order; each has the value that the control validates."""
        return [control.draw(self) for control in self._endpoint.controls]

    def slider(self, name: str, *, low: float, high: float, step: float, default: float) -> gr.components.Component:
        """A slider with a button that resets it."""
        label, info, element_id = self._get_label(name), self._get_info(name), self._get_element_id(name)
        return gr.Slider(low, high, default, step=step, label=label, info=info, elem_id=element_id, buttons=["reset"])

    def dropdown(self, name: str, options: Sequence[Option], *, default: str) -> gr.components.Component:
        """A dropdown that accepts only `options`."""
        label = self._get_label(name)
        return gr.Dropdown(
            [(self._texts.render(option.text_name, option.describe), option.value) for option in options],
            value=default, label=label, elem_id=self._get_element_id(name), allow_custom_value=False,
            info=self._get_info(name),
        )  # fmt: skip

    def gallery(self, name: str, *, default: str) -> gr.components.Component:
        """Pictures to click, and a dropdown that also accepts a typed ID; each follows the other."""
        label, element_id = self._get_label(name), self._get_element_id(name)
        picker = build_template_picker(
            element_id, default, label, self._texts, self._template_options, self._endpoint.vendor_id
        )
        self.template_pickers.append(picker)
        return picker.dropdown

    def _get_label(self, name: str) -> Any:
        return self._texts.get_text(f"controls.{name}.label")

    def _get_info(self, name: str) -> Any:
        return self._texts.get_text(f"controls.{name}.info")

    def _get_element_id(self, name: str) -> str:
        return f"{self._endpoint.slug}-{name.replace('_', '-')}"


async def convert_heic_for_display(context: Context, payload: Any, caller: Caller) -> Any:
    """The path of a JPEG copy of a HEIC photo, which browsers cannot show; gr.skip() for other and for broken files.

    A run reads the original, which is in the copy's folder. Raises VisitorUploadsFull, UploadsFull or StorageFull.
    """
    try:
        source = await context.read_upload(payload, caller)
        if codec.sniff(source) != "image/heic":
            return gr.skip()
        copy = await anyio.to_thread.run_sync(lambda: codec.encode(codec.decode(source)))
    except ImageRejected:
        return gr.skip()
    return await context.write_upload(caller, "photo.jpg", copy, {ORIGINAL_FILE_NAME: source})
