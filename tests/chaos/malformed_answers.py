"""Hypothesis strategies for malformed vendor answers, close to the documented shapes and far from them."""

import base64
import gzip
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
from support.hostile_links import LOOKALIKES, NEIGHBOURS, NO_ADDRESS, NOT_FOR_RESULTS, WRITTEN

from meitu_demo.domain.translations import load_toml

ORIGIN = "http://127.0.0.1:8700"
ALLOWED = "https://obs.mtlab.meitu.com"
CODES = sorted({code for part in load_toml("data/errors.toml").values() for code in part["codes"]})
LINKS = [
    *NO_ADDRESS, *NOT_FOR_RESULTS, *NEIGHBOURS, *(f"https://{host}/1.jpg" for host in (*WRITTEN, *LOOKALIKES)),
    "http://", "https://ü.de/",
]  # fmt: skip
GOOD_LINKS = [f"{ORIGIN}/1.jpg", f"{ALLOWED}/1.jpg", f"{ALLOWED}:443/1.jpg?Signature=abc&Expires=1"]
NAMES = [
    "ErrorCode", "error_code", "code", "ErrorMsg", "error_msg", "message", "msg", "request_id", "requestId", "data",
    "msg_id", "trace_id", "media_info_list", "media_data", "media_profiles", "media_data_type", "result", "image_url",
    "error_detail", "error_code_str", "log_id", "Data", "status_code", "",
]  # fmt: skip
TEXTS = ["权益已耗尽", "no right package found", "angle=41 limit=35", "<script>", '{"ErrorCode": 20003', "\ud800", "0"]


@dataclass(frozen=True)
class MalformedAnswer:
    """One answer: status, headers and the body in two pieces."""

    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    split_at: int = field(default=0)  # offset at which the body is split

    @property
    def pieces(self) -> list[bytes]:
        return [piece for piece in (self.body[: self.split_at], self.body[self.split_at :]) if piece]


def pictures(photo: bytes) -> st.SearchStrategy[str]:
    """A picture in base64, valid or damaged."""
    good = base64.b64encode(photo).decode()
    offsets = st.integers(0, len(good))
    return st.one_of(
        st.sampled_from([good, f"data:image/jpeg;base64,{good}", "\n".join([good[:70], good[70:]]), f" {good}\t"]),
        offsets.map(lambda offset: good[:offset]),
        st.tuples(offsets, st.text(max_size=3)).map(lambda found: good[: found[0]] + found[1] + good[found[0] :]),
        st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode()),
        st.sampled_from(
            [base64.urlsafe_b64encode(photo).decode(), good.rstrip("="), "====", "data:", "data:,", "data"]
        ),
    )


def values(photo: bytes) -> st.SearchStrategy[Any]:
    """Any JSON value, with vendor codes, links and pictures among them."""
    numbers = st.one_of(
        st.integers(-9, 99999), st.sampled_from([10**400, -(10**25), 1e308, float("nan"), float("inf")])
    )
    words = st.one_of(st.sampled_from([*TEXTS, *CODES]), st.text(max_size=30))
    leaves = st.one_of(
        st.none(), st.booleans(), numbers, words, st.sampled_from(CODES).map(lambda code: int(code, 36)),
        st.sampled_from([int(code) for code in CODES if code.isdecimal()]), pictures(photo), st.sampled_from(LINKS),
    )  # fmt: skip
    names = st.one_of(st.sampled_from(NAMES), st.text(max_size=8))
    return st.recursive(
        leaves,
        lambda below: st.one_of(
            st.lists(below, max_size=3),
            st.dictionaries(names, below, max_size=4),
            st.dictionaries(names, below, max_size=3).map(json.dumps),  # an answer within a message
        ),
        max_leaves=8,
    )


def nearly_valid(vendor_id: str, photo: bytes) -> st.SearchStrategy[Any]:
    """The documented answer with some parts missing, renamed or replaced."""
    value = values(photo)
    links = st.one_of(st.sampled_from(LINKS), st.sampled_from(GOOD_LINKS))
    media = (
        st.one_of(links, links, pictures(photo), value)
        if vendor_id == "ailab"
        else st.one_of(pictures(photo), links, value)
    )
    if vendor_id == "meitu":
        item = st.fixed_dictionaries({"media_data": media}, optional={"media_profiles": value})
        known = {"media_info_list": weighted(st.lists(item, min_size=1, max_size=2), value)}
        slots = ["ErrorCode", "ErrorMsg", "error_code", "error_msg", "request_id", "data", "code", "message", "Data"]
    else:
        known = {"data": weighted(st.fixed_dictionaries({"image_url": media}), value)}
        slots = ["error_code", "error_msg", "error_code_str", "error_detail", "request_id", "log_id", "message"]
    others = weighted(st.just({}), st.dictionaries(st.sampled_from(slots), value, max_size=3))
    parts = st.tuples(weighted(st.fixed_dictionaries(known), st.just({})), others)
    return parts.map(lambda found: {**found[0], **found[1]})


