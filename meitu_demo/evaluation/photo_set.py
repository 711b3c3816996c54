"""Photos for an evaluation, from files, folders and ZIP archives. Only their headers are read until they are sent.

A ZIP archive is read in place: no entry is ever written to disk, its name is only shown. Before an archive is opened,
its directory is checked for size; before an entry is read, its flags, its declared size and its first bytes.
"""

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..domain.errors import ImageRejected
from ..photos.codec import MAX_BYTES, read_size, sniff
from ..photos.headers import Size
from ..photos.safe_open import read_file
from ..redaction.text import sanitize

MAX_PHOTOS = 200
MAX_ENTRIES = 1000  # of one archive, folders and other files included
MAX_DIRECTORY_BYTES = 1_000_000  # of an archive's list of entries
MAX_INFLATED_BYTES = 2_000_000_000  # read from one archive while it is checked
MAX_NAME_CHARS = 80
_MAX_COMMENT_BYTES = 65_535
_END_RECORD = struct.Struct("<4s4H2LH")  # "end of central directory record"; APPNOTE.TXT, 4.3.16
_ZIP64_LOCATOR_BYTES = 20
_ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error,
               struct.error, LookupError)  # fmt: skip  # RuntimeError: encrypted


@dataclass(frozen=True, slots=True)
class PhotoSource:
    """One photo that has been checked, not loaded. sha256: of the file, hexadecimal. size: upright, in px.

    path: its file, or the archive that holds it as the entry number `entry`; None if it must be given again.
    """

    name: str
    sha256: str
    size_bytes: int
    size: Size
    path: Path | None
    entry: int | None = None

    def read(self) -> bytes:
        """The file's bytes. Blocks. Raises ImageRejected("photo_gone") if it is not the photo that was checked."""
        if self.path is None:
            raise ImageRejected("photo_gone")
        try:
            data = _read_file(self.path) if self.entry is None else _read_entry_at(self.path, self.entry)
        except (ImageRejected, *_ZIP_ERRORS):
            data = b""
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise ImageRejected("photo_gone")
        return data


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """The photos in the order of their names, and what was refused: names and reasons. duplicates: names."""

    photos: tuple[PhotoSource, ...] = ()
    refused: tuple[tuple[str, ImageRejected], ...] = ()
    duplicates: tuple[str, ...] = ()


def collect_photos(files: Iterable[tuple[str, Path]]) -> PhotoSet:
    """The photos in `files`: pairs of a name to show and a path, of photos and ZIP archives. Blocks.

    Recognises both by content. At most MAX_PHOTOS; equal photos count once.
    """
    collector = _Collector()
    for name, path in files:
        collector.add_file(name, path)
    return collector.finish()


