"""Explanations: every error in words, with facts where they are known, and without secrets."""

import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.domain import errors, translations, vendor_codes
from meitu_demo.domain.errors import (
    DemoError,
    ImageRejected,
    InvalidResponse,
    LinkRejected,
    OutcomeUnknown,
    Unreachable,
    VendorError,
)
from meitu_demo.domain.explanations import explain
from meitu_demo.redaction import text as sanitizer
from meitu_demo.redaction.text import MAX_CLEAN_CHARS, sanitize
from meitu_demo.vendors import VENDORS

LANGUAGES = translations.list_languages()
CODES = [(vendor_id, code) for vendor_id in VENDORS for code in vendor_codes.list_vendor_codes(vendor_id)]


def test_explain_uses_the_same_words_for_vendor_and_engine() -> None:
    """ "No face" reads the same from the vendor and from the engine; only the code differs."""
    ours, theirs = explain(errors.NoFace(), "en"), explain(VendorError("meitu", "20003", http_status=400), "en")
    assert (ours.title, ours.why, ours.fix) == (theirs.title, theirs.why, theirs.fix)
    assert (ours.code, theirs.code) == ("no_face", "Meitu 20003")


def test_explain_uses_facts_if_known() -> None:
    """A measured angle is named; without one, the sentence needs none."""
    assert "About 41°" in explain(errors.FaceTurned(angle=41.3, limit=35), "en").why
    assert "41°" in explain(errors.FaceTurned(angle=41.3, limit=35), "zh").why
    for error in (errors.FaceTurned(angle=41.3), VendorError("meitu", "20022")):
        why = explain(error, "en").why
        assert "{" not in why
        assert "°" not in why


def test_explanation_details() -> None:
    """Code, service, cost, status, request id and the vendor's message, with labels in the reader's language."""
    error = VendorError("ailab", "X_1", vendor_message="pic not has face", http_status=422, request_id="r-9")
    assert explain(error, "en").details == (
        ("Code", "X_1"),
        ("Service", "AILabTools"),
        ("Cost", "may have been billed"),
        ("HTTP status", "422"),
        ("Request ID", "r-9"),
        ("In the service's own words", "pic not has face"),
    )
    assert dict(explain(error, "zh").details)["服务商原文"] == "pic not has face"


def test_explain_quotes_an_unlisted_code() -> None:
    """An unlisted code is quoted, and the call may have been billed."""
    explanation = explain(VendorError("meitu", "77777", http_status=400), "en")
    assert explanation.slug == "vendor_unknown"
    assert ("Code", "77777") in explanation.details
    assert explanation.code == "Meitu 77777"
    assert "may have been billed" in explanation.why


def test_explain_a_retired_api() -> None:
    """A 404 of facial aesthetics says what is known of it, clears key and photo, and points to the engine."""
    explanation = explain(VendorError("ailab", "ERROR_AI_NOT_EXISTS", http_status=404), "en")
    assert explanation.why.startswith("This API is not offered at this address. AILabTools retired it in February")
    assert "key and your photo are not the reason" in explanation.fix
    assert "offline engine" in explanation.fix


def test_explain_names_the_setting() -> None:
    """A rejected key names its vendor's settings, a missing key the setting that is not set."""
    assert "MEITU_API_SECRET" in explain(VendorError("meitu", "90002", http_status=401), "en").fix
    assert "AILAB_API_KEY" in explain(VendorError("ailab", "ERROR_USER_NOT_EXISTS", http_status=401), "zh").fix
    missing = explain(errors.MissingKey(vendor="meitu", setting="MEITU_API_KEY"), "en")
    assert "MEITU_API_KEY is not set" in missing.why
    assert "Meitu" in missing.why


@pytest.mark.parametrize(
    ("error", "slug", "sentence"),
    [
        (Unreachable(vendor="meitu", cause="dns"), "unreachable_dns", "Nothing was charged"),
        (OutcomeUnknown(vendor="meitu", cause="reset"), "outcome_unknown_reset", "may have been billed"),
        (InvalidResponse(vendor="ailab", cause="no_media"), "bad_reply_no_media", "may have been billed"),
        (LinkRejected(cause="status", http_status=500), "link_rejected_status", "has probably been billed"),
        (LinkRejected(cause="expired", http_status=404), "link_rejected_expired", "has probably been billed"),
        (VendorError("meitu", "90024"), "rate_limited", "Nothing was charged"),
        (VendorError("ailab", "AI_SERVICE_TIMEOUT"), "vendor_timeout", "may have been billed"),
    ],
)
def test_explain_mentions_billing_of_billable_calls_only(error: DemoError, slug: str, sentence: str) -> None:
    """What is known about the bill is said for a billable call, and never for another."""
    assert explain(error, "en").slug == slug
    assert sentence in explain(error, "en").why
    assert sentence not in explain(error, "en", is_billable=False).why
    assert "billed" not in explain(error, "en", is_billable=False).as_text()


