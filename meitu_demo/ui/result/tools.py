"""What a comparison can be looked at with, as HTML: its views, "hold for before", zoom, and the folded "What moved".

assets/js/comparison.js gives it life; only `stage` may import it. Pure functions; every text is escaped here.
"""

from html import escape

from ...domain.translations import translate

COMPARISON_VIEWS = ("divider", "before", "after")


def render_tools(language: str, labels: tuple[str, str] | None = None) -> str:
    """The row below the pictures. names: of the two, where they are not before and after."""

    def translate_html(key: str, **params: object) -> str:
        return escape(translate(f"compare.{key}", language, **params))

    view_labels = {view: translate(f"compare.{view}", language) for view in COMPARISON_VIEWS}
    if labels:
        view_labels["before"], view_labels["after"] = labels
    announcements = {view: translate_html("only", name=view_labels[view]) for view in COMPARISON_VIEWS} | {
        "divider": translate_html("divider_told")
    }
    hold_label = translate_html("hold_name", name=labels[0]) if labels else translate_html("hold")
    views = "".join(
        f'<button type="button" data-view="{view}" data-told="{announcements[view]}" '
        f'aria-pressed="{str(view == COMPARISON_VIEWS[0]).lower()}">{escape(view_labels[view])}</button>'
        for view in COMPARISON_VIEWS
    )
    return f"""<div class="tools" role="group" aria-label="{translate_html("tools")}">
  <div class="views" role="group" aria-label="{translate_html("views")}">{views}</div>
  <button type="button" class="hold" data-told="{announcements["before"]}" aria-pressed="false">{hold_label}</button>
  <div class="zooms" role="group" aria-label="{translate_html("zoom")}" title="{translate_html("zoom_keys")}">
    <button type="button" data-zoom="out" aria-label="{translate_html("out")}" aria-disabled="true">−</button>
    <output aria-label="{translate_html("size")}">1×</output>
    <button type="button" data-zoom="in" aria-label="{translate_html("in")}">+</button>
    <button type="button" data-zoom="fit" aria-disabled="true">{translate_html("fit")}</button>
  </div>
  <p class="unseen" role="status"></p>
</div>"""


def render_displacement_section(url: str, language: str) -> str:
    """Measured when it is unfolded. address: of the route in `moved`, relative to the page."""

    def translate_html(key: str) -> str:
        return escape(translate(f"moved.{key}", language))

    return (
        f'<details class="moved" data-address="{escape(url)}" data-gone="{translate_html("gone")}" '
        f'data-failed="{translate_html("failed")}"><summary>{translate_html("title")}</summary>'
        f'<div class="found" aria-live="polite"><p>{translate_html("measuring")}</p></div></details>'
    )
