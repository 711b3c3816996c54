"""What several screens use: an endpoint's controls, introduction, result view, JPEG copies of HEIC photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import takewhile
from typing import Any

import anyio
import gradio as gr

from ...calls.targets import TargetResolver
from ...domain.controls import Option
from ...domain.errors import DemoError, ImageRejected, QueueFull
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...engine import face_templates, previews
from ...engine.face_templates import TemplateInfo
from ...photos import codec
from ...service import Caller
from ..caller import identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT, build_if_open_js
from ..gradio_patches import static_images
from ..gradio_patches.internal_state import page_load_trigger
from ..gradio_patches.uploads import ORIGINAL_FILE_NAME
from ..html import encode_data_url
from ..result import result_view
from ..security import upload_validation
from ..texts import PageTranslations, detect_language
from .preview import face_crop_in_slot
from .sheet_stream import LatestRequest


def build_introduction(texts: PageTranslations, screen: str) -> gr.HTML:
    """The introduction above the photo. screen: its name in `locales`."""
    intro_text = texts.render(f"{screen}-intro", lambda language: result_view.render_introduction(screen, language))
    return gr.HTML(intro_text, elem_classes="unstyled", apply_default_css=False)


def build_result_view(texts: PageTranslations, screen: str, slug: str) -> gr.HTML:
    """The result view in its empty state. screen: its name in `locales`. slug: prefix of the element's id."""
    empty_html = texts.render(f"{screen}-empty", lambda language: result_view.empty_state(screen, language))
    return gr.HTML(empty_html, elem_id=f"{slug}-stage", elem_classes="unstyled", apply_default_css=False)


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


@dataclass(frozen=True, slots=True)
class PanelPhoto:
    """A panel's photo, whose face the templates' tiles show. tab_id: the browser tab's id."""

    context: Context
    endpoint: Endpoint
    photo: gr.Image
    tab: gr.Tab
    tab_id: gr.components.Component


def build_controls(
    endpoint: Endpoint,
    texts: PageTranslations,
    template_options: TemplateOptions,
    panel_photo: PanelPhoto | None = None,
) -> list[gr.components.Component]:
    """Components for all controls of `endpoint`, in their order; each has the value that the control validates."""
    widgets = GradioWidgets(endpoint, texts, template_options, panel_photo)
    return [control.draw(widgets) for control in endpoint.controls]


class GradioWidgets:
    """`domain.controls.Widgets` made of Gradio components."""

    def __init__(
        self,
        endpoint: Endpoint,
        texts: PageTranslations,
        template_options: TemplateOptions,
        panel_photo: PanelPhoto | None,
    ) -> None:
        self._slug, self._vendor_id = endpoint.slug, endpoint.vendor_id
        self._texts, self._template_options, self._panel_photo = texts, template_options, panel_photo

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
        gallery, dropdown = _build_template_picker(
            element_id, default, label, self._texts, self._template_options, self._vendor_id
        )
        if self._panel_photo:
            _wire_tiles(gallery, self._template_options, self._panel_photo)
        return dropdown

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
) -> tuple[gr.Gallery, gr.Dropdown]:
    is_live = template_options.resolver.is_live(vendor_id)

    gallery = gr.Gallery(
        elem_id=f"{element_id}-gallery", elem_classes=["template-gallery", f"templates-of-engine-{vendor_id}"],
        columns=4, allow_preview=False, interactive=False, show_label=False, buttons=[], object_fit="cover",
        height="auto",
        selected_index=template_options.ids.index(default) if default in template_options.ids else None,
    )  # fmt: skip
    gallery.value = _list_tiles(template_options.infos, None)

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
        return _list_tiles(template_options.infos, detect_language(request))

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
    return gallery, dropdown


def _list_tiles(
    infos: Sequence[TemplateInfo], language: str | None, pictures: Sequence[bytes | None] = ()
) -> list[dict[str, Any]]:
    """The gallery's value. pictures: JPEGs with the visitor's face; a tile without one shows the example's."""
    images = [_register_example_tile(info) for info in infos]
    for index, picture in enumerate(pictures):
        if picture:
            images[index] = {**images[index], "url": encode_data_url(picture)}
    captions = [info.name[language] if language else None for info in infos]
    return [{"image": image, "caption": caption} for image, caption in zip(images, captions, strict=True)]


@cache
def _register_example_tile(info: TemplateInfo) -> static_images.GradioImage:
    return static_images.register_image(f"template-{info.id}.jpg", partial(previews.render_example_tile, info))


def _wire_tiles(gallery: gr.Gallery, template_options: TemplateOptions, panel_photo: PanelPhoto) -> None:
    """Draw the tiles with the face of each new photo; a newer photo cancels that. Where calls are live, none is shown.

    They travel inside the answer and are not stored.
    """
    context, endpoint = panel_photo.context, panel_photo.endpoint
    latest_request = LatestRequest()

    async def draw_tiles(request: gr.Request, payload: Any, tab_id: Any, visitor_keys: Any) -> Any:
        caller, language = identify_caller(request, tab_id), detect_language(request)
        is_current = latest_request.register(caller.session_id, upload_validation.get_payload_path(payload))
        if template_options.resolver.with_visitor_keys(visitor_keys).is_live(endpoint.vendor_id):
            return gr.skip()
        if not payload:
            return _list_tiles(template_options.infos, language)
        try:
            async with face_crop_in_slot(context, endpoint, payload, caller) as face_crop:
                tiles = takewhile(lambda _: is_current(), previews.render_tiles(face_crop))
                pictures = await anyio.to_thread.run_sync(list, tiles)
        except QueueFull:  # the tiles stay as they are
            return gr.skip()
        except DemoError:  # the preview explains it
            pictures = []
        return _list_tiles(template_options.infos, language, pictures) if is_current() else gr.skip()

    wiring: dict[str, Any] = {
        "fn": draw_tiles, "inputs": [panel_photo.photo, panel_photo.tab_id, template_options.visitor_keys],
        "outputs": gallery, "preprocess": False, "postprocess": False, "concurrency_limit": None,
        "trigger_mode": "multiple", **PRIVATE_EVENT,
    }  # fmt: skip
    panel_photo.photo.change(js=build_if_open_js(endpoint.slug), **wiring)
    panel_photo.tab.select(**wiring)


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