def list_files(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    """Files as `collect_photos` takes them; of a folder, all files below it that are not hidden. No link is followed.

    Raises OSError for a path that does not exist.
    """
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
            found += [
                (str(file.relative_to(path)), file)
                for file in inside
                if not any(part.startswith(".") for part in file.relative_to(path).parts)
            ]
        else:
            path.stat()
            found.append((path.name, path))
    return found


class _Collector:
    def __init__(self) -> None:
        self._photos: dict[str, PhotoSource] = {}
        self._refused: list[tuple[str, ImageRejected]] = []
        self._duplicates: list[str] = []

    def finish(self) -> PhotoSet:
        photos = tuple(sorted(self._photos.values(), key=lambda photo: photo.name))
        return PhotoSet(photos, tuple(self._refused), tuple(self._duplicates))

    def add_file(self, name: str, path: Path) -> None:
        name = clean_name(name)
        try:
            if is_zip(_read_head(path)):
                self._add_archive(path)
            else:
                self._add_photo(name, _read_file(path), path, None)
        except ImageRejected as error:
            self._refused.append((name, error))
        except _ZIP_ERRORS:
            self._refused.append((name, ImageRejected("archive_unreadable")))

    def _add_photo(self, name: str, data: bytes, path: Path, entry: int | None) -> None:
        size = read_size(data)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in self._photos:
            self._duplicates.append(name)
        elif len(self._photos) >= MAX_PHOTOS:
            raise ImageRejected("photos_too_many", limit=MAX_PHOTOS)
        else:
            self._photos[sha256] = PhotoSource(name, sha256, len(data), size, path, entry)

    def _add_archive(self, path: Path) -> None:
        check_directory_size(path)
        read_bytes = 0
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise ImageRejected("archive_too_many_entries", limit=MAX_ENTRIES)
            for number, info in enumerate(entries):
                name = decode_name(info)
                if info.is_dir() or is_hidden(name):
                    continue
                if read_bytes > MAX_INFLATED_BYTES:
                    raise ImageRejected("archive_too_large", limit_mb=MAX_INFLATED_BYTES // 1_000_000)
                try:
                    data = read_entry(archive, info)
                    read_bytes += len(data)
                    self._add_photo(clean_name(name), data, path, number)
                except ImageRejected as error:
                    self._refused.append((clean_name(name), error))
                except _ZIP_ERRORS:  # perhaps after it was read to its end
                    read_bytes += min(info.file_size, MAX_BYTES)
                    self._refused.append((clean_name(name), ImageRejected("archive_unreadable")))


def is_zip(head: bytes) -> bool:
    """Whether a file that begins with `head` is a ZIP archive, perhaps an empty one."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def check_directory_size(path: Path) -> None:
    """Refuse an archive whose list of entries would fill memory before it could be counted. Raises ImageRejected.

    `zipfile` reads the list as a whole, as long as the end record, or a ZIP64 record before it, says.
    """
    with path.open("rb") as file:
        file.seek(0, 2)
        tail_bytes = min(file.tell(), _END_RECORD.size + _MAX_COMMENT_BYTES + _ZIP64_LOCATOR_BYTES)
        file.seek(-tail_bytes, 2)
        tail = file.read(tail_bytes)
    start = tail.rfind(b"PK\x05\x06")
    if start < 0 or len(tail) - start < _END_RECORD.size or b"PK\x06\x07" in tail[:start][-_ZIP64_LOCATOR_BYTES:]:
        raise ImageRejected("archive_unreadable")
    *_, count, directory_bytes, _, _ = _END_RECORD.unpack_from(tail, start)
    if count > MAX_ENTRIES or directory_bytes > MAX_DIRECTORY_BYTES:
        raise ImageRejected("archive_too_many_entries", limit=MAX_ENTRIES)


def read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a photo in an archive. Raises ImageRejected, or one of zipfile's many exceptions."""
    if info.flag_bits & 0x1:
        raise ImageRejected("archive_entry_encrypted")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ImageRejected("archive_entry_link")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # LZMA's dictionary may be of gigabytes
        raise ImageRejected("archive_unreadable")
    if info.file_size > MAX_BYTES:
        raise ImageRejected("image_too_large_file", bytes=info.file_size, limit=MAX_BYTES)
    with archive.open(info) as file:
        head = file.read(512)
        if is_zip(head):
            raise ImageRejected("archive_nested")
        if sniff(head) is None:
            raise ImageRejected("image_wrong_kind" if head else "image_empty")
        return head + file.read()  # `zipfile` reads no more than the declared size


def decode_name(info: zipfile.ZipInfo) -> str:
    """An entry's name. Without the flag for UTF-8, archives hold UTF-8, Chinese Windows' encoding or code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def is_hidden(name: str) -> bool:
    """Whether an operating system put the entry there: macOS' resource forks, hidden files, Windows' thumbnails."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") and part != ".." for part in parts) or "__MACOSX" in parts or name == "Thumbs.db"


def clean_name(name: str) -> str:
    """The last part of a path, for people: one line without control characters."""
    last_part = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return sanitize(last_part, MAX_NAME_CHARS) or "?"


def _read_entry_at(path: Path, number: int) -> bytes:
    check_directory_size(path)
    with zipfile.ZipFile(path) as archive:
        return read_entry(archive, archive.infolist()[number])


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError:
        raise ImageRejected("photo_gone") from None


def _read_file(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError:
        raise ImageRejected("photo_gone") from None
