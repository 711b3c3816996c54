"""What Gradio asks of every component, answered once: the same answers."""

import inspect

import gradio as gr

from meitu_demo.ui.gradio_patches import signatures


def test_the_page_says_the_same_of_its_components() -> None:
    """Configurations, parents' parameters included, are what they were, and no constructor is looked into again."""

    class Mine(gr.Slider):
        def __init__(self, mine: int = 7, **more: object) -> None:
            self.mine = mine
            super().__init__(**more)  # type: ignore[arg-type]

    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.Slider(0, 1, 0.5, label="strength")
        gr.Image(label="photo", sources=["upload"])
        gr.HTML("text")
        own = Mine(9)
    before = {number: block.get_config() for number, block in blocks.blocks.items()}
    signatures.cache_signatures(blocks)
    assert {number: block.get_config() for number, block in blocks.blocks.items()} == before
    assert before[own._id]["mine"] == 9
    for kind in (gr.Slider, gr.Image, gr.HTML, Mine):
        assert inspect.signature(kind.__init__) is inspect.signature(kind.__init__)
