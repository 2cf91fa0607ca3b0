"""Uploads: the chunks of a client stream become an artifact, or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.media_service_pb2 import BeginUploadRequest, UploadHeader, UploadMediaRequest
from songreel_kit.artifacts.store import ArtifactStore, ArtifactWriter, make_artifact
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.errors import EmptyFile, InvalidUpload, StreamStalled, UploadTooLarge

MEDIA_TYPE = "application/octet-stream"
"""Media type of a file whose sender gives none."""

_WRITE_BYTES = 1024 * 1024

_BREAK_SECONDS = 0.05

LEAST_BYTES_PER_SECOND = 32 * 1024
"""Clients that are slower than this for long are refused: they only occupy a place."""

_MEDIA_TYPE_LENGTH = 255

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def checked_header(request: UploadMediaRequest | None, limit: int) -> UploadHeader:
    """The header that an upload begins with. Raises `InvalidUpload`, `UploadTooLarge`."""
    if request is None or request.WhichOneof("part") != "header":
        raise InvalidUpload("the first message of an upload must be its header")
    check_announced(request.header, limit)
    return request.header


def check_announced(header: UploadHeader | BeginUploadRequest, limit: int) -> None:
    """What is known of a file before its bytes. Raises `InvalidUpload`, `UploadTooLarge`."""
    if header.size < 0:
        raise InvalidUpload("the size must not be negative; 0 means unknown", field="size")
    if header.sha256 and not re.fullmatch("[0-9a-f]{64}", header.sha256):
        raise InvalidUpload("the sha256 must be 64 lower-case hex digits", field="sha256")
    kind = header.media_type
    if kind and not (
        _MEDIA_TYPE.fullmatch(kind.partition(";")[0].strip())
        and kind.isprintable()
        and len(kind) <= _MEDIA_TYPE_LENGTH
    ):
        raise InvalidUpload(
            f"{kind[:80]!r} is not a media type; give one like audio/mpeg", field="media_type"
        )
    if header.size > limit:
        raise too_large(limit)


def check_announced_whole(request: BeginUploadRequest, limit: int) -> None:
    """The same for a direct upload, where size and SHA-256 must be given."""
    check_announced(request, limit)
    if not request.size:
        raise EmptyFile("the upload's size in bytes is missing, or the file is empty")
    if not request.sha256:
        raise InvalidUpload("the upload's sha256 is missing", field="sha256")


def too_large(limit: int) -> UploadTooLarge:
    """The error for a file that is larger than the server accepts."""
    return UploadTooLarge(
        f"the file is larger than the {limit} bytes that this server accepts: "
        "cut it, or ask the operator to raise max_upload_bytes",
        limit=str(limit),
    )


class Upload:
    """Receives the chunks of one upload."""

    def __init__(
        self, store: ArtifactStore, header: UploadHeader, limit: int, seconds: float = 60.0
    ) -> None:
        """`seconds` is the time limit beyond the time that its bytes need."""
        self._store = store
        self._header = header
        self._limit = limit
        self._seconds = seconds
        self._digest = hashlib.sha256()
        self._size = 0
        self._pending = bytearray()

    async def receive(
        self,
        messages: AsyncIterator[UploadMediaRequest],
        accept: Callable[[Artifact], Awaitable[None]],
    ) -> Artifact:
        """Stores the chunks; on any error nothing is kept.

        Args:
            messages: What follows the header.
            accept: Called with what it will be before anything is kept; may raise.

        Raises:
            InvalidUpload: The chunks do not fit the header.
            EmptyFile, UploadTooLarge, DiskFull: The file cannot be stored.
            StreamStalled: The bytes come too slowly.
        """
        media_type = self._header.media_type or MEDIA_TYPE
        context = self._store.writer(media_type)
        writer = await finish_in_thread(context.__enter__)
        try:
            await self._take_all(writer, messages)
            await self._flush(writer)
            self._check()
            await accept(make_artifact(self._digest.hexdigest(), media_type, self._size))
            if not (self._header.size or self._header.sha256):
                # To grpc.aio a stream that breaks looks like one that ends; only a moment
                # later the handler is cancelled. Nothing else tells such an upload apart.
                await asyncio.sleep(_BREAK_SECONDS)
        except BaseException as error:
            # The context gets to know the error by hand: its exit syncs and renames
            # files, which has to happen in a thread.
            await finish_in_thread(context.__exit__, type(error), error, error.__traceback__)
            raise
        await finish_in_thread(context.__exit__, None, None, None)
        return writer.artifact

    async def _take_all(
        self, writer: ArtifactWriter, messages: AsyncIterator[UploadMediaRequest]
    ) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        patience = asyncio.timeout(self._seconds)
        try:
            async with patience:
                async for message in messages:
                    await self._take(writer, message)
                    allowed = self._seconds + self._size / LEAST_BYTES_PER_SECOND
                    patience.reschedule(began + allowed)
        except TimeoutError as error:
            if not patience.expired():
                raise
            raise StreamStalled(
                f"{self._size} bytes came in {loop.time() - began:.0f} s, which is too slow: "
                "upload the file again over a better connection"
            ) from error

    async def _take(self, writer: ArtifactWriter, message: UploadMediaRequest) -> None:
        if message.WhichOneof("part") != "chunk":
            raise InvalidUpload("after its header an upload may hold only chunks")
        self._size += len(message.chunk)
        if self._size > self._limit:
            raise too_large(self._limit)
        if self._header.size and self._size > self._header.size:
            raise InvalidUpload(
                f"more bytes came than the {self._header.size} that the header announced"
            )
        self._pending += message.chunk
        if len(self._pending) >= _WRITE_BYTES:
            await self._flush(writer)

    async def _flush(self, writer: ArtifactWriter) -> None:
        data = bytes(self._pending)
        self._pending.clear()
        await finish_in_thread(self._write, writer, data)

    def _write(self, writer: ArtifactWriter, data: bytes) -> None:
        self._digest.update(data)
        writer.write(data)

    def _check(self) -> None:
        if not self._size:
            raise EmptyFile("the file is empty (0 bytes): choose another one")
        if self._header.size not in (0, self._size):
            raise InvalidUpload(
                f"{self._size} bytes came instead of the {self._header.size} that the header "
                "announced: upload the file again",
                received=str(self._size),
            )
        digest = self._digest.hexdigest()
        if self._header.sha256 not in ("", digest):
            raise InvalidUpload(
                "the bytes do not have the SHA-256 that the header announced: "
                "they were damaged on the way, or the file changed meanwhile; upload it again",
                received=digest,
            )
