"""Who a call is counted against: cookie and hash; and the secret behind them."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.postgres import FreshUrl
from ledger.samples import NOON
from meitu_demo.ledger import (
    Intent,
    fingerprint_request,
    generate_visitor_id,
    hash_visitor,
    load_or_create_secret,
    load_or_create_shared_secret,
    sign_visitor_cookie,
    verify_visitor_cookie,
)
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.hashing import YEAR_S

SECRET = b"s" * 32
OTHER = b"t" * 32


# ── Cookie ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_cookie_gives_the_visitor_back() -> None:
    """What we signed we read, for a year; also where the clock was set back since, or another replica's runs ahead."""
    visitor = generate_visitor_id()
    cookie = sign_visitor_cookie(visitor, SECRET, NOON)
    for now in (NOON - YEAR_S, NOON - 300, NOON, NOON + YEAR_S):
        assert verify_visitor_cookie(cookie, SECRET, now) == visitor
    for now in (NOON - YEAR_S - 1, NOON + YEAR_S + 1):
        assert verify_visitor_cookie(cookie, SECRET, now) is None
    assert verify_visitor_cookie(cookie, OTHER, NOON) is None
    assert len({generate_visitor_id() for _ in range(1000)}) == 1000


def test_no_changed_character_passes() -> None:
    """Each character of the cookie is vouched for: changed, dropped or added anywhere, it is nobody's."""
    cookie = sign_visitor_cookie(generate_visitor_id(), SECRET, NOON)
    for place in range(len(cookie)):
        for other in "Aa0._-":
            changed = cookie[:place] + other + cookie[place + 1 :]
            # the signature's last character holds two bits that no byte uses, and is compared all the same
            assert changed == cookie or verify_visitor_cookie(changed, SECRET, NOON) is None
            assert verify_visitor_cookie(cookie[:place] + other + cookie[place:], SECRET, NOON) is None
        assert verify_visitor_cookie(cookie[:place], SECRET, NOON) is None
        assert verify_visitor_cookie(cookie[:place] + cookie[place + 1 :], SECRET, NOON) is None


@given(st.one_of(st.none(), st.text(max_size=300), st.from_regex(r"v1\.[\w-]{22}\.\d+\.[\w-]{43}\n?", fullmatch=True)))
def test_anything_else_is_nobody(cookie: str | None) -> None:
    """No text makes it raise, and none that we did not sign passes."""
    assert verify_visitor_cookie(cookie, SECRET, NOON) is None


# ── Hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_visitors_hash_is_theirs_and_salted() -> None:
    """The same visitor hashes alike, another one or another salt does not, and the ledger takes it."""
    one = hash_visitor("203.0.113.9", SECRET)
    assert one == hash_visitor("203.0.113.9", SECRET)
    assert len({one, hash_visitor("203.0.113.10", SECRET), hash_visitor("203.0.113.9", OTHER)}) == 3
    assert hash_visitor("\ud800", SECRET)
    Intent("meitu", "face_fuse", fingerprint_request("face_fuse", {}, b"photo", SECRET), one)


def test_a_request_is_the_same_only_if_all_of_it_is() -> None:
    """The order of the values does not matter; endpoint, each value, photo and key do."""
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
def test_the_secret_is_made_once(tmp_path: Path) -> None:
    """Made at the first time for the owner's eyes only, read from there on, also when many come at once."""
    path = tmp_path / "data" / "secret"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(load_or_create_secret, [path] * 32))
    assert len(found) == 1
    assert len(found.pop()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_replicas_share_the_secret_of_their_database(postgres_url: FreshUrl) -> None:
    """Many that start at once on an empty database find the same one, and so does whoever comes later."""
    url = postgres_url()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load_or_create_shared_secret(Database(url)), range(8)))
    assert len(found) == 1
    assert found == {load_or_create_shared_secret(Database(url))}
    assert len(found.pop()) == 32


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    """A file that was cut, and a key that could be guessed, are said and not used."""
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes") as raised:
        load_or_create_secret(tmp_path / "secret")
    assert "short" not in str(raised.value)
    with pytest.raises(ValueError, match="32 bytes"):
        hash_visitor("someone", b"")
