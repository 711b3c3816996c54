"""collect_photos: photos from files, folders and ZIP archives; every hostile archive ends in words."""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.explanations import explain
from meitu_demo.evaluation import photo_set
from meitu_demo.evaluation.photo_set import PhotoSet, clean_name, collect_photos, list_files


def zipped(path: Path, members: dict[str, bytes], change: Callable[[zipfile.ZipInfo], object] = bool) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            change(info)
            archive.writestr(info, data)
    return path


def collect(*paths: Path) -> PhotoSet:
    return collect_photos([(path.name, path) for path in paths])


def reasons(found: PhotoSet) -> list[str]:
    """The slugs; each must have words of its own."""
    for _, error in found.refused:
        assert explain(error, "en", is_billable=False).slug == error.slug
    return [error.slug for _, error in found.refused]


def test_photo_set_takes_files_folders_and_archives(tmp_path: Path, portrait: bytes, faceless: bytes) -> None:
    """Content decides, names order; equal photos count once; hidden files and links are not looked at."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    (folder / "b.txt").write_bytes(portrait)
    (folder / "below" / "same.jpg").write_bytes(portrait)
    (folder / ".hidden.jpg").write_bytes(faceless)
    (folder / "link.jpg").symlink_to(folder / "b.txt")
    (folder / "notes.jpg").write_text("no photo")
    zipped(folder / "more.zip", {"__MACOSX/._a.jpg": b"x", "in/a.jpg": faceless, "in/": b""})
    found = collect_photos(list_files([folder]))
    assert [photo.name for photo in found.photos] == ["a.jpg", "b.txt"]
    assert [photo.read() for photo in found.photos] == [faceless, portrait]
    assert found.duplicates == ("same.jpg",)
    assert [(name, error.slug) for name, error in found.refused] == [("notes.jpg", "image_wrong_kind")]


def test_photo_set_takes_no_path_from_an_archive(tmp_path: Path, portrait: bytes) -> None:
    """A name that climbs out of its folder is a name to show; nothing is written anywhere."""
    before = sorted(tmp_path.rglob("*"))
    archive = zipped(tmp_path / "a.zip", {"../../etc/x.jpg": portrait, "C:\\y\\z.jpg": portrait[:-2] + b"\xff\xd9 "})
    found = collect(archive)
    assert [photo.name for photo in found.photos] == ["x.jpg", "z.jpg"]
    assert sorted(tmp_path.rglob("*")) == [*before, archive]


def _link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def test_photo_set_says_why_an_entry_is_left_out(tmp_path: Path, portrait: bytes) -> None:
    """A link, an archive within, an empty file, a text and a packing that costs memory: each has its words."""
    inner = zipped(tmp_path / "inner.zip", {"a.jpg": portrait}).read_bytes()
    assert reasons(collect(zipped(tmp_path / "link.zip", {"a.jpg": b"/etc/passwd"}, _link))) == ["archive_entry_link"]
    others = {"in.jpg": inner, "empty.jpg": b"", "text.jpg": b"hello"}
    assert reasons(collect(zipped(tmp_path / "o.zip", others))) == ["archive_nested", "image_empty", "image_wrong_kind"]
    with zipfile.ZipFile(tmp_path / "lzma.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.jpg", portrait)
    assert reasons(collect(tmp_path / "lzma.zip")) == ["archive_unreadable"]


def test_photo_set_opens_no_encrypted_entry(tmp_path: Path, portrait: bytes) -> None:
    """The flag is enough: nobody is asked for a password."""
    data = bytearray(zipped(tmp_path / "a.zip", {"a.jpg": portrait}).read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    data[6] |= 1
    data[directory + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert reasons(collect(tmp_path / "a.zip")) == ["archive_entry_encrypted"]


def test_photo_set_reads_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of zeros behind a JPEG's first bytes: refused by its size; if it declares less, by its checksum."""
    monkeypatch.setattr(photo_set, "MAX_BYTES", 100_000)
    bomb = zipped(tmp_path / "bomb.zip", {"a.jpg": b"\xff\xd8\xff" + b"\0" * 1_000_000})
    assert reasons(collect(bomb)) == ["image_too_large_file"]
    data = bytearray(bomb.read_bytes())
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 24, 50_000)  # the directory lies about its size
    bomb.write_bytes(data)
    assert reasons(collect(bomb)) == ["archive_unreadable"]


