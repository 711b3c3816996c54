"""An endpoint's controls as Gradio components: one function for each kind in `spec`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from ... import templates
from ...spec import Choice, Control, Endpoint, ShapeMenu, Strength, TemplateGallery
from ...tables import Shape, load_shapes
from ...template_rows import TemplateInfo
from ...words import translate
from .. import stills
from ..events import PRIVATE
from ..texts import Texts, language_of

Options = list[tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class TemplatePicks:
    """The template IDs on offer, in gallery order: pictures for those that the offline engine knows."""

    ids: tuple[str, ...]
    pictures: tuple[TemplateInfo, ...]

    @classmethod
    def collect(cls, listed: Sequence[str]) -> "TemplatePicks":
        """Every template by the ID that a call uses, then the owner's `listed` IDs."""
        pictures = templates.list_templates()
        ids = [info.wire_id for info in pictures]
        return cls((*ids, *(key for key in listed if key not in ids)), pictures)


def build(endpoint: Endpoint, texts: Texts, picks: TemplatePicks) -> list[gr.components.Component]:
    """Components for all controls of `endpoint`, in their order; each gives the value that the control reads."""
    return [_build_one(endpoint, control, texts, picks) for control in endpoint.controls]


def _build_one(endpoint: Endpoint, control: Control, texts: Texts, picks: TemplatePicks) -> gr.components.Component:
    element = f"{endpoint.slug}-{control.name.replace('_', '-')}"
    label = texts.word(f"controls.{control.name}.label")
    if isinstance(control, Strength):
        return gr.Slider(
            control.low, control.high, control.default, step=control.step, label=label,
            info=texts.word(f"controls.{control.name}.info"), elem_id=element, buttons=["reset"],
        )  # fmt: skip
    if isinstance(control, TemplateGallery):
        return _template_picker(element, control, label, texts, picks)
    return gr.Dropdown(
        _options(control, texts), value=control.default, label=label, elem_id=element, allow_custom_value=False,
        info=texts.word(f"controls.{control.name}.info"),
    )  # fmt: skip


def _options(control: Choice, texts: Texts) -> Options:
    if isinstance(control, ShapeMenu):
        return [
            (texts.render(f"shape-{shape.id}", partial(_shape_text, shape)), str(shape.id)) for shape in load_shapes()
        ]
    return [(texts.word(f"options.{control.name}.{value.replace('.', '_')}"), value) for value in control.options]


def _shape_text(shape: Shape, language: str) -> str:
    name, effect = (translate(f"shapes.{shape.key}.{part}", language) for part in ("name", "effect"))
    return translate("controls.shape_type.option", language, number=shape.id, name=name, effect=effect)


def _template_picker(
    element: str, control: TemplateGallery, label: Any, texts: Texts, picks: TemplatePicks
) -> gr.components.Component:
    """Pictures to click and a dropdown that also takes an ID typed in; they follow each other."""

    def previews(language: str | None) -> list[dict[str, Any]]:
        captions = [info.name[language] if language else None for info in picks.pictures]
        return [
            {"image": _still(info), "caption": caption} for info, caption in zip(picks.pictures, captions, strict=True)
        ]

    gallery = gr.Gallery(
        elem_id=f"{element}-gallery", elem_classes="template-gallery",
        columns=4, allow_preview=False, interactive=False, show_label=False, buttons=[], object_fit="cover",
        height="auto", selected_index=picks.ids.index(control.default) if control.default in picks.ids else None,
    )  # fmt: skip
    gallery.value = previews(None)
    dropdown = gr.Dropdown(
        [(_template_text(texts, picks, key), key) for key in picks.ids],
        value=control.default, label=label, info=texts.word("controls.template_id.info"), elem_id=element,
        allow_custom_value=True, elem_classes=["off-stage"] if len(picks.ids) == len(picks.pictures) else [],
    )  # fmt: skip

    def picked(event: gr.SelectData) -> str:
        return picks.ids[int(event.index)]

    def follow(key: str) -> Any:
        found = picks.ids.index(key) if key in picks.ids else None
        return gr.Gallery(selected_index=found if found is not None and found < len(picks.pictures) else None)

    def caption(request: gr.Request) -> Any:
        return previews(language_of(request))

    gallery.select(picked, None, dropdown, **PRIVATE)
    dropdown.change(follow, dropdown, gallery, **PRIVATE)
    gr.on([gr.context.Context.root_block.load], caption, None, gallery, postprocess=False, **PRIVATE)  # type: ignore[union-attr]
    return dropdown


def _still(info: TemplateInfo) -> stills.Still:
    return stills.put(f"{info.id}{info.preview.suffix}", info.preview)


def _template_text(texts: Texts, picks: TemplatePicks, key: str) -> Any:
    names = dict(zip(picks.ids, picks.pictures, strict=False))
    if key not in names:
        return key
    return texts.render(f"template-{key}", lambda language: f"{names[key].name[language]} · {key}")
