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

from ..redaction.secrets import redact
from .billing import Billing, classify_billing
from .errors import DemoError, VendorError
from .vendor_codes import find_placeholders, find_vendor_code, format_text, get_texts, match_text_slug, translate

MAX_CLEAN_CHARS = 200  # characters kept of anything that others wrote
MAX_READ_CHARS = 2000  # characters of it that are looked at
UNCERTAIN_TAIL_CHARS = (
    1000  # the last of those, where there are more: half a key may stand there, which is not recognised
)
# A vendor may quote a result link or another's key, and those keys are not known here.
LINK_OR_KEY = re.compile(r"\w{1,12}://\S+|(?:key|secret)\w{0,20}[\"']?\s{0,4}[=:]\s{0,4}\S+", re.IGNORECASE)


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


def explain(error: BaseException, language: str, *, is_billable: bool = True) -> Explanation:
    """`error` in words. Never raises, and says nothing of an exception that is not ours: it may hold paths or keys.

    paid: whether the call could cost money (`Route.is_billable`); only then a word about billing is added.
    """
    run = sanitize(getattr(error, "run", ""))
    if not isinstance(error, DemoError):
        error = DemoError()
    facts = _collect_facts(error, language)
    slug = _choose_slug(error, facts)
    billing = classify_billing(error) if is_billable else None
    title, why, fix = (_render_text(language, slug, field, facts) for field in ("title", "why", "fix"))
    if billing:
        why = _join_sentences(language, why, translate(f"billing.{billing}.why", language))
        fix = _join_sentences(language, translate(f"billing.{billing}.fix", language), fix)
    details = _build_details(error, facts, billing, language, run)
    code = f"{facts.get('provider', '')} {facts['code']}" if isinstance(error, VendorError) else sanitize(error.slug)
    return Explanation(slug, title, why, fix, code.strip(), details, language, run)


def sanitize(text: object, max_chars: int = MAX_CLEAN_CHARS) -> str:
    """`text` in one line without keys, links, control, direction and other invisible characters, shortened.

    No more than its beginning is looked at: a stranger's text may be as long as an answer.
    """
    full_text = str(text)
    visible = (
        " " if char.isspace() else char
        for char in full_text[:MAX_READ_CHARS]
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )  # fmt: skip
    line = " ".join("".join(visible).split())
    line = redact(LINK_OR_KEY.sub("…", line))  # now that nothing invisible stands between a key's letters
    if len(full_text) > MAX_READ_CHARS:
        line = line[:-UNCERTAIN_TAIL_CHARS] + "…"
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def _collect_facts(error: DemoError, language: str) -> dict[str, object]:
    """The error's facts, fit to be shown; an empty one counts as not known. The provider gets its name and settings."""
    facts: dict[str, object] = {
        name: value if isinstance(value, int | float) else sanitize(value, 80)
        for name, value in error.facts.items()
        if value not in (None, "", "?")
    }
    if isinstance(error, VendorError):
        facts["code"] = sanitize(error.code) or str(error.http_status)
    provider = facts.get("provider")
    vendor_texts: Mapping[str, str] = get_texts(language)["providers"].get(provider, {})
    facts |= vendor_texts
    if vendor_texts:
        facts["provider"] = vendor_texts["name"]
    return facts


def _choose_slug(error: DemoError, facts: Mapping[str, object]) -> str:
    """The slug that has words. A cause makes it more exact where there are words for that."""
    if isinstance(error, VendorError):
        known_code = find_vendor_code(error.provider, error.code.strip() or str(error.http_status))
        slug_by_text = match_text_slug(error.provider, error.vendor_message)
        return slug_by_text or (known_code.slug if known_code else error.slug)
    explained = get_texts("en")["errors"]
    slug_with_cause = f"{error.slug}_{facts.get('cause')}"
    return next((slug for slug in (slug_with_cause, error.slug) if slug in explained), DemoError.slug)


def _render_text(language: str, slug: str, field: str, facts: Mapping[str, object]) -> str:
    """The form with facts if all of them are known, else the one that needs none."""
    texts = get_texts(language)["errors"][slug]
    with_facts = texts.get(f"{field}_facts")
    return format_text(
        with_facts if with_facts and find_placeholders(with_facts) <= facts.keys() else texts[field], facts
    )


def _join_sentences(language: str, *sentences: str) -> str:
    return translate("explanation.between", language).join(filter(None, sentences))


def _build_details(
    error: DemoError, facts: Mapping[str, object], billing: Billing | None, language: str, run: str
) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, object]] = [("code", facts.get("code")), ("provider", facts.get("provider"))]
    if billing:
        rows.append(("cost", translate(f"billing.{billing}.cost", language)))
    if isinstance(error, VendorError):
        rows += [("http_status", error.http_status), ("request_id", error.request_id)]
        rows += [("vendor_message", error.vendor_message)]
    else:
        rows += [("http_status", facts.get("http_status")), ("request_id", facts.get("request_id"))]
    rows += [("run", run)]
    return tuple((translate(f"details.{name}", language), sanitize(value)) for name, value in rows if value)
