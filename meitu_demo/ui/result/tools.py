"""What a comparison can be looked at with, as HTML: its views, "hold for before", zoom, and the folded "What moved".

assets/js/comparison.js gives it life; only `stage` may import it. Pure functions; every text is escaped here.
"""

from html import escape

from ...words import translate

VIEWS = ("divider", "before", "after")


def tools(language: str) -> str:
    """The row below the pictures."""

    def say(key: str) -> str:
        return escape(translate(f"compare.{key}", language))

    views = "".join(
        f'<button type="button" data-view="{view}" data-told="{say(f"{view}_told")}" '
        f'aria-pressed="{str(view == VIEWS[0]).lower()}">{say(view)}</button>'
        for view in VIEWS
    )
    return f"""<div class="tools" role="group" aria-label="{say("tools")}">
  <div class="views" role="group" aria-label="{say("views")}">{views}</div>
  <button type="button" class="hold" data-told="{say("before_told")}" aria-pressed="false">{say("hold")}</button>
  <div class="zooms" role="group" aria-label="{say("zoom")}" title="{say("zoom_keys")}">
    <button type="button" data-zoom="out" aria-label="{say("out")}" aria-disabled="true">−</button>
    <output aria-label="{say("size")}">1×</output>
    <button type="button" data-zoom="in" aria-label="{say("in")}">+</button>
    <button type="button" data-zoom="fit" aria-disabled="true">{say("fit")}</button>
  </div>
  <p class="unseen" role="status"></p>
</div>"""


def folded_moved(address: str, language: str) -> str:
    """Measured when it is unfolded. address: of the route in `moved`, relative to the page."""

    def say(key: str) -> str:
        return escape(translate(f"moved.{key}", language))

    return (
        f'<details class="moved" data-address="{escape(address)}" data-gone="{say("gone")}" '
        f'data-failed="{say("failed")}"><summary>{say("title")}</summary>'
        f'<div class="found" aria-live="polite"><p>{say("measuring")}</p></div></details>'
    )
