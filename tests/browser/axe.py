"""axe-core on a page: what people who see, hear or move differently would stumble over.

Everything of ours is held to nothing serious or critical. What Gradio makes and offers no way to change is named here.
"""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

SCRIPT = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
GRAVE = ("serious", "critical")
SHADED = ("color-contrast", "link-in-text-block")  # rules whose findings differ between light and dark

# (rule, what a finding's markup or selector contains): why it stays.
GRADIOS = {
    ("document-title", "<html"): "Gradio's login page has no title, and takes neither one nor a script of ours",
}

RUN = """async only => {
  const rules = only.length ? {runOnly: {type: 'rule', values: only}} : {};
  const found = await axe.run(document, {...rules, resultTypes: ['violations'], elementRef: false, preload: false});
  return found.violations.flatMap(({id, impact, help, nodes}) => nodes.map(node =>
    ({id, impact: node.impact ?? impact, help, at: node.target.flat().join(' '), html: node.html.slice(0, 200),
      why: [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')})));
}"""


def grave(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page as it stands, serious and critical, a line each. rules: only these; else all."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN, list(rules))
    return [
        f"axe, {one['id']}: {one['at']} {one['html']} ({one['why']})"
        for one in found
        if one["impact"] in GRAVE and not _is_gradios(one)
    ]


def _is_gradios(one: dict[str, Any]) -> bool:
    return any(rule == one["id"] and part in one["at"] + one["html"] for rule, part in GRADIOS)
