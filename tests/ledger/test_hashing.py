"""Hashes of visitors and requests, the visitor cookie, and the secret behind them."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.samples import NOON
from meitu_demo.ledger.hashing import (
    YEAR_S,
    fingerprint_request,
    generate_visitor_id,
    hash_visitor,
    load_or_create_secret,
    sign_visitor_cookie,
    verify_visitor_cookie,
)
from meitu_demo.ledger.store import Intent

SECRET = b"s" * 32
OTHER = b"t" * 32


# ── Cookie ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_visitor_cookie_round_trip() -> None:
    """A signed cookie is accepted for a year, also if the clock was set back or another replica's runs ahead."""
    visitor = generate_visitor_id()
    cookie = sign_visitor_cookie(visitor, SECRET, NOON)
    for now in (NOON - YEAR_S, NOON - 300, NOON, NOON + YEAR_S):
        assert verify_visitor_cookie(cookie, SECRET, now) == visitor
    for now in (NOON - YEAR_S - 1, NOON + YEAR_S + 1):
        assert verify_visitor_cookie(cookie, SECRET, now) is None
    assert verify_visitor_cookie(cookie, OTHER, NOON) is None
    assert len({generate_visitor_id() for _ in range(1000)}) == 1000


def test_visitor_cookie_rejects_any_change() -> None:
    """A cookie with any character changed, dropped or added is rejected."""
    cookie = sign_visitor_cookie(generate_visitor_id(), SECRET, NOON)
    for index in range(len(cookie)):
        for other in "Aa0._-":
            changed = cookie[:index] + other + cookie[index + 1 :]
            # the signature's last character holds two bits that no byte uses, and is compared all the same
            assert changed == cookie or verify_visitor_cookie(changed, SECRET, NOON) is None
            assert verify_visitor_cookie(cookie[:index] + other + cookie[index:], SECRET, NOON) is None
        assert verify_visitor_cookie(cookie[:index], SECRET, NOON) is None
        assert verify_visitor_cookie(cookie[:index] + cookie[index + 1 :], SECRET, NOON) is None


@given(st.one_of(st.none(), st.text(max_size=300), st.from_regex(r"v1\.[\w-]{22}\.\d+\.[\w-]{43}\n?", fullmatch=True)))
def test_visitor_cookie_rejects_any_other_text(cookie: str | None) -> None:
    """No text raises, and none that was not signed here is accepted."""
    assert verify_visitor_cookie(cookie, SECRET, NOON) is None


# ── Hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_hash_visitor_is_stable_and_keyed() -> None:
    """The same visitor hashes alike, another visitor or secret differently, and an Intent accepts the hash."""
    one = hash_visitor("203.0.113.9", SECRET)
    assert one == hash_visitor("203.0.113.9", SECRET)
    assert len({one, hash_visitor("203.0.113.10", SECRET), hash_visitor("203.0.113.9", OTHER)}) == 3
    assert hash_visitor("\ud800", SECRET)
    Intent("meitu", "face_fuse", fingerprint_request("face_fuse", {}, b"photo", SECRET), one)


def test_fingerprint_covers_the_whole_request() -> None:
    """The order of the values does not matter; endpoint, each value, photo and secret do."""
    values = {"template": "a", "strength": 0.5}
    one = fingerprint_request("face_fuse", values, b"photo", SECRET)
    assert one == fingerprint_request("face_fuse", dict(reversed(values.items())), b"photo", SECRET)
    others = [
        fingerprint_request("anime_avatar", values, b"photo", SECRET),
        fingerprint_request("face_fuse", {**values, "strength": 0.55}, b"photo", SECRET),
        fingerprint_request("face_fuse", {"template": "a"}, b"photo", SECRET),
        fingerprint_request("face_fuse", values, b"photo.", SECRET),
        fingerprint_request("face_fuse", values, b"photo", OTHER),
        hash_visitor("photo", SECRET),
    ]
    assert len({one, *others}) == 7


# ── Secret ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_secret_file_is_created_once(tmp_path: Path) -> None:
    """Created for its owner only, and the same for all, also when many start at once."""
    path = tmp_path / "data" / "secret"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(load_or_create_secret, [path] * 32))
    assert len(found) == 1
    assert len(found.pop()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_short_secret_is_rejected(tmp_path: Path) -> None:
    """A truncated file and a guessable secret are a ValueError that does not quote them."""
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes") as raised:
        load_or_create_secret(tmp_path / "secret")
    assert "short" not in str(raised.value)
    with pytest.raises(ValueError, match="32 bytes"):
        hash_visitor("someone", b"")
