"""Choosing a template: pictures to click, and a dropdown that also accepts a typed ID; each follows the other.

Where calls are live, the pictures are those of the vendor's templates of which the owner has one: a file in
`TEMPLATES_DIR` whose name is an ID in `MEITU_TEMPLATE_IDS`.
The pictures are HTML, and the browser alone makes the two follow each other (assets/js/dropdowns.js).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import takewhile
from typing import Any

import anyio
import gradio as gr
from markupsafe import Markup

from ...calls.targets import TargetResolver
from ...domain.errors import DemoError, QueueFull
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...engine import face_templates, previews
from ...engine.face_templates import TemplateInfo
from ..caller import identify_caller
from ..context import Context
from ..events import CLICKED_ACTION_JS, PRIVATE_EVENT, TRIGGER_JS, build_if_open_js
from ..gradio_patches import static_images
from ..html import encode_data_url, render
from ..security import upload_validation
from ..texts import PageTranslations, detect_language
from .preview import face_crop_in_slot
from .sheet_stream import LatestRequest


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """The template IDs to choose from, in the order of the pictures. infos: of the first ones, which the engine has.

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

    @property
    def vendor_infos(self) -> list[TemplateInfo]:
        """The owner's pictures of templates that a vendor knows."""
        return [info for info in self.infos if info.kind == "own" and info.wire_id in self.live_ids]


@dataclass(frozen=True, slots=True)
class TemplatePicker:
    """The components of a picker. element_id: of the dropdown, and prefix of the pictures'."""

    element_id: str
    tiles: gr.HTML
    dropdown: gr.Dropdown
    options: TemplateOptions

    @property
    def mark_js(self) -> str:
        """JavaScript that marks the picture of the chosen template."""
        return f"key => window.markTemplate('{self.element_id}', key)"


def build_template_picker(
    element_id: str, default: str, label: Any, texts: PageTranslations, options: TemplateOptions, vendor_id: str
) -> TemplatePicker:
    """Lay out both components and wire them. default: the chosen template's ID."""
    is_live, vendor = options.resolver.is_live(vendor_id), f"vendors.{vendor_id}.name"
    tiles = gr.HTML(
        texts.render(f"template-tiles-{default}", partial(render_tiles, options, default)),
        elem_id=f"{element_id}-gallery",
        elem_classes=["unstyled", "template-gallery", f"templates-of-engine-{vendor_id}"],
        apply_default_css=False, js_on_load=TRIGGER_JS,
    )  # fmt: skip

    infos_by_id = dict(zip(options.ids, options.infos, strict=False))

    def list_choices(*, is_live: bool, language: str | None) -> list[tuple[Any, str]]:
        def describe(key: str) -> Any:
            if key not in infos_by_id:
                return key
            render_name = partial(_describe_template, infos_by_id[key], vendor_id if is_live else "")
            name = f"template-{vendor_id if is_live else 'offline'}-{key}"
            return render_name(language) if language else texts.render(name, render_name)

        return [(describe(key), key) for key in (options.live_ids if is_live else options.ids)]

    def describe_ids(language: str) -> str:
        return translate("controls.template_id.info_live", language, vendor=translate(vendor, language))

    dropdown = gr.Dropdown(
        list_choices(is_live=is_live, language=None),
        value=_choose_live_template(default, options) if is_live else default,
        label=label, info=texts.render(f"template-ids-{vendor_id}", describe_ids) if is_live else None,
        elem_id=element_id, allow_custom_value=True,
        elem_classes=[f"pictured-ids-{vendor_id}"] if len(options.ids) == len(options.infos) else [],
    )  # fmt: skip

    def follow_keys(request: gr.Request, visitor_keys: Any, key: Any) -> Any:
        is_live = options.resolver.with_visitor_keys(visitor_keys).is_live(vendor_id)
        language = detect_language(request)
        info = describe_ids(language) if is_live else ""
        choices = list_choices(is_live=is_live, language=language)
        return gr.Dropdown(choices, value=_choose_live_template(key, options) if is_live else key, info=info)

    picker = TemplatePicker(element_id, tiles, dropdown, options)
    options.masthead.change(follow_keys, [options.visitor_keys, dropdown], dropdown, preprocess=False, **PRIVATE_EVENT)
    tiles.click(None, None, dropdown, js=CLICKED_ACTION_JS, **PRIVATE_EVENT)
    dropdown.change(None, dropdown, None, js=picker.mark_js, **PRIVATE_EVENT)
    return picker


