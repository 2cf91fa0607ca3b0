"""Direct uploads and downloads, between clients and the store, past the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from weakref import WeakValueDictionary

import sqlalchemy as sa
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import (
    BeginUploadRequest,
    CancelUploadRequest,
    DirectUpload,
    FinishUploadRequest,
    UploadPart,
)
from songreel_kit.artifacts.direct import DirectTransfers
from songreel_kit.database.database import Database
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.database.times import microseconds, timestamp
from songreel_kit.errors import (
    ArtifactNotFound,
    DirectTransferUnavailable,
    InvalidRequest,
    InvalidUpload,
    SongreelError,
)
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.api.request_ids import claim_of
from songreel_gateway.api.resource_names import checked_display_name, parse_upload, project_of
from songreel_gateway.media.pending_uploads import (
    PendingUpload,
    PendingUploads,
    expired_uploads,
    forget_upload,
    missing,
)
from songreel_gateway.media.uploads import MEDIA_TYPE, check_announced_whole
from songreel_gateway.metrics import UPLOADED_BYTES
from songreel_gateway.settings import GatewaySettings

_AT_ONCE: Final = 4
"""Files that one gateway hashes at once; more wait."""

_BATCH: Final = 20

_log = get_logger(__name__)


class DirectUploads:
    """Uploads by presigned URLs, and URLs to download."""

    def __init__(
        self,
        settings: GatewaySettings,
        transfers: DirectTransfers | None,
        pending: PendingUploads,
    ) -> None:
        """`transfers`: the store's; None where it cannot presign."""
        self._settings = settings
        self._transfers = transfers
        self._pending = pending
        self._hashing = asyncio.Semaphore(_AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, request: BeginUploadRequest) -> DirectUpload:
        """See `MediaService.BeginUpload`."""
        transfers = self._store("UploadMedia")
        check_announced_whole(request, self._settings.max_upload_bytes)
        project = project_of(request.parent)
        claim = claim_of(project, request, request.request_id)
        await self._clear_expired(project)
        found = await self._pending.earlier(claim)
        if found is None:
            await self._pending.admit(project, request.sha256, request.size)
            file = await finish_in_thread(
                transfers.begin, request.size, request.media_type or MEDIA_TYPE
            )
            now = microseconds()
            new = PendingUpload(
                project,
                request.sha256,
                checked_display_name(request.display_name),
                file,
                now,
                now + round(self._settings.unfinished_upload_seconds * 1e6),
            )
            try:
                found = await self._pending.begin(new, claim)
            except BaseException:
                await self._clear(new)
                raise
            if found != new:
                await self._clear(new)
        return await self._described(transfers, found)

    async def finish(self, request: FinishUploadRequest) -> Media:
        """See `MediaService.FinishUpload`."""
        transfers = self._store("UploadMedia")
        project, upload = parse_upload(request.name)
        claim = claim_of(project, request, request.request_id)
        repeated = await self._pending.answered(claim)
        if repeated is not None:
            return await self._pending.media.find(project, repeated)
        turn = self._turns.setdefault(upload, asyncio.Lock())
        async with turn, self._hashing:
            found = await self._living(project, upload)
            if not found.finished:
                await self._read(transfers, found)
            media, first = await self._pending.finish(found, claim)
        if first:
            UPLOADED_BYTES.inc(media.artifact.size)
            _log.info("uploaded directly", media=media.name, size=media.artifact.size)
            await self._clear(found)
        return media

    async def cancel(self, request: CancelUploadRequest) -> None:
        """See `MediaService.CancelUpload`."""
        self._store("UploadMedia")
        project, upload = parse_upload(request.name)
        claim = claim_of(project, request, request.request_id)
        if await self._pending.answered(claim) is not None:
            return
        found = await self._living(project, upload)
        if found.finished or not await self._pending.give_up(found, claim):
            raise InvalidRequest(
                f"{found.name} is finished and can no longer be cancelled", name=found.name
            )
        await self._clear(found)

    async def download_url(self, media: Media, lifetime: Duration) -> tuple[str, Timestamp]:
        """A URL for a media, and until when it is good."""
        transfers = self._store("DownloadMedia")
        asked = lifetime.ToNanoseconds() / 1e9
        if asked < 0:
            raise InvalidRequest("the lifetime must not be negative", field="lifetime")
        longest = self._settings.download_url_seconds
        seconds = float(max(1, int(min(asked or longest, longest))))
        expires = microseconds() + round(seconds * 1e6)
        name = media.display_name

        def sign() -> str:
            return transfers.download_url(media.artifact, seconds=seconds, file_name=name)

        return await finish_in_thread(sign), timestamp(expires)

    def _store(self, instead: str) -> DirectTransfers:
        if self._transfers is None:
            raise DirectTransferUnavailable(
                f"this server's artifact store gives out no URLs: use {instead}", instead=instead
            )
        return self._transfers

    async def _living(self, project: str, upload: str) -> PendingUpload:
        found = await self._pending.find(project, upload)
        if found is None or (not found.finished and found.expires <= microseconds()):
            raise missing(f"projects/{project}/uploads/{upload}")
        return found

    async def _read(self, transfers: DirectTransfers, found: PendingUpload) -> None:
        """Has the store's bytes checked and made an artifact, unless another replica did."""
        try:
            await finish_in_thread(transfers.finish, found.file, found.sha256)
        except InvalidUpload:
            if await self._pending.give_up(found):
                await self._clear(found)
                raise
            await self._living(found.project, found.file.id)
        except ArtifactNotFound as error:
            again = await self._living(found.project, found.file.id)
            if not again.finished:
                raise missing(found.name) from error

    async def _described(self, transfers: DirectTransfers, found: PendingUpload) -> DirectUpload:
        now = microseconds()
        rest = max(1.0, (found.expires - now) / 1e6)
        seconds = float(max(1, int(min(self._settings.upload_url_seconds, rest))))
        upload = DirectUpload(name=found.name, expire_time=timestamp(found.expires))
        if found.finished:
            return upload
        for part in await finish_in_thread(transfers.parts, found.file, seconds):
            upload.parts.append(
                UploadPart(
                    offset=part.offset,
                    size=part.size,
                    url=part.url,
                    expire_time=timestamp(now + round(seconds * 1e6)),
                )
            )
        return upload

    async def _clear_expired(self, project: str) -> None:
        """Expired uploads of the project make room first."""
        for old in await self._pending.expired(project, _BATCH):
            await self._pending.give_up(old)
            await self._clear(old)

    async def _clear(self, gone: PendingUpload) -> None:
        if self._transfers is None:
            return
        try:
            await finish_in_thread(self._transfers.clear, gone.file)
        except SongreelError as error:
            # The bucket's lifecycle rules are there for this.
            _log.warning("parts of an upload not deleted", upload=gone.name, problem=error.message)


def clear_expired(
    database: Database, transfers: Callable[[], DirectTransfers | None], *, dry_run: bool
) -> int:
    """Cancels all expired uploads; returns their number. For `collect`."""

    def count(connection: sa.Connection) -> int:
        return len(expired_uploads(connection, 1_000_000))

    if dry_run:
        return database.run(count, reads=True)
    cleared = 0
    while found := database.run(lambda c: expired_uploads(c, _BATCH), reads=True):
        direct = transfers()
        for each in found:
            if direct is not None:
                direct.clear(each.file)
            database.run(lambda c, each=each: forget_upload(c, each))
            cleared += 1
    return cleared
