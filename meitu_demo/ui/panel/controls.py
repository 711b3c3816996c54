"""What several screens use: an endpoint's controls, introduction, result view, JPEG copies of HEIC photos."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ...calls.targets import TargetResolver
from ...domain.controls import Option
from ...domain.errors import ImageRejected
from ...domain.model import Endpoint
from ...domain.translations import translate
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


def build_introduction(texts: PageTranslations, screen: str) -> gr.HTML:
    """The introduction above the photo. screen: its name in `locales`."""
    intro_text = texts.render(f"{screen}-intro", lambda language: result_view.render_introduction(screen, language))
    return gr.HTML(intro_text, elem_classes="bare", apply_default_css=False)


def build_result_view(texts: PageTranslations, screen: str, slug: str) -> gr.HTML:
    """The result view in its empty state. screen: its name in `locales`. slug: prefix of the element's id."""
    empty_html = texts.render(f"{screen}-empty", lambda language: result_view.empty_state(screen, language))
    return gr.HTML(empty_html, elem_id=f"{slug}-stage", elem_classes="bare", apply_default_css=False)


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """The template IDs to choose from, in gallery order. infos: of the first ones, which the offline engine has.

    live_ids: those that a vendor knows; the engine's drawings are not among them. resolver, visitor_keys: whether calls
    are live. masthead: changes when that does.
    """

    ids: tuple[str, ...]
    infos: tuple[TemplateInfo, ...]
    live_ids: tuple[str, ...]
    resolver: TargetResolver
    visitor_keys: gr.State
    masthead: gr.HTML

    @classmethod
    def collect(
        cls, extra_ids: Sequence[str], resolver: TargetResolver, visitor_keys: gr.State, masthead: gr.HTML
    ) -> "TemplateOptions":
        """The wire IDs of all templates, then the `extra_ids` of the owner's settings."""
        infos = face_templates.list_templates()
        ids = tuple(dict.fromkeys((*(info.wire_id for info in infos), *extra_ids)))
        live_ids = tuple(dict.fromkeys((*extra_ids, *(info.wire_id for info in infos if info.aliases))))
        return cls(ids, infos, live_ids, resolver, visitor_keys, masthead)


def build_controls(
    endpoint: Endpoint, texts: PageTranslations, template_options: TemplateOptions
) -> list[gr.components.Component]:
    """Components for all controls of `endpoint`, in their order; each has the value that the control validates."""
    widgets = GradioWidgets(endpoint, texts, template_options)
    return [control.draw(widgets) for control in endpoint.controls]


class GradioWidgets:
    """`domain.controls.Widgets` made of Gradio components."""

    def __init__(self, endpoint: Endpoint, texts: PageTranslations, template_options: TemplateOptions) -> None:
        self._slug, self._vendor_id = endpoint.slug, endpoint.vendor_id
        self._texts, self._template_options = texts, template_options

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
        return _build_template_picker(element_id, default, label, self._texts, self._template_options, self._vendor_id)

    def _get_label(self, name: str) -> Any:
        return self._texts.get_text(f"controls.{name}.label")

    def _get_info(self, name: str) -> Any:
        return self._texts.get_text(f"controls.{name}.info")

    def _get_element_id(self, name: str) -> str:
        return f"{self._slug}-{name.replace('_', '-')}"


def _build_template_picker(
    element_id: str,
    default: str,
    label: Any,
    texts: PageTranslations,
    template_options: TemplateOptions,
    vendor_id: str,
) -> gr.components.Component:
    is_live = template_options.resolver.is_live(vendor_id)

    def list_previews(language: str | None) -> list[dict[str, Any]]:
        captions = [info.name[language] if language else None for info in template_options.infos]
        return [
            {"image": _publish_preview(info), "caption": caption}
            for info, caption in zip(template_options.infos, captions, strict=True)
        ]

    gallery = gr.Gallery(
        elem_id=f"{element_id}-gallery", elem_classes=["template-gallery", f"templates-of-engine-{vendor_id}"],
        columns=4, allow_preview=False, interactive=False, show_label=False, buttons=[], object_fit="cover",
        height="auto",
        selected_index=template_options.ids.index(default) if default in template_options.ids else None,
    )  # fmt: skip
    gallery.value = list_previews(None)

    def list_choices(*, is_live: bool, language: str | None) -> list[tuple[Any, str]]:
        if is_live:
            return [(key, key) for key in template_options.live_ids]
        return [(_describe_template(texts, template_options, key, language), key) for key in template_options.ids]

    dropdown = gr.Dropdown(
        list_choices(is_live=is_live, language=None),
        value=_choose_live_template(default, template_options) if is_live else default,
        label=label, info=texts.get_text(f"controls.template_id.info{'_live' if is_live else ''}"), elem_id=element_id,
        allow_custom_value=True,
        elem_classes=[f"kiosk-hidden-{vendor_id}"] if len(template_options.ids) == len(template_options.infos) else [],
    )  # fmt: skip

    def select_template(event: gr.SelectData) -> Any:
        is_known = 0 <= event.index < len(template_options.ids)
        return template_options.ids[event.index] if is_known else gr.skip()

    def select_in_gallery(key: str) -> Any:
        index = template_options.ids.index(key) if key in template_options.ids else None
        return gr.Gallery(selected_index=index if index is not None and index < len(template_options.infos) else None)

    def translate_captions(request: gr.Request) -> Any:
        return list_previews(detect_language(request))

    def follow_keys(request: gr.Request, visitor_keys: Any, key: Any) -> Any:
        is_live = template_options.resolver.with_visitor_keys(visitor_keys).is_live(vendor_id)
        language = detect_language(request)
        info = translate(f"controls.template_id.info{'_live' if is_live else ''}", language)
        choices = list_choices(is_live=is_live, language=language)
        return gr.Dropdown(choices, value=_choose_live_template(key, template_options) if is_live else key, info=info)

    template_options.masthead.change(
        follow_keys, [template_options.visitor_keys, dropdown], dropdown, preprocess=False, **PRIVATE_EVENT
    )
    gallery.select(select_template, None, dropdown, **PRIVATE_EVENT)
    dropdown.change(select_in_gallery, dropdown, gallery, **PRIVATE_EVENT)
    gr.on([page_load_trigger()], translate_captions, None, gallery, postprocess=False, **PRIVATE_EVENT)
    return dropdown


def _publish_preview(info: TemplateInfo) -> static_images.GradioImage:
    return static_images.register_image(f"{info.id}.webp", partial(face_templates.render_thumbnail, info))


def _choose_live_template(key: Any, template_options: TemplateOptions) -> Any:
    """`key`, or the first template of the vendor's in place of one that only the offline engine has."""
    is_drawn = key in template_options.ids and key not in template_options.live_ids
    return template_options.live_ids[0] if is_drawn else key


def _describe_template(
    texts: PageTranslations, template_options: TemplateOptions, key: str, language: str | None
) -> Any:
    infos_by_id = dict(zip(template_options.ids, template_options.infos, strict=False))
    if key not in infos_by_id:
        return key
    if language:
        return f"{infos_by_id[key].name[language]} · {key}"
    return texts.render(f"template-{key}", lambda language: f"{infos_by_id[key].name[language]} · {key}")


async def convert_heic_for_display(payload: Any, uploads: Path, on_file: Callable[[Path], None]) -> Any:
    """The path of a JPEG copy of a HEIC photo, which browsers cannot show; gr.skip() for other and for broken files.

    A run reads the original, which is in the copy's folder. on_file: called with each file that belongs to the photo.
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
