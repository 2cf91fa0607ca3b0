"""`songreel.v1.MediaService`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, BinaryIO

from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import (
    BeginUploadRequest,
    BeginUploadResponse,
    CancelUploadRequest,
    CancelUploadResponse,
    DeleteMediaRequest,
    DeleteMediaResponse,
    DownloadMediaRequest,
    DownloadMediaResponse,
    FinishUploadRequest,
    FinishUploadResponse,
    GetDownloadUrlRequest,
    GetDownloadUrlResponse,
    GetMediaRequest,
    GetMediaResponse,
    ListMediaRequest,
    ListMediaResponse,
    UploadMediaRequest,
    UploadMediaResponse,
)
from songreel.v1.media_service_pb2_grpc import MediaServiceServicer
from songreel_kit.artifacts.documents import stage_key
from songreel_kit.artifacts.open import direct_transfers
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.errors import InvalidRequest, SongreelError, StreamStalled
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.access.quotas import Quotas
from songreel_gateway.api.pagination import requested_page
from songreel_gateway.api.request_ids import RequestClaim, claim_of
from songreel_gateway.api.resource_names import (
    checked_display_name,
    checked_request_id,
    parse_media,
    project_of,
)
from songreel_gateway.media.direct_uploads import DirectUploads
from songreel_gateway.media.pending_uploads import PendingUploads
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.media.uploads import MEDIA_TYPE, Upload, checked_header
from songreel_gateway.metrics import UPLOADED_BYTES
from songreel_gateway.settings import GatewaySettings

CHUNK_BYTES = 256 * 1024

_PATIENCE_SECONDS = 10.0

_log = get_logger(__name__)


class MediaServicer(MediaServiceServicer):
    """Brings files in and out."""

    def __init__(
        self,
        settings: GatewaySettings,
        store: ArtifactStore,
        media: MediaRepository,
        quotas: Quotas | None = None,
    ) -> None:
        """`quotas` is what projects may upload and keep; None: anything."""
        self._settings = settings
        self._store = store
        self._media = media
        self._quotas = quotas
        self._direct = DirectUploads(
            settings, direct_transfers(store), PendingUploads(media, quotas)
        )

    async def UploadMedia(
        self, request_iterator: AsyncIterator[UploadMediaRequest], context: Any
    ) -> UploadMediaResponse:
        """Takes in a file."""
        messages = aiter(request_iterator)
        try:
            return UploadMediaResponse(media=await self._upload(messages))
        except SongreelError:
            await _let_finish(messages)
            raise

    async def DownloadMedia(
        self, request: DownloadMediaRequest, context: Any
    ) -> AsyncIterator[DownloadMediaResponse]:
        """Gives a file out."""
        media = await self._media.get(request.name)
        size = media.artifact.size
        if not 0 <= request.offset <= size:
            raise InvalidRequest(
                f"the offset {request.offset} is outside of the file's {size} bytes",
                field="offset",
            )
        file = await finish_in_thread(self._store.open, media.artifact)
        try:
            await finish_in_thread(file.seek, request.offset)
            while chunk := await finish_in_thread(_read, file):
                yield DownloadMediaResponse(chunk=chunk)
        finally:
            await finish_in_thread(file.close)

    async def GetMedia(self, request: GetMediaRequest, context: Any) -> GetMediaResponse:
        """Describes a file."""
        media: Media = await self._media.get(request.name)
        return GetMediaResponse(media=media)

    async def ListMedia(self, request: ListMediaRequest, context: Any) -> ListMediaResponse:
        """The project's files, newest first."""
        project = project_of(request.parent)
        page = requested_page(
            ("media", project), request.page_size, request.page_token, self._settings.page_size
        )
        found, token = await self._media.page(project, page)
        return ListMediaResponse(media=found, next_page_token=token)

    async def DeleteMedia(self, request: DeleteMediaRequest, context: Any) -> DeleteMediaResponse:
        """Takes a file from its project."""
        claim = claim_of(parse_media(request.name)[0], request, request.request_id)
        await self._media.delete(request.name, claim, force=request.force)
        return DeleteMediaResponse()

    async def BeginUpload(self, request: BeginUploadRequest, context: Any) -> BeginUploadResponse:
        """Gives out URLs to put a file into the store."""
        return BeginUploadResponse(upload=await self._direct.begin(request))

    async def FinishUpload(
        self, request: FinishUploadRequest, context: Any
    ) -> FinishUploadResponse:
        """Makes media of what was put."""
        return FinishUploadResponse(media=await self._direct.finish(request))

    async def CancelUpload(
        self, request: CancelUploadRequest, context: Any
    ) -> CancelUploadResponse:
        """Gives an upload up."""
        await self._direct.cancel(request)
        return CancelUploadResponse()

    async def GetDownloadUrl(
        self, request: GetDownloadUrlRequest, context: Any
    ) -> GetDownloadUrlResponse:
        """Gives out a URL to get a file from the store."""
        media = await self._media.get(request.name)
        url, expires = await self._direct.download_url(media, request.lifetime)
        return GetDownloadUrlResponse(url=url, expire_time=expires)

    async def _upload(self, messages: AsyncIterator[UploadMediaRequest]) -> Media:
        header = checked_header(await self._first(messages), self._settings.max_upload_bytes)
        project = project_of(header.parent)
        request_id = checked_request_id(header.request_id)
        display_name = checked_display_name(header.display_name)
        if self._quotas is not None and header.size:
            # Said before the bytes are sent.
            announced = Artifact(sha256=header.sha256, size=header.size)
            await self._media.admit(project, announced, self._quotas)
        upload = Upload(
            self._store,
            header,
            self._settings.max_upload_bytes,
            self._settings.upload_seconds,
        )
        media_type = header.media_type or MEDIA_TYPE

        def claim(sha256: str) -> RequestClaim:
            fingerprint = stage_key("upload", "1", sha256, display_name, media_type)
            return RequestClaim(project, "UploadMedia", request_id, fingerprint)

        async def accept(artifact: Artifact) -> None:
            repeated = await self._media.check(claim(artifact.sha256))
            if self._quotas is not None and not repeated:
                await self._media.admit(project, artifact, self._quotas)

        artifact = await upload.receive(messages, accept)
        media = await self._media.add(
            project, artifact, display_name, claim(artifact.sha256), self._quotas
        )
        UPLOADED_BYTES.inc(artifact.size)
        _log.info("uploaded", media=media.name, size=artifact.size)
        return media

    async def _first(
        self, messages: AsyncIterator[UploadMediaRequest]
    ) -> UploadMediaRequest | None:
        try:
            async with asyncio.timeout(self._settings.upload_seconds):
                return await anext(messages, None)
        except TimeoutError as error:
            raise StreamStalled("no header came: begin the upload again") from error


async def _let_finish(messages: AsyncIterator[UploadMediaRequest]) -> None:
    """Reads on for a while after a refusal, keeping nothing.

    A grpc.aio client that is still writing when the answer comes reports an internal
    error instead of the answer.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            async for _ in messages:
                pass


def _read(file: BinaryIO) -> bytes:
    return file.read(CHUNK_BYTES)
