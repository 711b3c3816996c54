"""Explanations of errors: `explain` turns an error into title, why, fix and details in the person's language.

The error gives the slug and the facts, ``locales/`` the sentences; ``data/errors.toml`` maps a vendor's codes to slugs.
An `Explanation` is untrusted plain text (the vendor's message and code, a typed value): escape it when rendering it,
and never interpret it as HTML or Markdown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..redaction.text import sanitize
from .billing import Billing, classify_billing
from .errors import DemoError, VendorError
from .translations import describe_service, find_placeholders, format_text, get_texts, translate
from .vendor_codes import interpret_vendor_error

ANSWER_FACTS = ("http_status", "request_id", "log_id", "vendor_message", "vendor_detail")  # of a vendor's answer


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, why, what to do, and details. Plain text: escape it when rendering.

    slug: names the texts that were chosen. code: short tag such as "Meitu 20003", or the slug of one of our errors.
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
        """One line for API clients; of the details, only those that the vendor's support asks for."""
        parts = {"title": self.title, "why": self.why, "fix": self.fix, "code": self.code}
        text = translate("explanation.text", self.language, **parts)
        labels = [translate(f"details.{name}", self.language) for name in ANSWER_FACTS]
        answer = [
            translate("explanation.detail", self.language, label=label, value=value)
            for label, value in self.details
            if label in labels
        ]
        if answer:
            listed = translate("explanation.between_details", self.language).join(answer)
            text = translate("explanation.details", self.language, text=text, details=listed)
        return translate("explanation.run", self.language, text=text, run=self.run) if self.run else text


def explain(error: BaseException, language: str, *, is_billable: bool = True) -> Explanation:
    """Explain `error` to a person. Never raises. Does not quote exceptions other than DemoError: they may contain keys.

    is_billable: whether the call could cost money (`CallTarget.is_billable`); only then billing is mentioned.
    """
    run = sanitize(getattr(error, "run", ""))
    if not isinstance(error, DemoError):
        error = DemoError()
    facts = _collect_facts(error, language)
    slug = _select_slug(error, facts)
    billing = classify_billing(error) if is_billable else None
    title, why, fix = (_render_text(language, slug, field, facts) for field in ("title", "why", "fix"))
    if billing:
        why = _join_sentences(language, why, translate(f"billing.{billing}.why", language))
        fix = _join_sentences(language, translate(f"billing.{billing}.fix", language), fix)
    details = _build_details(error, facts, billing, language, run)
    code = f"{facts.get('vendor', '')} {facts['code']}" if isinstance(error, VendorError) else sanitize(error.slug)
    return Explanation(slug, title, why, fix, code.strip(), details, language, run)


def _collect_facts(error: DemoError, language: str) -> dict[str, object]:
    """The error's facts, sanitised and without empty ones, and the vendor's texts (name, names of settings)."""
    facts: dict[str, object] = {
        name: value if isinstance(value, int | float) else sanitize(value, 80)
        for name, value in error.facts.items()
        if value not in (None, "", "?")
    }
    if isinstance(error, VendorError):
        facts["code"] = sanitize(error.code) or str(error.http_status)
    vendor_id = facts.get("vendor")
    vendor_texts: Mapping[str, str] = get_texts(language)["vendors"].get(vendor_id, {})
    facts |= vendor_texts
    if vendor_texts:
        facts["vendor"] = sanitize(describe_service(str(vendor_id), error.service, language), 80)
    return facts


def _select_slug(error: DemoError, facts: Mapping[str, object]) -> str:
    """The slug to explain: by the vendor's code, or slug and cause if there are texts for both together."""
    if isinstance(error, VendorError):
        known = interpret_vendor_error(error)
        return known.slug if known else error.slug
    explained = get_texts("en")["errors"]
    slug_with_cause = f"{error.slug}_{facts.get('cause')}"
    return next((slug for slug in (slug_with_cause, error.slug) if slug in explained), DemoError.slug)


def _render_text(language: str, slug: str, field: str, facts: Mapping[str, object]) -> str:
    """The text with facts if all of its placeholders can be filled, else the text without."""
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
    rows: list[tuple[str, object]] = [("code", facts.get("code")), ("vendor", facts.get("vendor"))]
    if billing:
        rows.append(("cost", translate(f"billing.{billing}.cost", language)))
    hidden = ("request_id", "log_id") if error.service == "offline" else ()  # no vendor knows those of that engine
    rows += [(name, error.facts.get(name)) for name in ANSWER_FACTS if name not in hidden]  # `facts` are cut shorter
    rows += [("run", run)]
    return tuple((translate(f"details.{name}", language), sanitize(value)) for name, value in rows if value)
