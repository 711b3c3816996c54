"""Cached signatures of constructors are the signatures that Gradio would compute."""

import inspect

import gradio as gr
import pytest

from meitu_demo.ui.gradio_patches import mount

pytestmark = pytest.mark.gradio_internals


def test_cached_signatures_leave_the_configuration_as_it_was() -> None:
    """Also with parameters that a subclass passes on; and no constructor is inspected again."""

    class CustomSlider(gr.Slider):
        def __init__(self, extra: int = 7, **kwargs: object) -> None:
            self.extra = extra
            super().__init__(**kwargs)  # type: ignore[arg-type]

    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.Slider(0, 1, 0.5, label="strength")
        gr.Image(label="photo", sources=["upload"])
        gr.HTML("text")
        custom = CustomSlider(9)
    before = {number: block.get_config() for number, block in blocks.blocks.items()}
    mount.cache_signatures(blocks)
    assert {number: block.get_config() for number, block in blocks.blocks.items()} == before
    assert before[custom._id]["extra"] == 9
    for component_class in (gr.Slider, gr.Image, gr.HTML, CustomSlider):
        assert inspect.signature(component_class.__init__) is inspect.signature(component_class.__init__)
