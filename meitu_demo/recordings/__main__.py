"""``python -m meitu_demo.recordings list|delete|verify``: the recordings of live calls.

verify reads every recording with today's client and prints what it reads differently than when it was recorded.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..photos.safe_open import format_file_size
from ..settings import Settings
from .answer import build_response, read_answer
from .recording import DamagedRecording, Recording
from .store import MAX_FOLDER_BYTES, RecordingStore

SHOWN_KEY_CHARS = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 1 if recordings are damaged or read differently, or cannot be reached; 2 for a wrong
    argument or setting.
    """
    parser = argparse.ArgumentParser(prog="python -m meitu_demo.recordings", description=__doc__)
    parser.add_argument("--folder", type=Path, help="another folder than RECORDINGS in the settings")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every recording, the oldest first")
    delete_parser = commands.add_parser("delete", help="delete recordings for good")
    delete_parser.add_argument("names", nargs="*", help="names as listed, or the beginnings of names")
    delete_parser.add_argument("--all", action="store_true", help="all of them")
    commands.add_parser("verify", help="read every recording with today's client")
    args = parser.parse_args(arguments)
    try:
        folder = args.folder or Settings.from_env().recordings
        if folder is None:
            raise ValueError("RECORDINGS names no folder; set it, or give --folder")
        store = RecordingStore(folder)
        if args.command == "list":
            return print_list(store)
        if args.command == "verify":
            return verify(store)
        return delete(store, args.names, delete_all=args.all)
    except ValueError as error:  # SettingsError among them
        print(f"This needs a look: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        print(f"The recordings cannot be reached: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1


def print_list(store: RecordingStore) -> int:
    """Print one line for each recording: name, time (UTC), endpoint, values, outcome, seconds, size."""
    damaged_count = 0
    recordings: list[Recording] = []
    for key, recording in _read_all(store):
        if isinstance(recording, Recording):
            recordings.append(recording)
        else:
            damaged_count += 1
            _print_damaged(key, recording)
    for recording in sorted(recordings, key=lambda each: each.recorded_at):
        values = " ".join(f"{name}={value}" for name, value in recording.values.items())
        size = format_file_size(len(recording.body) + len(recording.picture))
        made_at = recording.recorded_at.strftime("%Y-%m-%d %H:%M")
        outcome = "result" if recording.has_picture else f"refused: {recording.reading.get('slug', '')}"
        facts = (made_at, recording.endpoint_id, values, outcome, f"{recording.elapsed_s:.1f} s", size)
        print(recording.key[:SHOWN_KEY_CHARS], *filter(None, facts), sep="  ")  # noqa: T201
    share = f"{store.count_bytes() / 1e6:.1f} of {MAX_FOLDER_BYTES // 1_000_000} MB"
    print(f"recordings: {len(recordings)}, {share}")  # noqa: T201
    return 1 if damaged_count else 0


def verify(store: RecordingStore) -> int:
    """Read every recording with today's client; print each fact that it reads differently."""
    count = failed_count = 0
    for key, recording in _read_all(store):
        count += 1
        if not isinstance(recording, Recording):
            _print_damaged(key, recording)
            failed_count += 1
            continue
        differences = list_differences(recording)
        failed_count += bool(differences)
        for difference in differences:
            print(f"{key[:SHOWN_KEY_CHARS]}  {recording.endpoint_id}  {difference}")  # noqa: T201
    print(f"recordings: {count}, read differently or damaged: {failed_count}")  # noqa: T201
    return 1 if failed_count else 0


def list_differences(recording: Recording) -> list[str]:
    """What today's client reads differently in the recording, one text for each fact."""
    before, now = recording.reading, read_answer(recording.vendor_id, build_response(recording))
    names = sorted(before.keys() | now.keys())
    return [
        f"{name}: was {before.get(name, '')!r}, is {now.get(name, '')!r}"
        for name in names
        if before.get(name, "") != now.get(name, "")
    ]


def delete(store: RecordingStore, names: Sequence[str], *, delete_all: bool) -> int:
    """Delete the recordings with these names or beginnings of names. Raises ValueError for one that fits none."""
    if delete_all:
        print(f"files deleted: {store.delete_all()}")  # noqa: T201
        return 0
    if not names:
        raise ValueError("delete needs names, as list prints them, or --all")
    keys = {name: [key for key in store.list_keys() if name and key.startswith(name)] for name in names}
    if unknown := [name for name, found in keys.items() if not found]:
        raise ValueError(f"there is no recording {', '.join(unknown)}")
    found_keys = {key for found in keys.values() for key in found}
    for key in found_keys:
        store.delete(key)
    print(f"recordings deleted: {len(found_keys)}")  # noqa: T201
    return 0


def _read_all(store: RecordingStore) -> Iterator[tuple[str, Recording | DamagedRecording | OSError]]:
    for key in store.list_keys():
        try:
            yield key, store.read(key)
        except FileNotFoundError:  # deleted meanwhile
            continue
        except (DamagedRecording, OSError) as error:
            yield key, error


def _print_damaged(key: str, error: DamagedRecording | OSError) -> None:
    reason = error.strerror if isinstance(error, OSError) else error
    print(f"{key[:SHOWN_KEY_CHARS]}  cannot be read: {reason}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
