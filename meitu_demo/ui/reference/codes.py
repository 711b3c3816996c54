"""The reference page's codes: both vendors' and our own failures, explained as a person would be told.

Codes about which a person is told the same stand together. Only `ui/reference/page.py` may import it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from ... import errors
from ...billing import classify_billing
from ...errors import DemoError, ImageRejected, VendorError
from ...explain import explain
from ...tables import VendorCode, find_vendor_code, list_vendor_codes
from ...words import get_texts, translate

VENDORS = ("meitu", "ailab")


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is told."""

    slug: str
    title: str
    why: str
    fix: str
    cost: str


def told(error: DemoError, language: str) -> Told:
    """The explanation of `error` for a paid call."""
    found, billing = explain(error, language), classify_billing(error)
    cost = translate(f"billing.{billing}.cost", language) if billing else ""
    return Told(found.slug, found.title, found.why, found.fix, cost)


def of_vendor(provider: str, language: str) -> dict[Told, list[VendorCode]]:
    """Every code in the vendor's lists under what is told of it, in the order of the lists."""
    found: dict[Told, list[VendorCode]] = {}
    for name in list_vendor_codes(provider):
        code = find_vendor_code(provider, name)
        assert code is not None
        error = VendorError(provider, name, http_status=code.http)
        found.setdefault(told(error, language), []).append(code)
    return found


def ours() -> Iterator[DemoError]:
    """One error for each slug that has words and is in no vendor's list."""
    theirs = {code.slug for name in VENDORS for key in list_vendor_codes(name) if (code := find_vendor_code(name, key))}
    for slug in get_texts("en")["errors"]:
        if slug not in theirs:
            yield of_slug(slug)


def of_slug(slug: str) -> DemoError:
    """An error that is explained under `slug`: of the class with the longest name that it begins with."""
    kinds = [kind for kind in _below(DemoError) if slug == kind.slug or slug.startswith(f"{kind.slug}_")]
    kind = max(kinds, key=lambda kind: len(kind.slug), default=ImageRejected)
    return kind("", "") if issubclass(kind, VendorError) else kind(slug)


def section(language: str) -> str:
    """The section as HTML."""

    def say(key: str) -> str:
        return escape(translate(f"reference.{key}", language))

    def group(name: str, title: str, cases: Iterable[str]) -> str:
        return f"""<section class="group" id="codes-{name}"><h3>{title}</h3><p class="intro">{say(f"{name}_note")}</p>
<ul class="cases">{"".join(cases)}</ul></section>
"""

    groups = ""
    for provider in VENDORS:
        known = of_vendor(provider, language).items()
        title = escape(translate(f"providers.{provider}.name", language))
        groups += group(provider, title, (_case(said, map(_code, codes), language) for said, codes in known))
    own = (told(error, language) for error in ours())
    groups += group("demo", say("demo_name"), (_case(said, [_own(said.slug)], language) for said in own))
    return f'<section id="codes"><h2>{say("codes")}</h2><p class="intro">{say("codes_intro")}</p>{groups}</section>\n'


def _case(said: Told, codes: Iterable[str], language: str) -> str:
    fix, cost, colon = (escape(translate(f"reference.{key}", language)) for key in ("fix", "cost", "colon"))
    price = f'<p class="small">{cost}{colon}{escape(said.cost)}</p>' if said.cost else ""
    return f"""<li class="case" data-slug="{escape(said.slug)}"><ul>{"".join(codes)}</ul>
<div><h4>{escape(said.title)}</h4><p>{escape(said.why)}</p><p><b>{fix}</b> {escape(said.fix)}</p>{price}</div></li>
"""


def _code(code: VendorCode) -> str:
    anchor = escape(f"{code.provider}-{code.code}")
    constant = f"<span>{escape(code.constant)}</span> " if code.constant else ""
    return (
        f'<li id="{anchor}" data-hit><a href="#{anchor}">{_breakable(code.code)}</a> '
        f"{constant}<span>HTTP {code.http}</span></li>"
    )


def _own(slug: str) -> str:
    return f'<li id="demo-{escape(slug)}" data-hit><a href="#demo-{escape(slug)}">{_breakable(slug)}</a></li>'


def _breakable(name: str) -> str:
    """May go on in the next line after an underscore."""
    return escape(name).replace("_", "_<wbr>")


def _below(kind: type[DemoError]) -> Iterator[type[DemoError]]:
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield below
            yield from _below(below)