def render_tiles(
    options: TemplateOptions, chosen_id: Any, language: str, pictures: Sequence[bytes | None] = ()
) -> Markup:
    """The pictures, one of them pressed. pictures: JPEGs with the visitor's face, in place of the example's."""
    vendor_infos = options.vendor_infos
    urls = [_register_example_tile(info) for info in options.infos]
    urls[: len(pictures)] = [
        encode_data_url(picture) if picture else url for picture, url in zip(pictures, urls, strict=False)
    ]
    tiles = [
        {
            "key": info.wire_id,
            "url": url,
            "name": info.name[language],
            "is_chosen": info.wire_id == chosen_id,
            "is_vendors": info in vendor_infos,
        }
        for info, url in zip(options.infos, urls, strict=True)
    ]
    return render("template_picker.tiles", tiles=tiles)


@cache
def _register_example_tile(info: TemplateInfo) -> str:
    return static_images.register_image(f"template-{info.id}.jpg", partial(previews.render_example_tile, info))


def wire_tiles(
    picker: TemplatePicker,
    context: Context,
    endpoint: Endpoint,
    photo: gr.Image,
    tab_id: gr.components.Component,
) -> None:
    """Draw the tiles with the face of each new photo; a newer photo cancels that.

    They travel inside the answer and are not stored. assets/js/preview.js says when there is another photo. tab_id: the
    browser tab's id.
    """
    options, latest_request = picker.options, LatestRequest()

    async def draw_tiles(request: gr.Request, payload: Any, tab_id: Any, visitor_keys: Any, key: Any) -> Any:
        caller, language = identify_caller(request, tab_id), detect_language(request)
        is_current = latest_request.register(caller.session_id, upload_validation.get_payload_path(payload))
        if not options.vendor_infos and options.resolver.with_visitor_keys(visitor_keys).is_live(endpoint.vendor_id):
            return gr.skip()  # no tile is shown
        if not payload:
            return render_tiles(options, key, language)
        try:
            async with face_crop_in_slot(context, endpoint, payload, caller) as face_crop:
                tiles = takewhile(lambda _: is_current(), previews.render_tiles(face_crop))
                pictures = await anyio.to_thread.run_sync(list, tiles)
        except QueueFull:  # the tiles stay as they are
            return gr.skip()
        except DemoError:  # the preview explains it
            pictures = []
        return render_tiles(options, key, language, pictures) if is_current() else gr.skip()

    drawn = picker.tiles.input(
        draw_tiles, [photo, tab_id, options.visitor_keys, picker.dropdown], picker.tiles,
        js=build_if_open_js(endpoint.slug), preprocess=False, concurrency_limit=None, trigger_mode="multiple",
        **PRIVATE_EVENT,
    )  # fmt: skip
    # Another template may have been chosen meanwhile.
    drawn.then(None, picker.dropdown, None, js=picker.mark_js, **PRIVATE_EVENT)


def _choose_live_template(key: Any, options: TemplateOptions) -> Any:
    """`key`, or the first template of the vendor's in place of one that only the offline engine has."""
    is_drawn = key in options.ids and key not in options.live_ids
    return options.live_ids[0] if is_drawn else key


def _describe_template(info: TemplateInfo, live_vendor_id: str, language: str) -> str:
    """The template in the dropdown. live_vendor_id: "" offline; the vendor's pictures are not those of the engine."""
    if live_vendor_id and info.kind != "own":
        vendor = translate(f"vendors.{live_vendor_id}.name", language)
        return translate("controls.template_id.documented", language, template=info.wire_id, vendor=vendor)
    return " · ".join(dict.fromkeys((info.name[language], info.wire_id)))  # a picture may be named by its ID
