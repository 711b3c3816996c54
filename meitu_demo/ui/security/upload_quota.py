"""Upload quota: bounds the files and bytes that one address, and all together, may have among the uploads.

Anybody can upload without an event or a session, and the folder may be small: a container's /tmp in memory. Files that
events write, such as examples and results, count as well. Where room runs short, the oldest uploads go that no session
claims; a session claims those that its events named last, so a photo in a panel stays.
"""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import anyio
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...calls.run_log import report_failure
from ...domain.errors import UploadsFull, UploadTooLarge, VisitorUploadsFull
from ...domain.translations import match_language
from ...photos.codec import MAX_BYTES
from ...settings import Network
from ..caller import resolve_address
from ..gradio_patches.route_allowlist import MAX_FORM_OVERHEAD_BYTES
from ..gradio_patches.uploads import delete_paths

UPLOAD_PATH = "/gradio_api/upload"
MAX_ADDRESS_FILES, MAX_TOTAL_FILES = 200, 2000
MAX_ADDRESS_BYTES = 160_000_000
MAX_TOTAL_BYTES = 400_000_000  # of the documented /tmp of 512 MB
MAX_SESSION_CLAIMS = 10  # a page has seven photos
MAX_DRAINED_BYTES = 1024 * 1024 * 1024  # of a body that is refused
REFUSAL_STATUSES = {UploadTooLarge: 413, VisitorUploadsFull: 429}


@dataclass(slots=True, eq=False)
class Upload:
    """One form that was uploaded, or one file that an event wrote.

    folders: one for each file of the form; empty while it is under way. session_id: the last one that claimed it, "" if
    none did. claim_number: grows with each claim.
    """

    address: str
    size_bytes: int
    folders: set[Path] = field(default_factory=set)
    session_id: str = ""
    claim_number: int = 0

    @property
    def file_count(self) -> int:
        """At least one, also while it is under way."""
        return max(1, len(self.folders))


class UploadQuota:
    """Who has uploaded how much, the oldest first. Bound to one event loop."""

    def __init__(self) -> None:
        self._uploads: dict[Upload, None] = {}
        self._claim_numbers = count(1)

    def claim(self, folder: Path, session_id: str) -> None:
        """An event of the session has named the file in `folder`: it stays until MAX_SESSION_CLAIMS later claims."""
        for upload in self._uploads:
            if folder.name in {own.name for own in upload.folders}:  # the names are random; the paths may be links
                upload.session_id, upload.claim_number = session_id, next(self._claim_numbers)

    def end_claims(self, session_id: str) -> None:
        """The session needs none of its uploads any longer."""
        for upload in self._uploads:
            if upload.session_id == session_id:
                upload.session_id = ""

    @asynccontextmanager
    async def hold(self, address: str, size_bytes: int) -> AsyncIterator[Upload]:
        """Room for a file that an event is about to write, and adds to `folders`. Raises as `reserve` does."""
        upload = await self.reserve(address, size_bytes)
        try:
            yield upload
        finally:
            if not upload.folders:
                self.release(upload)

    async def reserve(self, address: str, size_bytes: int) -> Upload:
        """Make room for an upload that begins. Raises UploadsFull or VisitorUploadsFull."""
        if self._find_shortage(address, size_bytes):
            await self._forget_deleted()
        evicted: list[Upload] = []
        while error := self._find_shortage(address, size_bytes):
            upload = self._choose_evictable(address if isinstance(error, VisitorUploadsFull) else None)
            if upload is None:
                raise error
            evicted.append(upload)
            del self._uploads[upload]
        reserved = Upload(address, size_bytes)
        self._uploads[reserved] = None
        if evicted:
            await anyio.to_thread.run_sync(delete_paths, [folder for upload in evicted for folder in upload.folders])
        return reserved

    def release(self, upload: Upload) -> None:
        """The upload failed and left no file."""
        self._uploads.pop(upload, None)

    async def _forget_deleted(self) -> None:
        """Forget uploads that were deleted, by their visitor or in time. Looks at each on the disk."""
        stored = [upload for upload in self._uploads if upload.folders]
        is_there = await anyio.to_thread.run_sync(lambda: [any(map(Path.exists, one.folders)) for one in stored])
        for upload, exists in zip(stored, is_there, strict=True):
            if not exists:
                self._uploads.pop(upload, None)

    def _find_shortage(self, address: str, size_bytes: int) -> UploadsFull | None:
        own = [upload for upload in self._uploads if upload.address == address]
        if _is_beyond(own, size_bytes, MAX_ADDRESS_FILES, MAX_ADDRESS_BYTES):
            return VisitorUploadsFull(files=MAX_ADDRESS_FILES, bytes=MAX_ADDRESS_BYTES)
        return UploadsFull() if _is_beyond(self._uploads, size_bytes, MAX_TOTAL_FILES, MAX_TOTAL_BYTES) else None

    def _choose_evictable(self, address: str | None) -> Upload | None:
        """The oldest unclaimed upload of `address`, or for None of the address that has most."""
        bytes_by_address: Counter[str] = Counter()
        for upload in self._uploads:
            bytes_by_address[upload.address] += upload.size_bytes
        claimed = self._list_claimed()
        evictable = [
            upload
            for upload in self._uploads
            if upload.folders and upload not in claimed and address in (None, upload.address)
        ]
        return max(evictable, key=lambda upload: bytes_by_address[upload.address], default=None)  # the first of equals

    def _list_claimed(self) -> set[Upload]:
        uploads_by_session: defaultdict[str, list[Upload]] = defaultdict(list)
        for upload in sorted(self._uploads, key=lambda upload: upload.claim_number):
            if upload.session_id:
                uploads_by_session[upload.session_id].append(upload)
        return {upload for uploads in uploads_by_session.values() for upload in uploads[-MAX_SESSION_CLAIMS:]}


