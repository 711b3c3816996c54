"""The code tables: nothing unmapped, nothing contradictory, backwards and forwards agree, bad rows are named."""

import tomllib
from pathlib import Path

import pytest

from meitu_demo.domain import translations, vendor_codes

PUBLISHED = tomllib.loads((Path(__file__).parent / "data" / "vendor_codes.toml").read_text("utf-8"))
SLUGS = frozenset(translations.get_texts("en")["errors"])
ROW = {"slug": "no_face", "outcome": "refused", "http": 400}


def published(part: str) -> list[tuple[str, str, str]]:
    """(code, what is said of it, outcome) of each entry in a part of the published lists."""
    entries = [(entry, outcome) for outcome, text in PUBLISHED[part].items() for entry in text.split()]
    return [(entry.partition(":")[0], entry.partition(":")[2], outcome) for entry, outcome in entries]


@pytest.mark.parametrize(("code", "constant", "outcome"), published("meitu_general"))
def test_vendor_codes_of_meitu_have_constant_outcome_and_explanation(code: str, constant: str, outcome: str) -> None:
    """Each of Meitu's general codes has its constant, its outcome and a slug with words."""
    found = vendor_codes.find_vendor_code("meitu", code)
    assert found is not None
    assert (found.constant, found.outcome) == (constant, outcome)
    assert found.slug in SLUGS


@pytest.mark.parametrize(("code", "constant", "outcome"), published("meitu_algorithms"))
def test_vendor_codes_of_meitus_algorithms_have_outcome_and_explanation(code: str, constant: str, outcome: str) -> None:
    """Each code of Meitu's algorithms, and the unknown path, has its outcome and a slug with words."""
    found = vendor_codes.find_vendor_code("meitu", code)
    assert found is not None
    assert found.outcome == outcome
    assert constant in found.constant
    assert found.slug in SLUGS


@pytest.mark.parametrize(("code", "http", "outcome"), published("ailab"))
def test_vendor_codes_of_ailab_have_status_outcome_and_explanation(code: str, http: str, outcome: str) -> None:
    """Each of AILabTools' codes has its present status, its outcome and a slug with words."""
    found = vendor_codes.find_vendor_code("ailab", code)
    assert found is not None
    assert (str(found.http), found.outcome) == (http, outcome)
    assert found.slug in SLUGS


def test_vendor_codes_are_as_many_as_published() -> None:
    """The published lists have as many codes as the vendors' pages."""
    assert [len(published(part)) for part in ("meitu_general", "meitu_algorithms", "ailab")] == [71, 33, 126]


