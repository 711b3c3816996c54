"""The command's report as a folder: report.html, calls.csv, pictures/ (labelled results), thumbnails/ (of the sheet).

It holds faces, because whoever runs the command asks for them; nobody else may read it (0700).
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import anyio

from ..calls.pipeline import CallResult
from ..evaluation.csv_export import format_csv
from ..evaluation.outcomes import Outcome
from ..evaluation.plan import Job, Plan
from ..ui.evaluation.pictures import EncodedPictures, build_file_name, encode_pictures
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
        wants_photo = not self._thumbnail_path(job.photo.sha256).exists()
        encoded = await encode_pictures(photo, result, wants_photo=wants_photo, max_side_px=None)
        await anyio.to_thread.run_sync(self._save, job, encoded)

    def _save(self, job: Job, encoded: EncodedPictures) -> None:
        files = {
            self._thumbnail_path(job.photo.sha256): encoded.photo_thumbnail,
            self._thumbnail_path(f"thumbnail {job.key}"): encoded.thumbnail,
        }
        if encoded.picture:
            labelled = export.for_download(encoded.picture, self._language, visible_label=self._visible_label)
            files[self.path / "pictures" / build_file_name(job, labelled)] = labelled
        for path, data in files.items():
            if data:
                path.write_bytes(data)

    def _thumbnail_path(self, name: str) -> Path:
        return self.path / "thumbnails" / f"{sha256(name.encode()).hexdigest()[:24]}.jpg"

    def _load_thumbnail(self, name: str) -> str:
        path = self._thumbnail_path(name)
        return encode_data_url(path.read_bytes()) if path.exists() else ""

    def _replace(self, path: Path, data: bytes) -> None:
        draft = path.with_name(f".{path.name}")
        draft.write_bytes(data)
        draft.replace(path)
