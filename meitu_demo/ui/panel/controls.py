"""An endpoint's controls as Gradio components: one function for each kind in `spec`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ...domain.errors import ImageRejected
from ...domain.model import Choice, Control, Endpoint, ShapeMenu, Strength, TemplateGallery
from ...domain.translations import translate
from ...domain.vendor_codes import Shape, load_shapes
from ...engine import face_templates
from ...engine.face_templates import TemplateInfo
from ...photos import codec
from ..events import PRIVATE_EVENT
from ..gradio_patches import static_images
from ..gradio_patches.internal_state import page_load_trigger
from ..gradio_patches.uploads import ORIGINAL_FILE_NAME, write_upload
from ..result import result_view
from ..security import upload_validation
from ..texts import PageTranslations, detect_language

# MERGED ui/panel/places.py: What every screen has in the same place: its one-liner above the photo, and the stage.


def build_introduction(texts: PageTranslations, screen: str) -> gr.HTML:
    """The line of the screen `name`, as `locales` call it."""
    intro_text = texts.render(f"{screen}-intro", lambda language: result_view.render_introduction(screen, language))
    return gr.HTML(intro_text, elem_classes="bare", apply_default_css=False)


def build_result_view(texts: PageTranslations, screen: str, slug: str) -> gr.HTML:
    """The stage of the screen `name` with its invitation. slug: what its element's id begins with."""
    empty_html = texts.render(f"{screen}-empty", lambda language: result_view.empty_state(screen, language))
    return gr.HTML(empty_html, elem_id=f"{slug}-stage", elem_classes="bare", apply_default_css=False)


DropdownOptions = list[tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """The template IDs on offer, in gallery order: pictures for those that the offline engine knows."""

    ids: tuple[str, ...]
    infos: tuple[TemplateInfo, ...]

    @classmethod
    def collect(cls, extra_ids: Sequence[str]) -> "TemplateOptions":
        """Every template by the ID that a call uses, then the owner's `listed` IDs."""
        infos = face_templates.list_templates()
        ids = [info.wire_id for info in infos]
        return cls((*ids, *(key for key in extra_ids if key not in ids)), infos)


def build_controls(
    endpoint: Endpoint, texts: PageTranslations, template_options: TemplateOptions
) -> list[gr.components.Component]:
    """Components for all controls of `endpoint`, in their order; each gives the value that the control reads."""
    return [_build_control(endpoint, control, texts, template_options) for control in endpoint.controls]


def _build_control(
    endpoint: Endpoint, control: Control, texts: PageTranslations, template_options: TemplateOptions
) -> gr.components.Component:
    element_id = f"{endpoint.slug}-{control.name.replace('_', '-')}"
    label = texts.get_text(f"controls.{control.name}.label")
    if isinstance(control, Strength):
        return gr.Slider(
            control.low, control.high, control.default, step=control.step, label=label,
            info=texts.get_text(f"controls.{control.name}.info"), elem_id=element_id, buttons=["reset"],
        )  # fmt: skip
    if isinstance(control, TemplateGallery):
        return _build_template_picker(element_id, control, label, texts, template_options)
    return gr.Dropdown(
        _list_options(control, texts), value=control.default, label=label, elem_id=element_id, allow_custom_value=False,
        info=texts.get_text(f"controls.{control.name}.info"),
    )  # fmt: skip


def _list_options(control: Choice, texts: PageTranslations) -> DropdownOptions:
    if isinstance(control, ShapeMenu):
        return [
            (texts.render(f"shape-{shape.id}", partial(_describe_shape, shape)), str(shape.id))
            for shape in load_shapes()
        ]
    return [(texts.get_text(f"options.{control.name}.{value.replace('.', '_')}"), value) for value in control.options]


def _describe_shape(shape: Shape, language: str) -> str:
    name, effect = (translate(f"shapes.{shape.key}.{part}", language) for part in ("name", "effect"))
    return translate("controls.shape_type.option", language, number=shape.id, name=name, effect=effect)


def _build_template_picker(
    element_id: str, control: TemplateGallery, label: Any, texts: PageTranslations, template_options: TemplateOptions
) -> gr.components.Component:
    """Pictures to click and a dropdown that also takes an ID typed in; they follow each other."""

    def list_previews(language: str | None) -> list[dict[str, Any]]:
        captions = [info.name[language] if language else None for info in template_options.infos]
        return [
            {"image": _publish_preview(info), "caption": caption}
            for info, caption in zip(template_options.infos, captions, strict=True)
        ]

    gallery = gr.Gallery(
        elem_id=f"{element_id}-gallery", elem_classes="template-gallery",
        columns=4, allow_preview=False, interactive=False, show_label=False, buttons=[], object_fit="cover",
        height="auto",
        selected_index=template_options.ids.index(control.default) if control.default in template_options.ids else None,
    )  # fmt: skip
    gallery.value = list_previews(None)
    dropdown = gr.Dropdown(
        [(_describe_template(texts, template_options, key), key) for key in template_options.ids],
        value=control.default, label=label, info=texts.get_text("controls.template_id.info"), elem_id=element_id,
        allow_custom_value=True,
        elem_classes=["off-stage"] if len(template_options.ids) == len(template_options.infos) else [],
    )  # fmt: skip

    def select_template(event: gr.SelectData) -> str:
        return template_options.ids[int(event.index)]

    def select_in_gallery(key: str) -> Any:
        index = template_options.ids.index(key) if key in template_options.ids else None
        return gr.Gallery(selected_index=index if index is not None and index < len(template_options.infos) else None)

    def translate_captions(request: gr.Request) -> Any:
        return list_previews(detect_language(request))

    gallery.select(select_template, None, dropdown, **PRIVATE_EVENT)
    dropdown.change(select_in_gallery, dropdown, gallery, **PRIVATE_EVENT)
    gr.on([page_load_trigger()], translate_captions, None, gallery, postprocess=False, **PRIVATE_EVENT)
    return dropdown


def _publish_preview(info: TemplateInfo) -> static_images.GradioImage:
    return static_images.register_image(f"{info.id}{info.preview.suffix}", info.preview)


def _describe_template(texts: PageTranslations, template_options: TemplateOptions, key: str) -> Any:
    infos_by_id = dict(zip(template_options.ids, template_options.infos, strict=False))
    if key not in infos_by_id:
        return key
    return texts.render(f"template-{key}", lambda language: f"{infos_by_id[key].name[language]} · {key}")


# MERGED ui/panel/preview.py: A photo that browsers cannot show (HEIC) gets a JPEG of itself as a stand-in; a run takes
# the photo beside it.


async def convert_heic_for_display(payload: Any, uploads: Path, on_file: Callable[[Path], None]) -> Any:
    """The path of a JPEG in place of a HEIC; gr.skip() for everything else, what is broken included: a run says why.

    found: is told of each file that belongs to the photo.
    """
    try:
        source = await upload_validation.read_upload(payload, uploads, on_file)
        if codec.sniff(source) != "image/heic":
            return gr.skip()
        path = await anyio.to_thread.run_sync(_write_jpeg_copy, source)
        on_file(Path(path))
        return path
    except ImageRejected:
        return gr.skip()


def _write_jpeg_copy(source: bytes) -> str:
    return write_upload("photo.jpg", codec.encode(codec.decode(source)), {ORIGINAL_FILE_NAME: source})
