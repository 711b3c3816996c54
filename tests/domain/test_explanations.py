"""Explanations: from every error to words, with facts where there are any, and nothing of what must stay inside."""

import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.domain import errors, vendor_codes
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

LANGUAGES = vendor_codes.list_languages()
CODES = [(provider, code) for provider, part in vendor_codes._load_error_tables().items() for code in part.codes]


def test_a_vendors_code_and_our_refusal_say_the_same() -> None:
    """That there is no face is told in the same words by whoever found none; the vendor's code stands beside."""
    ours, theirs = explain(errors.NoFace(), "en"), explain(VendorError("meitu", "20003", http_status=400), "en")
    assert (ours.title, ours.why, ours.fix) == (theirs.title, theirs.why, theirs.fix)
    assert (ours.code, theirs.code) == ("no_face", "Meitu 20003")


def test_facts_where_there_are_any() -> None:
    """With the measured angle the cause names it; a vendor that gives none gets a sentence that needs none."""
    assert "about 41°" in explain(errors.FaceTurned(angle=41.3, limit=35), "en").why
    assert "41°" in explain(errors.FaceTurned(angle=41.3, limit=35), "zh").why
    for error in (errors.FaceTurned(angle=41.3), VendorError("meitu", "20022")):
        why = explain(error, "en").why
        assert "{" not in why
        assert "°" not in why


def test_details() -> None:
    """Code, service, status, request id and the vendor's words are there, with labels in the reader's language."""
    error = VendorError("ailab", "X_1", vendor_message="pic not has face", http_status=422, request_id="r-9")
    assert explain(error, "en").details == (
        ("Code", "X_1"),
        ("Service", "AILabTools"),
        ("Cost", "may have been billed"),
        ("HTTP status", "422"),
        ("Request ID", "r-9"),
        ("In the service's own words", "pic not has face"),
    )
    assert dict(explain(error, "zh").details)["服务方原文"] == "pic not has face"


def test_an_unknown_code_is_shown_as_it_came() -> None:
    """A code from no list is quoted, and nothing is claimed about the bill."""
    found = explain(VendorError("meitu", "77777", http_status=400), "en")
    assert found.slug == "vendor_unknown"
    assert "77777" in found.why
    assert found.code == "Meitu 77777"
    assert "may have been billed" in found.why


@pytest.mark.parametrize("provider", ["meitu", "ailab"])
def test_a_failure_without_a_code_shows_its_status(provider: str) -> None:
    """Where a vendor sends no code at all, the status takes its place and finds the words."""
    found = explain(VendorError(provider, "", http_status=401), "en")
    assert found.slug == "key_refused"
    assert found.code.endswith(" 401")


def test_text_before_number() -> None:
    """A used-up package is told as that, even under 415, which the vendor calls an internal error of its own."""
    used_up = VendorError("meitu", "415", vendor_message="权益已耗尽:no right package found", http_status=415)
    assert explain(used_up, "en").slug == "out_of_credits"
    assert "billed" not in explain(used_up, "en").why
    assert explain(VendorError("meitu", "415", http_status=415), "en").slug == "vendor_fault"


def test_retired() -> None:
    """A 404 of facial aesthetics says that the vendor switched it off, clears the key, and points to the engine."""
    found = explain(VendorError("ailab", "ERROR_AI_NOT_EXISTS", http_status=404), "en")
    assert "switched this API off" in found.title
    assert "key is not at fault" in found.why
    assert "offline engine" in found.fix


def test_the_setting_to_look_at() -> None:
    """A refused key names the settings of the provider it belongs to, a missing one the setting that is not there."""
    assert "MEITU_API_SECRET" in explain(VendorError("meitu", "90002", http_status=401), "en").fix
    assert "AILAB_API_KEY" in explain(VendorError("ailab", "ERROR_USER_NOT_EXISTS", http_status=401), "zh").fix
    missing = explain(errors.MissingKey(provider="meitu", setting="MEITU_API_KEY"), "en")
    assert "MEITU_API_KEY is not set" in missing.why
    assert "Meitu" in missing.why


@pytest.mark.parametrize(
    ("error", "slug", "sentence"),
    [
        (Unreachable(provider="meitu", cause="dns"), "unreachable_dns", "Nothing was charged"),
        (OutcomeUnknown(provider="meitu", cause="reset"), "outcome_unknown_reset", "may have been billed"),
        (InvalidResponse(provider="ailab", cause="no_media"), "bad_reply_no_media", "may have been billed"),
        (LinkRejected(cause="status", http_status=500), "link_rejected_status", "has probably been billed"),
        (LinkRejected(cause="expired", http_status=404), "link_rejected_expired", "has probably been billed"),
        (VendorError("meitu", "90024"), "rate_limited", "Nothing was charged"),
        (VendorError("ailab", "AI_SERVICE_TIMEOUT"), "vendor_timeout", "may have been billed"),
    ],
)
def test_money(error: DemoError, slug: str, sentence: str) -> None:
    """What is known about the bill is said for a call that could cost something, and never for one that could not."""
    assert explain(error, "en").slug == slug
    assert sentence in explain(error, "en").why
    assert sentence not in explain(error, "en", is_billable=False).why
    assert "billed" not in explain(error, "en", is_billable=False).as_text()


