"""The folder of recordings: one file for each call, readable by its owner alone, and the secret behind the names.

Everything blocks: call it from a worker thread.
"""

import errno
import logging
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..domain.model import Endpoint
from ..ledger.hashing import fingerprint_request, load_or_create_secret
from ..photos import codec
from .recording import DamagedRecording, Recording

SUFFIX, DRAFT_SUFFIX = ".recording", ".draft"
SECRET_FILE = "secret"
MAX_FOLDER_BYTES = 1_000_000_000
KEY_PATTERN = re.compile(r"[0-9a-f]{64}")
log = logging.getLogger(__name__)


class RecordingStore:
    """The recordings in `folder`, which is created with the first one. Many threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def compute_key(self, endpoint: Endpoint, values: Mapping[str, Any], photo: bytes) -> str:
        """The name of a call's recording: a keyed hash of endpoint, checked values and the photo's upright pixels.

        It is keyed with the folder's secret, so that nobody can try photos without the folder; and it does not depend
        on how the photo is encoded to be sent. Raises ImageRejected, OSError or ValueError.
        """
        pixels = codec.decode(photo)
        digest = sha256(f"{pixels.shape}".encode("ascii"))
        digest.update(pixels.data)
        secret = load_or_create_secret(self._folder / SECRET_FILE)
        return fingerprint_request(endpoint.id, values, digest.digest(), secret)

    def find(self, key: str) -> Recording | None:
        """The recording, or None if there is none. A damaged one counts as none and is logged."""
        try:
            return self.read(key)
        except FileNotFoundError:
            return None
        except (DamagedRecording, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            log.warning("recording %s is passed over: %s", key[:8], reason)
            return None

    def read(self, key: str) -> Recording:
        """The recording. Raises FileNotFoundError, OSError or DamagedRecording."""
        if not KEY_PATTERN.fullmatch(key):
            raise FileNotFoundError(key)
        recording = Recording.load(self._get_path(key).read_bytes())
        if recording.key != key:
            raise DamagedRecording("it was renamed")
        return recording

    def save(self, recording: Recording) -> None:
        """Write the recording in one step, in place of an earlier one of the same call.

        Raises OSError, with EDQUOT if the folder would hold more than MAX_FOLDER_BYTES: what an owner has recorded for
        a show is not deleted to make room for a visitor's call.
        """
        data = recording.dump()
        if self.count_bytes(other_than=recording.key) + len(data) > MAX_FOLDER_BYTES:
            limit_mb = MAX_FOLDER_BYTES // 1_000_000
            raise OSError(errno.EDQUOT, f"the folder may hold {limit_mb} MB of recordings; delete some")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f"{recording.key}.{secrets.token_hex(8)}{DRAFT_SUFFIX}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._get_path(recording.key))
        finally:
            draft.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """Delete the recording, if it is there. Raises OSError."""
        self._get_path(key).unlink(missing_ok=True)

    def delete_all(self) -> int:
        """Delete every recording, and what a killed process left half written; returns how many. Raises OSError."""
        paths = [*self._list_paths(SUFFIX), *self._list_paths(DRAFT_SUFFIX)]
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def count_bytes(self, other_than: str = "") -> int:
        """The bytes of all recordings but the one with the key `other_than`."""
        return sum(_read_size(path) for path in self._list_paths(SUFFIX) if path.stem != other_than)

    def list_keys(self) -> list[str]:
        """The names of all recordings, damaged ones included, sorted. Raises OSError."""
        return sorted(path.stem for path in self._list_paths(SUFFIX) if KEY_PATTERN.fullmatch(path.stem))

    def _list_paths(self, suffix: str) -> Iterator[Path]:
        return self._folder.glob(f"*{suffix}")

    def _get_path(self, key: str) -> Path:
        return self._folder / f"{key}{SUFFIX}"


def _read_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # deleted meanwhile
        return 0
