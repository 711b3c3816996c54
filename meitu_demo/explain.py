"""From an error to what a person is told: `explain` gives title, why, fix and details.

Slug and facts come from the error, the sentences from ``locales/``; a vendor's code finds its slug in
``data/errors.toml``. Everything in an `Explanation` is plain text, and some of it was written by a stranger (the
vendor's message, its code, a typed value): whoever renders it must escape it and must never read it as HTML or
Markdown. Imports `errors`, `billing`, `redaction` and `tables`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from .billing import Billing, billing_of
from .errors import DemoError, ProviderError
from .redaction import scrub
from .tables import fill, gaps, text_slug, translate, vendor_code, words

LONGEST = 200  # characters kept of anything that others wrote
READ = 2000  # characters of it that are looked at
UNSURE = 1000  # the last of those, where there are more: half a key may stand there, which is not recognised
# A vendor may quote a result link or another's key, and those keys are not known here.
LINKS_AND_KEYS = re.compile(r"\w{1,12}://\S+|(?:key|secret)\w{0,20}[\"']?\s{0,4}[=:]\s{0,4}\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, why, what to do, and facts for whoever looks closer. Plain text: escape it when rendering.

    slug: of the words that were chosen. code: short tag such as "Meitu 20003", or the slug of an error of our own.
    details: (label, value) pairs. run: the id of the run, or "".
    """

    slug: str
    title: str
    why: str
    fix: str
    code: str
    details: tuple[tuple[str, str], ...]
    language: str
    run: str = ""

    def as_text(self) -> str:
        """All of it in one line, for clients of the API."""
        parts = {"title": self.title, "why": self.why, "fix": self.fix, "code": self.code}
        text = translate("explanation.text", self.language, **parts)
        return translate("explanation.run", self.language, text=text, run=self.run) if self.run else text


def explain(error: BaseException, language: str, *, paid: bool = True) -> Explanation:
    """`error` in words. Never raises, and says nothing of an exception that is not ours: it may hold paths or keys.

    paid: whether the call could cost money (`Route.paid`); only then a word about billing is added.
    """
    run = clean(getattr(error, "run", ""))
    if not isinstance(error, DemoError):
        error = DemoError()
    facts = _facts(error, language)
    slug = _slug(error, facts)
    billing = billing_of(error) if paid else None
    title, why, fix = (_text(language, slug, field, facts) for field in ("title", "why", "fix"))
    if billing:
        why = _joined(language, why, translate(f"billing.{billing}.why", language))
        fix = _joined(language, translate(f"billing.{billing}.fix", language), fix)
    details = _details(error, facts, billing, language, run)
    code = f"{facts.get('provider', '')} {facts['code']}" if isinstance(error, ProviderError) else clean(error.slug)
    return Explanation(slug, title, why, fix, code.strip(), details, language, run)


def clean(text: object, longest: int = LONGEST) -> str:
    """`text` in one line without keys, links, control, direction and other invisible characters, shortened.

    No more than its beginning is looked at: a stranger's text may be as long as an answer.
    """
    whole = str(text)
    visible = (
        " " if char.isspace() else char
        for char in whole[:READ]
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )  # fmt: skip
    line = " ".join("".join(visible).split())
    line = scrub(LINKS_AND_KEYS.sub("…", line))  # now that nothing invisible stands between a key's letters
    if len(whole) > READ:
        line = line[:-UNSURE] + "…"
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _facts(error: DemoError, language: str) -> dict[str, object]:
    """The error's facts, fit to be shown; an empty one counts as not known. The provider gets its name and settings."""
    facts: dict[str, object] = {
        name: value if isinstance(value, int | float) else clean(value, 80)
        for name, value in error.facts.items()
        if value not in (None, "", "?")
    }
    if isinstance(error, ProviderError):
        facts["code"] = clean(error.code) or str(error.http_status)
    provider = facts.get("provider")
    known: Mapping[str, str] = words(language)["providers"].get(provider, {})
    facts |= known
    if known:
        facts["provider"] = known["name"]
    return facts


def _slug(error: DemoError, facts: Mapping[str, object]) -> str:
    """The slug that has words. A cause makes it more exact where there are words for that."""
    if isinstance(error, ProviderError):
        found = vendor_code(error.provider, error.code.strip() or str(error.http_status))
        by_text = text_slug(error.provider, error.vendor_message)
        return by_text or (found.slug if found else error.slug)
    known = words("en")["errors"]
    exact = f"{error.slug}_{facts.get('cause')}"
    return next((slug for slug in (exact, error.slug) if slug in known), DemoError.slug)


def _text(language: str, slug: str, field: str, facts: Mapping[str, object]) -> str:
    """The form with facts if all of them are known, else the one that needs none."""
    texts = words(language)["errors"][slug]
    with_facts = texts.get(f"{field}_facts")
    return fill(with_facts if with_facts and gaps(with_facts) <= facts.keys() else texts[field], facts)


def _joined(language: str, *sentences: str) -> str:
    return translate("explanation.between", language).join(filter(None, sentences))


def _details(
    error: DemoError, facts: Mapping[str, object], billing: Billing | None, language: str, run: str
) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, object]] = [("code", facts.get("code")), ("provider", facts.get("provider"))]
    if billing:
        rows.append(("cost", translate(f"billing.{billing}.cost", language)))
    if isinstance(error, ProviderError):
        rows += [("http_status", error.http_status), ("request_id", error.request_id)]
        rows += [("vendor_message", error.vendor_message)]
    else:
        rows += [("http_status", facts.get("http_status")), ("request_id", facts.get("request_id"))]
    rows += [("run", run)]
    return tuple((translate(f"details.{name}", language), clean(value)) for name, value in rows if value)