def test_a_result_at_a_place_that_is_not_listed() -> None:
    """The owner is told which host it is and which setting lets it in."""
    for language in ("en", "zh"):
        told = explain(LinkRejected(cause="host", host="img.example"), language)
        assert "img.example" in told.why
        assert "img.example" in told.fix
        assert "RESULT_HOSTS" in told.fix
    assert "RESULT_HOSTS" in explain(LinkRejected(cause="host"), "en").fix


def test_seconds_in_the_title() -> None:
    """A read timeout names the time that was waited, when it is known."""
    known = OutcomeUnknown(provider="meitu", cause="read_timeout", seconds=60)
    assert explain(known, "en").title == "No answer came within 60 seconds."
    assert explain(OutcomeUnknown(cause="read_timeout"), "en").title == "No answer came in time."


def test_an_unforeseen_cause_falls_back() -> None:
    """A cause without words of its own gets the words of its error, an unforeseen slug those for the unexpected."""
    assert explain(InvalidResponse(provider="meitu", cause="new"), "en").slug == "bad_reply"
    unforeseen = explain(ImageRejected("image_new"), "en")
    assert (unforeseen.slug, unforeseen.code) == ("unexpected", "image_new")


@pytest.mark.parametrize("error", [RuntimeError("/srv/secret.py: key=abc"), KeyboardInterrupt("x"), KeyError("a/b")])
def test_foreign_exceptions_stay_inside(error: BaseException) -> None:
    """An exception that is not ours is told without a word of its text."""
    found = explain(error, "en")
    assert found.slug == found.code == "unexpected"
    assert found.details == ()
    assert "secret" not in repr(found)
    assert "a/b" not in repr(found)


def test_hostile_text() -> None:
    """A vendor's message loses control and direction characters, length, links and keys; its brackets stay text."""
    message = (
        "\x1b[31m<b>no\u202eface</b>\r\n see https://obs.example/KEY123/a.png?api_key=KEY123 api_secret: KEY123 "
        + "x" * 999
    )
    shown = dict(explain(VendorError("meitu", "20003", vendor_message=message), "en").details)[
        "In the service's own words"
    ]
    assert shown.startswith("[31m<b>noface</b> see … api_…")
    assert "KEY123" not in shown
    assert len(shown) == MAX_CLEAN_CHARS


def test_as_text() -> None:
    """The one line for clients of the API holds title, cause, remedy and code, as each language writes them."""
    found = explain(VendorError("meitu", "20022"), "en")
    assert found.as_text() == f"{found.title} {found.why} {found.fix} (Meitu 20022)"
    found = explain(VendorError("meitu", "20022"), "zh")
    assert found.as_text() == f"{found.title}。{found.why}{found.fix}（美图 20022）"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_is_explained(language: str) -> None:
    """Each code of both vendors gives a whole explanation without an open gap, paid or not."""
    for provider, code in CODES:
        for paid in (True, False):
            found = explain(VendorError(provider, code), language, is_billable=paid)
            assert found.slug != "unexpected"
            assert all((found.title, found.why, found.fix))
            assert "{" not in found.as_text()
            assert found.code.endswith(f" {code}")


@given(
    provider=st.sampled_from(["meitu", "ailab", "somebody"]) | st.text(),
    code=st.text() | st.sampled_from([code for _, code in CODES]),
    message=st.text(),
    status=st.integers(0, 999),
    request_id=st.none() | st.text(),
    language=st.sampled_from(LANGUAGES),
)
def test_any_answer_is_explained(
    provider: str, code: str, message: str, status: int, request_id: str | None, language: str
) -> None:
    """Whatever a vendor answers, there are words for it, they can be sent, and the code is not lost."""
    error = VendorError(provider, code, vendor_message=message, http_status=status, request_id=request_id)
    found = explain(error, language)
    assert all((found.title, found.why, found.fix))
    text = found.as_text() + repr(found.details)
    assert text.encode("utf-8")
    assert text.isprintable()
    if sanitize(code):
        assert sanitize(code) in found.code
        assert sanitize(code) in dict(found.details).values()


@given(st.text(max_size=400), st.dictionaries(st.sampled_from(["cause", "provider", "limit", "side"]), st.text()))
def test_any_error_of_ours_is_explained(slug: str, facts: dict[str, object]) -> None:
    """Any slug with any facts gives words, never an exception."""
    assert explain(DemoError(slug, **facts), "en").as_text()


def test_a_text_as_long_as_an_answer_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what a stranger wrote only the beginning is read, whatever its length and wherever it stands."""
    looked_at = 0

    def category(char: str) -> str:
        nonlocal looked_at
        looked_at += 1
        return unicodedata.category(char)

    monkeypatch.setattr(sanitizer, "unicodedata", SimpleNamespace(category=category))
    text = "x" * 1_000_000
    error = VendorError("meitu", text, vendor_message=text, http_status=400, request_id=text)
    assert all(len(value) <= MAX_CLEAN_CHARS for _, value in explain(error, "en").details)
    assert looked_at < 20_000