def weighted(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`good` in three of four cases, else `bad`."""
    return st.sampled_from([good, good, good, bad]).flatmap(lambda drawn: drawn)


def encode_json(body: Any) -> bytes:
    return json.dumps(body).encode("utf-8", "surrogatepass")


def bodies(vendor_id: str, photo: bytes) -> st.SearchStrategy[bytes]:
    """Bodies: JSON of the documented shape, other JSON, and bytes that are not JSON."""
    good = nearly_valid(vendor_id, photo).map(encode_json)
    deep = st.integers(1, 5000).map(lambda depth: b'{"data":' * depth + b"[" * depth)
    other = st.one_of(
        values(photo).map(encode_json),
        st.tuples(good, st.integers(0, 400)).map(lambda found: found[0][: found[1]]),
        st.binary(max_size=200),
        st.sampled_from(
            [b"", b"null", b"[]", b"{}", b"<!doctype html><p>Sign in", b"NaN", b"1" * 5000, b"\xef\xbb\xbf{}"]
        ),
        st.sampled_from(["utf-16", "utf-32", "gb18030"]).flatmap(
            lambda charset: nearly_valid(vendor_id, photo).map(lambda body: json.dumps(body).encode(charset, "replace"))
        ),
        deep,
    )
    return weighted(good, other)


def headers() -> st.SearchStrategy[tuple[tuple[bytes, bytes], ...]]:
    """Headers that are malformed or contradict the body."""
    wrong_headers = st.sampled_from([
        (b"content-type", [b"text/html", b"application/json; charset=klingon", b"", b"multipart/mixed; boundary=\xff"]),
        (b"content-encoding", [b"gzip", b"deflate", b"br, zstd", b"GZIP", b"identity"]),
        (b"content-length", [b"7", b"minus one"]),
        (b"retry-after", [b"99999999999999999999", b"-1", b"Fri, 31 Dec 1999", "٣".encode(), b"1", b"\xb2", b"1e3"]),
        (b"location", [b"//", b"http://[::1", b"http://169.254.169.254/", b"\xff\xfe://x", b"https://xn--/"]),
        (b"location", [b"/again", b"http://a:b@c:99999/", b"https://obs.mtlab.meitu.com/1.jpg", b"\xff", b"#"]),
        (b"set-cookie", [b"a=b; domain=.com; expires=never", b"\xff=\x01", b"a=b; max-age=x", b";;="]),
        (b"x-request-id", [b"\xe4\xb8", b"0", b"a" * 5000]),
    ])  # fmt: skip
    wrong_header = wrong_headers.flatmap(lambda row: st.tuples(st.just(row[0]), st.sampled_from(row[1])))
    names = st.sampled_from([b"retry-after", b"location", b"content-type", b"x-request-id", b"set-cookie"])
    arbitrary_header = st.tuples(names, st.binary(max_size=30).map(lambda text: text.translate(None, b"\r\n\0")))
    return st.lists(st.one_of(wrong_header, arbitrary_header), max_size=3).map(tuple)


def answers(vendor_id: str, photo: bytes) -> st.SearchStrategy[MalformedAnswer]:
    """Any answer, compressed or not, with its body split at any offset."""
    statuses = weighted(st.just(200), st.one_of(st.sampled_from([400, 429, 500, 502, 503, 302]), st.integers(100, 599)))
    packing = st.sampled_from([lambda data: data] * 14 + [gzip.compress, zlib.compress])
    plain = st.builds(
        lambda status, heads, body, pack, split_at: MalformedAnswer(status, heads, pack(body), split_at),
        statuses, headers(), bodies(vendor_id, photo), packing, st.integers(0, 300),
    )  # fmt: skip
    packed = st.builds(
        lambda body, split_at: MalformedAnswer(200, ((b"content-encoding", b"gzip"),), gzip.compress(body), split_at),
        bodies(vendor_id, photo), st.integers(0, 60),
    )  # fmt: skip
    return st.one_of(plain, plain, plain, packed)
