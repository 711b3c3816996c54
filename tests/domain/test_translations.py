"""Translations: both languages complete, every error explained, the tone, and the choice of language."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.subclasses import list_subclasses

import meitu_demo
from meitu_demo.domain import errors, translations, vendor_codes
from meitu_demo.domain.translations import PLACEHOLDER, check_same_keys, parse_texts
from meitu_demo.vendors import VENDORS

LANGUAGES = translations.list_languages()
SAMPLE = {"errors": {"slug": {"title": "t", "why": "w", "fix": "f"}}}
# Raised in code, by slug or by slug and cause.
OURS = """
    image_empty image_unreadable image_truncated image_wrong_kind image_too_small image_too_thin image_too_many_pixels
    image_too_large_file faces_overlap photo_missing photo_not_uploaded photo_not_base64 photo_link value_rejected
    missing_key crowded_visitor
    archive_unreadable archive_too_many_entries archive_too_large archive_entry_encrypted archive_entry_link
    archive_nested photos_too_many photo_gone journal_in_use journal_unreadable
    recipe_unreadable recipe_too_large recipe_version recipe_too_long recipe_unknown_effect recipe_step recipe_value
    recipe_nothing_on result_gone
    unreachable unreachable_dns unreachable_refused unreachable_tls unreachable_proxy
    unreachable_connect_timeout unreachable_busy
    outcome_unknown outcome_unknown_read_timeout outcome_unknown_reset outcome_unknown_server_error
    outcome_unknown_unexpected
    bad_reply bad_reply_empty bad_reply_cut_off bad_reply_redirect bad_reply_queued
    bad_reply_not_json bad_reply_no_media bad_reply_not_base64 bad_reply_not_an_image bad_reply_too_large
    link_rejected link_rejected_scheme link_rejected_address link_rejected_dns link_rejected_status
    link_rejected_host link_rejected_expired link_rejected_network link_rejected_timeout link_rejected_too_large
    vendor_unknown unexpected stopping_sent
""".split()  # noqa: SIM905 - a list this long reads better as words


def texts(language: str) -> dict[str, str]:
    """All texts of a language by dotted key."""

    def walk(part: object, prefix: str) -> dict[str, str]:
        if isinstance(part, str):
            return {prefix: part}
        return {key: text for name, value in part.items() for key, text in walk(value, f"{prefix}.{name}").items()}  # type: ignore[attr-defined]

    return walk(translations.get_texts(language), "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_explain_every_error(language: str) -> None:
    """Each error class, each slug that code raises and each vendor code's slug is explained, and nothing else."""
    explained = translations.get_texts(language)["errors"].keys()
    raised = {kind.slug for kind in list_subclasses(errors.DemoError) if kind is not errors.EngineRejection}
    assert raised | set(OURS) <= explained
    of_vendors = {
        vendor_codes.find_vendor_code(vendor_id, code).slug
        for vendor_id in VENDORS
        for code in vendor_codes.list_vendor_codes(vendor_id)
    }
    assert explained == raised | set(OURS) | of_vendors  # and nothing is explained that cannot happen


def calls(name: str) -> list[ast.Call]:
    """Every call of `name` in the package's source."""
    trees = [ast.parse(path.read_text("utf-8")) for path in Path(meitu_demo.__path__[0]).rglob("*.py")]
    found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in found if isinstance(call.func, ast.Name) and call.func.id == name]


def has_code(vendor_id: str, slug: str) -> bool:
    """Whether the offline server can say `slug` with a code of the vendor."""
    try:
        return bool(vendor_codes.code_for(vendor_id, slug))
    except KeyError:
        return False


def first_texts(name: str) -> set[str]:
    """The literal first arguments of all calls of `name`."""
    arguments = [call.args[0] for call in calls(name) if call.args]
    return {str(argument.value) for argument in arguments if isinstance(argument, ast.Constant)}


def test_translations_cover_every_image_rejection() -> None:
    """Each slug of ImageRejected is explained, and the offline server has a code for it in each dialect."""
    slugs = first_texts("ImageRejected")
    explained = translations.get_texts("en")["errors"].keys()
    for slug in slugs:
        answered = {vendor_id for vendor_id in VENDORS if has_code(vendor_id, slug)}
        assert slug in explained or answered, slug
        assert answered == {"meitu", "ailab"} or not slug.startswith("image_"), slug


@pytest.mark.parametrize("kind", ["Unreachable", "OutcomeUnknown", "InvalidResponse", "LinkRejected"])
def test_translations_cover_every_cause(kind: str) -> None:
    """Each cause that an error is raised with has its own explanation."""
    slug = getattr(errors, kind).slug
    given_causes = [word.value for call in calls(kind) for word in call.keywords if word.arg == "cause"]
    causes = {cause.value for cause in given_causes if isinstance(cause, ast.Constant)}
    assert {f"{slug}_{cause}" for cause in causes} <= translations.get_texts("en")["errors"].keys()


def test_translations_cover_every_photo_change() -> None:
    """Each change that is made to a photo before it is sent has a text."""
    known = translations.get_texts("en")["changes"].keys()
    converted = {"first_frame", "cmyk", "depth", "palette", "grey"}
    assert first_texts("PhotoChange") | converted <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_cover_every_shape(language: str) -> None:
    """Each of the 22 shapes has its own name and one short line about its effect."""
    found = translations.get_texts(language)["shapes"]
    assert list(found) == [shape.key for shape in vendor_codes.load_shapes()]
    assert len({words["name"] for words in found.values()}) == 22
    assert all(0 < len(words["effect"]) <= 60 and "\n" not in words["effect"] for words in found.values())


