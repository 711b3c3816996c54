"""What a comparison can be looked at with, as HTML: its views, "hold for before", zoom, and the folded "What moved".

assets/js/comparison.js gives it life; only `stage` may import it. Pure functions; every text is escaped here.
"""

from html import escape

from ...words import translate

VIEWS = ("divider", "before", "after")


def tools(language: str, names: tuple[str, str] | None = None) -> str:
    """The row below the pictures. names: of the two, where they are not before and after."""

    def say(key: str, **facts: object) -> str:
        return escape(translate(f"compare.{key}", language, **facts))

    words = {view: translate(f"compare.{view}", language) for view in VIEWS}
    if names:
        words["before"], words["after"] = names
    told = {view: say("only", name=words[view]) for view in VIEWS} | {"divider": say("divider_told")}
    hold = say("hold_name", name=names[0]) if names else say("hold")
    views = "".join(
        f'<button type="button" data-view="{view}" data-told="{told[view]}" '
        f'aria-pressed="{str(view == VIEWS[0]).lower()}">{escape(words[view])}</button>'
        for view in VIEWS
    )
    return f"""<div class="tools" role="group" aria-label="{say("tools")}">
  <div class="views" role="group" aria-label="{say("views")}">{views}</div>
  <button type="button" class="hold" data-told="{told["before"]}" aria-pressed="false">{hold}</button>
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