def test_explain_names_a_host_that_is_not_allowed() -> None:
    """The owner learns the host and the setting that allows it."""
    for language in ("en", "zh"):
        explanation = explain(LinkRejected(cause="host", host="img.example"), language)
        assert "img.example" in explanation.why
        assert "img.example" in explanation.fix
        assert "RESULT_HOSTS" in explanation.fix
    assert "RESULT_HOSTS" in explain(LinkRejected(cause="host"), "en").fix


def test_explain_names_the_timeout() -> None:
    """A read timeout names its seconds if they are known."""
    known = OutcomeUnknown(vendor="meitu", cause="read_timeout", seconds=60)
    assert explain(known, "en").title == "No answer came within 60 seconds."
    assert explain(OutcomeUnknown(cause="read_timeout"), "en").title == "No answer came in time."


def test_explain_falls_back_for_unknown_causes() -> None:
    """An unknown cause gets the error's explanation, an unknown slug the one for the unexpected."""
    assert explain(InvalidResponse(vendor="meitu", cause="new"), "en").slug == "bad_reply"
    unforeseen = explain(ImageRejected("image_new"), "en")
    assert (unforeseen.slug, unforeseen.code) == ("unexpected", "image_new")


@pytest.mark.parametrize("error", [RuntimeError("/srv/secret.py: key=abc"), KeyboardInterrupt("x"), KeyError("a/b")])
def test_explain_quotes_no_foreign_exception(error: BaseException) -> None:
    """An exception that is not a DemoError is explained without any of its text."""
    explanation = explain(error, "en")
    assert explanation.slug == explanation.code == "unexpected"
    assert explanation.details == ()
    assert "secret" not in repr(explanation)
    assert "a/b" not in repr(explanation)


def test_explanation_sanitises_the_vendors_message() -> None:
    """Control and direction characters, links, keys and excess length are removed; brackets stay text."""
    message = (
        "\x1b[31m<b>no\u202eface</b>\r\n see https://obs.example/KEY123/a.png?api_key=KEY123 api_secret: KEY123 "
        + "x" * 999
    )
    message_detail = dict(explain(VendorError("meitu", "20003", vendor_message=message), "en").details)[
        "In the service's own words"
    ]
    assert message_detail.startswith("[31m<b>noface</b> see … api_…")
    assert "KEY123" not in message_detail
    assert len(message_detail) == MAX_CLEAN_CHARS


def test_explanation_as_text() -> None:
    """The line for API clients holds title, cause, remedy and code, in each language's punctuation."""
    explanation = explain(VendorError("meitu", "20022"), "en")
    assert explanation.as_text() == f"{explanation.title} {explanation.why} {explanation.fix} (Meitu 20022)"
    explanation = explain(VendorError("meitu", "20022"), "zh")
    assert explanation.as_text() == f"{explanation.title}。{explanation.why}{explanation.fix}（美图 20022）"


@pytest.mark.parametrize("language", LANGUAGES)
def test_explain_every_vendor_code(language: str) -> None:
    """Each code of both vendors has a complete explanation without an open placeholder, billable or not."""
    for vendor_id, code in CODES:
        for is_billable in (True, False):
            explanation = explain(VendorError(vendor_id, code), language, is_billable=is_billable)
            assert explanation.slug != "unexpected"
            assert all((explanation.title, explanation.why, explanation.fix))
            assert "{" not in explanation.as_text()
            assert explanation.code.endswith(f" {code}")


@given(
    vendor_id=st.sampled_from(["meitu", "ailab", "somebody"]) | st.text(),
    code=st.text() | st.sampled_from([code for _, code in CODES]),
    message=st.text(),
    status=st.integers(0, 999),
    request_id=st.none() | st.text(),
    language=st.sampled_from(LANGUAGES),
)
def test_explain_any_vendor_answer(
    vendor_id: str, code: str, message: str, status: int, request_id: str | None, language: str
) -> None:
    """Whatever a vendor answers is explained in printable text that can be encoded, with its code."""
    error = VendorError(vendor_id, code, vendor_message=message, http_status=status, request_id=request_id)
    explanation = explain(error, language)
    assert all((explanation.title, explanation.why, explanation.fix))
    text = explanation.as_text() + repr(explanation.details)
    assert text.encode("utf-8")
    assert text.isprintable()
    if sanitize(code):
        assert sanitize(code) in explanation.code
        assert sanitize(code) in dict(explanation.details).values()


@given(st.text(max_size=400), st.dictionaries(st.sampled_from(["cause", "vendor", "limit", "side"]), st.text()))
def test_explain_any_slug_and_facts(slug: str, facts: dict[str, object]) -> None:
    """Any slug with any facts is explained, without an exception."""
    assert explain(DemoError(slug, **facts), "en").as_text()


def test_sanitize_reads_only_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the beginning of a stranger's text is read, whatever its length and in whichever field."""
    chars_read = 0

    def category(char: str) -> str:
        nonlocal chars_read
        chars_read += 1
        return unicodedata.category(char)

    monkeypatch.setattr(sanitizer, "unicodedata", SimpleNamespace(category=category))
    text = "x" * 1_000_000
    error = VendorError("meitu", text, vendor_message=text, http_status=400, request_id=text)
    assert all(len(value) <= MAX_CLEAN_CHARS for _, value in explain(error, "en").details)
    assert chars_read < 20_000
