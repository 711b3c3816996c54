"""The code tables: nothing unmapped, nothing contradictory, backwards and forwards agree, bad rows are named."""

import tomllib
from pathlib import Path

import pytest

from meitu_demo.domain import translations, vendor_codes

PUBLISHED = tomllib.loads((Path(__file__).parent / "data" / "vendor_codes.toml").read_text("utf-8"))
SLUGS = frozenset(translations.get_texts("en")["errors"])
ROW = {"slug": "no_face", "outcome": "refused", "http": 400}


def published(part: str) -> list[tuple[str, str, str, str]]:
    """(vendor, code, its constant or status, outcome) of each entry in a part of the published lists."""
    vendor_id = part.partition("_")[0]
    entries = [(entry, outcome) for outcome, text in PUBLISHED[part].items() for entry in text.split()]
    return [(vendor_id, *entry.partition(":")[::2], outcome) for entry, outcome in entries]


PARTS = {"meitu_general": 71, "meitu_algorithms": 33, "ailab": 126}  # the number of codes on the vendors' pages


@pytest.mark.parametrize(
    ("vendor_id", "code", "known_as", "outcome"), [row for part in PARTS for row in published(part)]
)
def test_vendor_codes_are_the_published_ones(vendor_id: str, code: str, known_as: str, outcome: str) -> None:
    """Each published code has its constant (Meitu) or status (AILabTools), its outcome, and a slug with words."""
    found = vendor_codes.find_vendor_code(vendor_id, code)
    assert found is not None
    assert known_as in (found.constant, str(found.http), "")
    assert (found.outcome, found.slug in SLUGS) == (outcome, True)


def test_vendor_codes_are_as_many_as_published() -> None:
    """The published lists have as many codes as the vendors' pages."""
    assert {part: len(published(part)) for part in PARTS} == PARTS


def test_vendor_codes_with_one_explanation_have_one_outcome() -> None:
    """Codes that share an explanation agree on whether the call may have been billed."""
    outcomes: dict[str, set[str]] = {}
    for dialect in vendor_codes._load_error_tables().values():
        for code in dialect.codes.values():
            outcomes.setdefault(code.slug, set()).add(code.outcome)
    assert {slug: found for slug, found in outcomes.items() if len(found) > 1} == {}


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


def test_code_for_refuses_a_slug_without_a_code() -> None:
    """A slug without a code, and an unknown vendor, raise a KeyError that names the table."""
    with pytest.raises(KeyError, match=r"\[ailab.answers\] unknown_template"):
        vendor_codes.code_for("ailab", "unknown_template")
    with pytest.raises(KeyError):
        vendor_codes.code_for("nobody", "no_face")


def test_find_vendor_code_does_not_guess() -> None:
    """A code that is in no list is None, not a guess."""
    assert vendor_codes.find_vendor_code("meitu", "77777") is None
    assert vendor_codes.find_vendor_code("nobody", "20003") is None


@pytest.mark.parametrize(
    ("vendor_id", "text", "slug"),
    [
        ("meitu", '{"msg":"No Right Package found"}', "out_of_credits"),
        ("meitu", "权限错误 record not found", "no_entitlement"),
        ("meitu", "record not found", None),
        ("meitu", "ALGORITHM_INNER_ERROR", None),
        ("ailab", "Too many requests", None),
        ("ailab", "权益已耗尽", None),
        ("nobody", "权益已耗尽", None),
    ],
)
def test_match_text_slug_finds_texts_that_decide_by_themselves(vendor_id: str, text: str, slug: str | None) -> None:
    """Texts that decide by themselves are found in a vendor's own answers, and in nothing else."""
    assert vendor_codes.match_text_slug(vendor_id, text) == slug


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
        ({**ROW, "outcome": "maybe"}, r"errors.toml \[meitu.codes\] 7: outcome 'maybe'"),
        ({**ROW, "slug": "no_such"}, r"errors.toml \[meitu.codes\] 7: no explanation for slug 'no_such'"),
        ({**ROW, "http": "400"}, r"errors.toml \[meitu.codes\] 7: http '400'"),
        ({**ROW, "hint": "x"}, r"errors.toml \[meitu.codes\] 7: unknown field"),
        ({}, r"errors.toml \[meitu.codes\] 7: no explanation"),
        ("no_face", r"errors.toml \[meitu.codes\] 7: is not a table"),
    ],
)
def test_parse_error_tables_rejects_bad_code_rows(row: object, complaint: str) -> None:
    """A row that does not fit is refused by file and key."""
    document = {"meitu": {"codes": {"7": row}, "answers": {}}}
    with pytest.raises(ValueError, match=complaint):
        vendor_codes.parse_error_tables(document, SLUGS)


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
        vendor_codes.parse_error_tables({"meitu": part}, SLUGS)


def test_parse_shapes_rejects_bad_rows() -> None:
    """A hole in the ids, a repeated key, an unknown field and an unknown part are refused by number."""
    first = {"id": 0, "key": "a", "part": "nose", "vendor_label": "a"}
    good = {**first, "id": 1, "key": "b"}
    assert len(vendor_codes.parse_shapes({"shapes": [first, good]})) == 2
    for second in ({**good, "id": 2}, {**good, "key": "a"}, {**good, "name": "b"}, {**good, "part": "ear"}):
        with pytest.raises(ValueError, match=r"shape_types.toml \[\[shapes\]\] number 2"):
            vendor_codes.parse_shapes({"shapes": [first, second]})


def test_check_tables_accepts_the_shipped_files_and_reads_them_once() -> None:
    """The files that ship are fine, and a second look does not read them again."""
    vendor_codes.check_tables()
    assert vendor_codes.load_shapes() is vendor_codes.load_shapes()