def _is_beyond(uploads: Iterable[Upload], size_bytes: int, max_files: int, max_bytes: int) -> bool:
    """Whether one more upload of `size_bytes` would exceed a limit."""
    sizes = [(upload.file_count, upload.size_bytes) for upload in uploads]
    return 1 + sum(count for count, _ in sizes) > max_files or size_bytes + sum(size for _, size in sizes) > max_bytes


class UploadQuotaMiddleware:
    """ASGI middleware for Gradio's upload route. trusted_proxies: their X-Forwarded-For names the address."""

    def __init__(self, app: ASGIApp, quota: UploadQuota, trusted_proxies: Sequence[Network]) -> None:
        self.app = app
        self._quota = quota
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an upload on if there is room for it, else answer 413, 429 or 507 in words; pass everything else on."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/") != UPLOAD_PATH:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        address = resolve_address(request, self._trusted_proxies)
        length = request.headers.get("content-length", "")
        size_bytes = int(length) if length.isdecimal() and len(length) <= 12 else MAX_BYTES
        try:
            if size_bytes > MAX_BYTES + MAX_FORM_OVERHEAD_BYTES:
                raise UploadTooLarge(bytes=size_bytes, limit=MAX_BYTES)
            upload = await self._quota.reserve(address, min(size_bytes, MAX_BYTES))
        except UploadsFull as error:
            await _drain(receive, min(size_bytes, MAX_DRAINED_BYTES))
            await _build_refusal(error, request)(scope, receive, send)
            return
        try:
            await self.app(scope, _count_bytes(receive, upload), _record_folders(send, upload))
        finally:
            if not upload.folders:
                self._quota.release(upload)


def _build_refusal(error: UploadsFull, request: Request) -> PlainTextResponse:
    explained = report_failure(error, match_language(request.headers.get("accept-language")), is_billable=False)
    return PlainTextResponse(explained.as_text(), REFUSAL_STATUSES.get(type(error), 507))


async def _drain(receive: Receive, max_bytes: int) -> None:
    """Read the body and drop it: a browser that is cut off while it sends shows no answer."""
    while max_bytes >= 0:
        message = await receive()
        max_bytes -= len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _count_bytes(receive: Receive, upload: Upload) -> Receive:
    received_bytes = 0

    async def receive_and_count() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if message["type"] == "http.request" and not message.get("more_body"):
            upload.size_bytes = received_bytes
        return message

    return receive_and_count


def _record_folders(send: Send, upload: Upload) -> Send:
    """Reads the paths of the files from the answer."""
    body: list[bytes] = []
    is_success = False

    async def send_and_record(message: Message) -> None:
        nonlocal is_success
        if message["type"] == "http.response.start":
            is_success = message["status"] == 200 and "json" in Headers(scope=message).get("content-type", "")
        elif is_success:
            body.append(message.get("body", b""))
            if not message.get("more_body"):
                upload.folders |= {Path(path).parent for path in json.loads(b"".join(body))}
        await send(message)

    return send_and_record