def test_vendor_codes_with_one_explanation_have_one_outcome() -> None:
    """Codes that share an explanation agree on whether the call may have been billed."""
    outcomes: dict[str, set[str]] = {}
    for dialect in vendor_codes._load_error_tables().values():
        for code in dialect.codes.values():
            outcomes.setdefault(code.slug, set()).add(code.outcome)
    assert {slug: found for slug, found in outcomes.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("vendor_id", "slug", "code", "http"),
    [
        ("meitu", "no_face", "20003", 400),
        ("meitu", "face_cropped", "20020", 400),
        ("meitu", "face_nodded", "20021", 400),
        ("meitu", "face_turned", "20022", 400),
        ("meitu", "face_too_small", "20023", 400),
        ("meitu", "template_has_no_face", "220003", 400),
        ("meitu", "unknown_template", "21104", 400),
        ("meitu", "key_refused", "90002", 401),
        ("meitu", "request_malformed", "10000", 400),
        ("meitu", "image_too_large_file", "433", 433),
        ("meitu", "image_too_many_pixels", "20013", 400),
        ("meitu", "image_wrong_kind", "20009", 400),
        ("meitu", "link_rejected", "10003", 400),
        ("meitu", "api_not_found", "1000404", 404),
        ("meitu", "no_entitlement", "80001", 200),
        ("ailab", "no_face", "ERROR_NO_FACE_IN_FILE", 422),
        ("ailab", "face_turned", "ERROR_POOR_FACE_QUALITY", 422),
        ("ailab", "face_nodded", "ERROR_POOR_FACE_QUALITY", 422),
        ("ailab", "face_cropped", "ERROR_INCOMPLETE_FACE", 422),
        ("ailab", "face_too_small", "ERROR_SMALL_FACE_SIZE", 422),
        ("ailab", "key_refused", "ERROR_USER_NOT_EXISTS", 401),
        ("ailab", "parameter_missing", "MISSING_PARAMETERS", 400),
        ("ailab", "image_too_large_file", "FILE_SIZE_EXCEEDS_LIMIT", 413),
        ("ailab", "image_too_many_pixels", "FILE_RESOLUTION_EXCEEDS_LIMITS", 413),
        ("ailab", "image_wrong_kind", "UNSUPPORTED_FILE_TYPES", 415),
        ("ailab", "api_not_found", "ERROR_AI_NOT_EXISTS", 404),
    ],
)
def test_code_for_gives_the_vendors_code_and_status(vendor_id: str, slug: str, code: str, http: int) -> None:
    """The offline server answers each cause with the vendor's own code and status."""
    found = vendor_codes.code_for(vendor_id, slug)
    assert (found.vendor_id, found.code, found.http) == (vendor_id, code, http)


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
def test_code_for_is_undone_by_reading_the_code(vendor_id: str) -> None:
    """An answer read by the client gives the slug that it was made from, or a named neighbour of it."""
    neighbours = {
        "unknown_template": "value_refused",
        "value_rejected": "value_refused",
        "image_empty": "undecodable",
        "image_unreadable": "undecodable",
        "image_truncated": "undecodable",
        "image_wrong_kind": "wrong_kind",
        "image_too_many_pixels": "too_many_pixels",
        "image_too_large_file": "file_too_large",
        "base64_unreadable": "request_malformed",
        "parameter_missing": "request_malformed",
        "link_rejected": "link_not_readable",
    }
    of_meitu = dict.fromkeys(("image_too_small", "image_too_thin", "too_few_pixels"), "size_refused")
    of_ailab = dict.fromkeys(("image_too_small", "image_too_thin"), "too_few_pixels") | {
        "face_turned": "face_unclear",
        "face_nodded": "face_unclear",
        "api_not_found": "api_retired",
    }
    neighbours |= of_meitu if vendor_id == "meitu" else of_ailab
    for slug, code in vendor_codes._load_error_tables()[vendor_id].codes_by_slug.items():
        assert code.slug == neighbours.get(slug, slug), slug


def test_code_for_raises_unmapped_slug() -> None:
    """A slug without a code, and an unknown vendor, raise a KeyError that names the table."""
    with pytest.raises(KeyError, match=r"\[ailab.answers\] unknown_template"):
        vendor_codes.code_for("ailab", "unknown_template")
    with pytest.raises(vendor_codes.UnmappedSlug):
        vendor_codes.code_for("nobody", "no_face")


def test_find_vendor_code_does_not_guess() -> None:
    """A code that is in no list is None, not a guess."""
    assert vendor_codes.find_vendor_code("meitu", "77777") is None
    assert vendor_codes.find_vendor_code("nobody", "20003") is None


@pytest.mark.parametrize(
    ("vendor_id", "text", "slug"),
    [
        ("meitu", "权益已耗尽:no right package found", "out_of_credits"),
        ("meitu", '{"msg":"No Right Package found"}', "out_of_credits"),
        ("meitu", "权限错误 record not found", "no_entitlement"),
        ("meitu", "record not found", None),
        ("meitu", "ALGORITHM_INNER_ERROR", None),
        ("ailab", "You have exceeded the MONTHLY quota for Requests on your current plan", "out_of_credits"),
        ("ailab", "You are not subscribed to this API.", "no_entitlement"),
        ("ailab", "Too many requests", None),
        ("ailab", "权益已耗尽", None),
        ("nobody", "权益已耗尽", None),
    ],
)
def test_match_text_slug_finds_texts_that_decide_by_themselves(vendor_id: str, text: str, slug: str | None) -> None:
    """Texts that decide by themselves are found in a vendor's own answers, and in nothing else."""
    assert vendor_codes.match_text_slug(vendor_id, text) == slug


