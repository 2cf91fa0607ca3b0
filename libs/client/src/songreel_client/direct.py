"""Files straight into the artifact store and out of it, past the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, BinaryIO, Final

from google.protobuf.message import Message
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import (
    BeginUploadRequest,
    DirectUpload,
    FinishUploadRequest,
    GetDownloadUrlRequest,
    UploadPart,
)
from songreel_kit.errors import ServiceUnavailable, SongreelError, UploadIncomplete

from songreel_client.attempts import Attempts
from songreel_client.files import LocalFile, Transferred
from songreel_client.media_types import media_type_of
from songreel_client.request_ids import request_id as content_id
from songreel_client.store_requests import get_from, put_part

_AT_ONCE: Final = 4
"""Parts on their way at the same time."""

_ASK_SECONDS: Final = 30.0
_HASHED_BYTES_PER_SECOND: Final = 10_000_000
"""At the least: the server reads all of a file before its upload is finished."""

Ask = Callable[[Callable[..., Awaitable[Any]], Message, float], Awaitable[Any]]


class DirectFiles:
    """Uploads and downloads by presigned URLs.

    What fails is tried again with new URLs, and only the parts that have not come whole:
    the server knows which.
    """

    def __init__(self, media: Any, ask: Ask, attempts: Callable[[], Attempts]) -> None:
        """`media` is the stub; `ask` makes a call of it, tried until it works."""
        self._media = media
        self._ask = ask
        self._attempts = attempts

    async def upload(self, parent: str, file: LocalFile, report: Transferred | None) -> Media:
        """See `Client.upload`."""
        request = BeginUploadRequest(
            parent=parent,
            display_name=file.path.name,
            media_type=media_type_of(file.path),
            size=file.size,
            sha256=file.sha256,
            request_id=content_id("begin", parent, file.path.name, file.sha256),
        )
        attempts = self._attempts()
        while True:
            upload: DirectUpload = (
                await self._ask(self._media.BeginUpload, request, _ASK_SECONDS)
            ).upload
            try:
                await self._put_all(upload, file, attempts, report)
                return await self._finish(upload, file)
            except UploadIncomplete as error:
                # Somebody else's part was cut short, or the store lost one.
                await attempts.failed(ServiceUnavailable(error.message, **error.metadata))
            except SongreelError as error:
                await attempts.failed(error)

    async def fetch(self, media: Media, target: BinaryIO, report: Transferred | None) -> int:
        """Writes what is missing of a file to `target`; where it stands then."""
        size = media.artifact.size
        done = target.tell()
        attempts = self._attempts()
        request = GetDownloadUrlRequest(name=media.name)
        while done < size:
            found = await self._ask(self._media.GetDownloadUrl, request, _ASK_SECONDS)
            try:
                async with aclosing(get_from(found.url, done)) as chunks:
                    async for chunk in chunks:
                        target.write(chunk)
                        done += len(chunk)
                        attempts.advanced()
                        if report is not None:
                            report(done, size)
                if done < size:
                    raise ServiceUnavailable(f"{media.name} broke off after {done} bytes")
            except ServiceUnavailable as error:
                await attempts.failed(error)
        return done

    async def _put_all(
        self,
        upload: DirectUpload,
        file: LocalFile,
        attempts: Attempts,
        report: Transferred | None,
    ) -> None:
        """Raises the first part's error, after all have been tried."""
        at_once = asyncio.Semaphore(_AT_ONCE)
        done = file.size - sum(part.size for part in upload.parts)
        if report is not None and done:  # also of a part whose answer was lost on the way
            report(done, file.size)

        async def put(part: UploadPart) -> None:
            nonlocal done
            async with at_once:
                await put_part(part.url, file.path, part.offset, part.size)
            attempts.advanced()
            done += part.size
            if report is not None:
                report(done, file.size)

        tries = await asyncio.gather(*(put(part) for part in upload.parts), return_exceptions=True)
        for failed in tries:
            if failed is not None:
                raise failed

    async def _finish(self, upload: DirectUpload, file: LocalFile) -> Media:
        request = FinishUploadRequest(
            name=upload.name, request_id=content_id("finish", upload.name)
        )
        seconds = _ASK_SECONDS + file.size / _HASHED_BYTES_PER_SECOND
        return (await self._ask(self._media.FinishUpload, request, seconds)).media