def test_translations_keep_the_tone() -> None:
    """No exclamation marks, blame, jargon or double spaces, and sentences end."""
    english = re.compile(
        r"!|\b(invalid|illegal|incorrect|error|exception|upstream|payload|bad|please|sorry|oops|you (must|failed))\b",
        re.IGNORECASE,
    )
    chinese = re.compile(r"[!！]|非法|无效|错误(?!码)|异常|抱歉|您")
    # Here the word is the service's own, or names the fact itself.
    exempt = (".errors.vendor_unknown.why", ".errors.outcome_unknown_server_error.title",
              ".errors.photo_not_base64.title")  # fmt: skip
    for language, banned in (("en", english), ("zh", chinese)):
        for key, text in texts(language).items():
            if key in exempt or not key.startswith((".errors.", ".billing.", ".shapes.", ".changes.")):
                continue
            assert not banned.search(PLACEHOLDER.sub("", text)), (language, key)
            assert "  " not in text, (language, key)
            assert key.startswith(".changes.") or text == text.strip(), (language, key)
            if key.startswith(".errors."):
                is_title = key.split(".")[-1].startswith("title")
                assert text.endswith("." if language == "en" else "。") == (language == "en" or not is_title), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_of_errors_are_short(language: str) -> None:
    """A title fits one line, a cause and a remedy fit two or three."""
    for key, text in texts(language).items():
        if key.startswith(".errors."):
            assert len(text) <= (60 if ".title" in key else 190), key


def test_chinese_translations_are_chinese() -> None:
    """Every explanation and name in Chinese holds Chinese characters, with full-width punctuation among them."""
    for key, text in texts("zh").items():
        if key.startswith((".errors.", ".shapes.")):
            assert re.search(r"[一-鿿]", text), key
            assert not re.search(r"[一-鿿][,;:?]|[,;:?][一-鿿]", text), key


def test_format_text() -> None:
    """Numbers read well, braces in a value stay, and a missing parameter or unknown key is a KeyError."""
    assert translations.format_text("{a} {b} {c}", {"a": 41.26, "b": 3, "c": 0.25}) == "41 3 0.25"
    assert translations.format_text("{size:MB} {limit:MB}", {"size": 3_141_592, "limit": "840 KB"}) == "3.1 MB 840 KB"
    assert translations.format_text("{a}", {"a": "{b}", "b": "no"}) == "{b}"
    assert translations.translate("changes.resized", "en", before="4×3", after="2×1") == "4×3 → 2×1"
    for key in ("changes.resized", "changes", "changes.no_such", "changes.turned.deeper", ""):
        with pytest.raises(KeyError):
            translations.translate(key, "en")


def test_get_texts_is_read_only() -> None:
    """Texts cannot be changed."""
    with pytest.raises(TypeError):
        translations.get_texts("en")["changes"]["turned"] = "x"  # type: ignore[index]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-TW", "zh"),
        ("zh-Hant-HK;q=0.7, en;q=0.6", "zh"),
        ("ZH", "zh"),
        ("zh_CN", "zh"),
        ("yue", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.5, zh;q=0.8", "zh"),
        ("zh;q=0.8, en;q=0.80", "zh"),
        ("en;q=0.8, zh;q=0.8", "en"),
        ("fr-FR, fr;q=0.9", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("*", "en"),
        ("*, en;q=0", "zh"),
        ("zh;q=0.5, *;q=0.9", "en"),
        ("zh;q=0", "en"),
        ("zh;q=2, en;q=0.1", "en"),
        ("zh;q=x", "en"),
        ("zha", "en"),
        (";;;,,,q=1", "en"),
    ],
)
def test_match_language(header: str | None, language: str) -> None:
    """The supported language with the highest weight wins, the first of equal ones, English if there is none."""
    assert translations.match_language(header) == language


@given(st.text())
def test_match_language_of_any_header(header: str) -> None:
    """Any Accept-Language header gives a supported language."""
    assert translations.match_language(header) in LANGUAGES


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"why": "w {angle}"}, "f.toml errors.slug.why: gaps belong"),
        ({"why_facts": "w"}, "f.toml errors.slug.why_facts: gaps belong"),
        ({"why": "w {"}, "f.toml errors.slug.why: a brace"),
        ({"why_facts": "{a:.0f}"}, "f.toml errors.slug.why_facts: a brace"),
        ({"why": " "}, "f.toml errors.slug.why: not title"),
        ({"hint": "h"}, "f.toml errors.slug.hint: not title"),
        ({"why": 3}, "f.toml errors.slug.why: is not a text"),
    ],
)
def test_parse_texts_rejects_bad_texts(change: dict[str, object], complaint: str) -> None:
    """A bad text is rejected with its file and key."""
    document = {"errors": {"slug": {**SAMPLE["errors"]["slug"], **change}}}
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_texts(document, "f.toml")


def test_parse_texts_rejects_incomplete_explanations() -> None:
    """An error without its remedy is rejected with file and slug."""
    with pytest.raises(ValueError, match=r"f.toml errors.slug: lacks fix"):
        parse_texts({"errors": {"slug": {"title": "t", "why": "w"}}}, "f.toml")


def test_check_same_keys() -> None:
    """A key or placeholder that only one language has is rejected with file and key."""
    with pytest.raises(ValueError, match=r"b.toml x: is missing here"):
        check_same_keys({"x": "1"}, {}, ("a.toml", "b.toml"))
    with pytest.raises(ValueError, match=r"a.toml x: is missing here"):
        check_same_keys({}, {"x": "1"}, ("a.toml", "b.toml"))
    with pytest.raises(ValueError, match=r"b.toml x: gaps differ"):
        check_same_keys({"x": "{a}"}, {"x": "{b}"}, ("a.toml", "b.toml"))