def test_vendor_codes_take_ailabs_404_for_retired() -> None:
    """AILabTools' 404, with its code or without any, says that the vendor has switched the API off."""
    for code in ("404", "ERROR_AI_NOT_EXISTS"):
        found = vendor_codes.find_vendor_code("ailab", code)
        assert found is not None
        assert found.slug == "api_retired"


def test_load_shapes_gives_22_shapes() -> None:
    """There are 22 shapes, 0 to 21, with keys of their own; 16 and 17 share the vendor's label."""
    shapes = vendor_codes.load_shapes()
    assert [shape.id for shape in shapes] == list(range(22))
    assert len({shape.key for shape in shapes}) == 22
    assert shapes[16].vendor_label == shapes[17].vendor_label == "nose length"
    assert (shapes[8].key, shapes[17].key, shapes[21].key) == ("big_eyes", "nose_tip", "philtrum")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({**ROW, "outcome": "maybe"}, r"f.toml \[meitu.codes\] 7: outcome 'maybe'"),
        ({**ROW, "slug": "no_such"}, r"f.toml \[meitu.codes\] 7: no explanation for slug 'no_such'"),
        ({**ROW, "http": "400"}, r"f.toml \[meitu.codes\] 7: http '400'"),
        ({**ROW, "hint": "x"}, r"f.toml \[meitu.codes\] 7: unknown field"),
        ({}, r"f.toml \[meitu.codes\] 7: no explanation"),
        ("no_face", r"f.toml \[meitu.codes\] 7: is not a table"),
    ],
)
def test_parse_error_tables_rejects_bad_code_rows(row: object, complaint: str) -> None:
    """A row that does not fit is refused by file and key."""
    document = {"meitu": {"codes": {"7": row}, "answers": {}}}
    with pytest.raises(ValueError, match=complaint):
        vendor_codes.parse_error_tables(document, SLUGS, "f.toml")


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ({"codes": {}}, r"\[meitu\]: needs codes and answers"),
        ({"codes": {"7": ROW}, "answers": {"no_face": "8"}}, r"\[meitu.answers\] no_face: '8' is not among the codes"),
        ({"codes": {}, "answers": {}, "texts": [{"slug": "no_face"}]}, r"\[\[meitu.texts\]\] number 1: needs pattern"),
        (
            {"codes": {}, "answers": {}, "texts": [{"slug": "x", "pattern": "x"}]},
            r"\[\[meitu.texts\]\] number 1: no explanation",
        ),
    ],
)
def test_parse_error_tables_rejects_bad_texts_and_answers(part: object, complaint: str) -> None:
    """An answer without its code and a text without its slug are refused by file and key."""
    with pytest.raises(ValueError, match=complaint):
        vendor_codes.parse_error_tables({"meitu": part}, SLUGS, "f.toml")


def test_parse_shapes_rejects_bad_rows() -> None:
    """A hole in the ids, a repeated key, an unknown field and an unknown part are refused by number."""
    first = {"id": 0, "key": "a", "part": "nose", "vendor_label": "a"}
    good = {**first, "id": 1, "key": "b"}
    assert len(vendor_codes.parse_shapes({"shapes": [first, good]}, "f.toml")) == 2
    for second in ({**good, "id": 2}, {**good, "key": "a"}, {**good, "name": "b"}, {**good, "part": "ear"}):
        with pytest.raises(ValueError, match=r"f.toml \[\[shapes\]\] number 2"):
            vendor_codes.parse_shapes({"shapes": [first, second]}, "f.toml")


def test_check_tables_accepts_the_shipped_files_and_reads_them_once() -> None:
    """The files that ship are fine, and a second look does not read them again."""
    vendor_codes.check_tables()
    assert vendor_codes.load_shapes() is vendor_codes.load_shapes()
