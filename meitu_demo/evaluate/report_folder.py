"""The command's report as a folder: report.html, calls.csv, pictures/ (labelled results), thumbnails/ (of the sheet).

It holds faces, because whoever runs the command asks for them; nobody else may read what is in it (0700, 0600).
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from ..calls.pipeline import CallResult
from ..domain.model import Image
from ..evaluation.csv_export import format_csv
from ..evaluation.outcomes import Outcome
from ..evaluation.plan import Job, Plan
from ..runtime import cpu_slots
from ..ui.evaluation.pictures import build_file_name, encode_pictures
from ..ui.evaluation.report import render_document
from ..ui.html import encode_data_url
from ..ui.result import export


class ReportFolder:
    """The folder at `path`, which is made. Raises OSError."""

    def __init__(self, path: Path, language: str, *, visible_label: bool) -> None:
        self.path, self.report_path = path, path / "report.html"
        self._language, self._visible_label = language, visible_label
        for folder in (path, path / "pictures", path / "thumbnails"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, plan: Plan, outcomes: Mapping[str, Outcome]) -> None:
        """Write report.html and calls.csv anew. Blocks."""
        document = render_document(plan, outcomes, self._load_thumbnail, self._language)
        self._replace(self.report_path, document.encode())
        csv = "\ufeff" + format_csv(plan, outcomes, self._language)  # the mark, so that Excel reads UTF-8
        self._replace(self.path / "calls.csv", csv.encode())

    async def save(self, job: Job, photo: bytes, result: CallResult | None) -> None:
        """Write the pictures of one call. Raises OSError."""
        await cpu_slots.run_in_worker(self._save, job, photo, result)

    def _save(self, job: Job, photo: bytes, result: CallResult | None) -> None:
        encoded = encode_pictures(photo, result, self._encode_result)
        files = {
            self._thumbnail_path(job.photo.sha256): encoded.photo_thumbnail,
            self._thumbnail_path(f"thumbnail {job.key}"): encoded.thumbnail,
            self.path / "pictures" / build_file_name(job, encoded.picture): encoded.picture,
        }
        for path, data in files.items():
            if data:
                path.write_bytes(data)

    def _encode_result(self, result: CallResult, pixels: Image) -> bytes:
        if self._visible_label:
            return export.encode_labelled(result, pixels, self._language)
        return export.unlabelled(result)

    def _thumbnail_path(self, name: str) -> Path:
        return self.path / "thumbnails" / f"{sha256(name.encode()).hexdigest()[:24]}.jpg"

    def _load_thumbnail(self, name: str) -> str:
        path = self._thumbnail_path(name)
        return encode_data_url(path.read_bytes()) if path.exists() else ""

    def _replace(self, path: Path, data: bytes) -> None:
        draft = path.with_name(f".{path.name}")
        draft.touch(mode=0o600)  # a folder that was there already may be open to others
        draft.write_bytes(data)
        draft.replace(path)