def test_photo_set_stops_at_an_archive_of_many_bombs(
    tmp_path: Path, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read from one archive is bounded in all; the photos until then are kept."""
    monkeypatch.setattr(photo_set, "MAX_INFLATED_BYTES", len(portrait) * 3)
    members = {f"{number}.jpg": portrait + bytes([number]) for number in range(9)}
    found = collect(zipped(tmp_path / "a.zip", members))
    assert (len(found.photos), reasons(found)) == (3, ["archive_too_large"])


def test_photo_set_counts_what_it_reads(tmp_path: Path, portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film that is refused by its size is not read, and does not count; a broken entry is read, and does."""
    monkeypatch.setattr(photo_set, "MAX_BYTES", len(portrait) * 2)
    monkeypatch.setattr(photo_set, "MAX_INFLATED_BYTES", len(portrait) * 3)
    film = collect(zipped(tmp_path / "film.zip", {"a.mov": bytes(len(portrait) * 4), "b.jpg": portrait}))
    assert ([photo.name for photo in film.photos], reasons(film)) == (["b.jpg"], ["image_too_large_file"])
    data = zipped(tmp_path / "broken.zip", {f"{number}.jpg": portrait for number in range(9)}).read_bytes()
    checksum = struct.pack("<L", zlib.crc32(portrait))
    (tmp_path / "broken.zip").write_bytes(data.replace(checksum, b"\0\0\0\0"))
    broken = collect(tmp_path / "broken.zip")
    assert reasons(broken) == ["archive_unreadable"] * 4 + ["archive_too_large"]


def test_photo_set_counts_entries_before_it_reads_their_list(tmp_path: Path) -> None:
    """Ten thousand entries are refused at once, and so is a list whose length is hidden in a ZIP64 record."""
    many = zipped(tmp_path / "many.zip", {f"{number}.txt": b"" for number in range(10_000)})
    assert reasons(collect(many)) == ["archive_too_many_entries"]
    data = many.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    hidden = data[:end] + locator + data[end : end + 8] + struct.pack("<2H2LH", 1, 1, 50, 0, 0)
    (tmp_path / "hidden.zip").write_bytes(hidden)
    assert reasons(collect(tmp_path / "hidden.zip")) == ["archive_unreadable"]


@given(st.binary(max_size=400), st.integers(0, 400), st.integers(0, 400))
def test_photo_set_survives_any_archive(noise: bytes, start: int, cut: int) -> None:
    """However an archive is damaged, the answer is photos or words."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", b"\xff\xd8\xff" + bytes(range(200)))
        archive.writestr("b/ü.png", b"\x89PNG\r\n\x1a\n" * 4)
    data = buffer.getvalue()
    data = (data[:start] + noise + data[start + len(noise) :])[: len(data) + 50 - cut % 100]
    path = Path(os.environ["TMPDIR"]) / "any.zip"
    path.write_bytes(b"PK\x03\x04" + data[4:])
    reasons(collect(path))


@pytest.mark.parametrize(
    ("raw", "name"),
    [("照片.jpg".encode("gbk"), "照片.jpg"), ("Jürgen.jpg".encode(), "Jürgen.jpg"), (b"\xff\xff.jpg", "\xa0\xa0.jpg")],
)
def test_photo_set_reads_names_of_any_encoding(tmp_path: Path, portrait: bytes, raw: bytes, name: str) -> None:
    """UTF-8 and Chinese Windows' names are read without the flag that says so; others as code page 437."""
    data = zipped(tmp_path / "a.zip", {"x" * len(raw): portrait}).read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"x" * len(raw), raw))
    assert [photo.name for photo in collect(tmp_path / "a.zip").photos] == [clean_name(name)]


def test_photo_set_is_bounded(tmp_path: Path, portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit photos are left out by name."""
    monkeypatch.setattr(photo_set, "MAX_PHOTOS", 2)
    members = {f"{number}.jpg": portrait + bytes([number]) for number in range(3)}
    found = collect(zipped(tmp_path / "a.zip", members))
    assert (len(found.photos), reasons(found)) == (2, ["photos_too_many"])


def test_photo_source_reads_only_what_was_checked(tmp_path: Path, portrait: bytes, faceless: bytes) -> None:
    """A photo that has changed, moved or lost its archive is gone."""
    single, archive = tmp_path / "a.jpg", zipped(tmp_path / "b.zip", {"b.jpg": faceless})
    single.write_bytes(portrait)
    photos = collect(single, archive).photos
    single.write_bytes(faceless)
    archive.write_bytes(b"PK\x03\x04")
    for photo in photos:
        with pytest.raises(ImageRejected) as caught:
            photo.read()
        assert caught.value.slug == "photo_gone"
    assert reasons(collect(tmp_path / "none.jpg")) == ["photo_gone"]
