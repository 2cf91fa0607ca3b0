"""Calls for files: brought in, described, fetched."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, BinaryIO

import grpc
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import DownloadMediaRequest, GetMediaRequest, UploadHeader
from songreel.v1.media_service_pb2_grpc import MediaServiceStub
from songreel_kit.errors import DataLoss, from_rpc_error

from songreel_client.attempts import Retrying
from songreel_client.calls import Calls
from songreel_client.credentials import Tokens
from songreel_client.direct import DirectFiles
from songreel_client.files import (
    LocalFile,
    Transferred,
    part_file,
    read_local_file,
    upload_parts,
)
from songreel_client.media_types import media_type_of
from songreel_client.request_ids import request_id as content_id


class MediaCalls(Calls):
    """The part of `Client` that deals with them."""

    def __init__(
        self, channel: grpc.aio.Channel, project: str, tokens: Tokens | None, retrying: Retrying
    ) -> None:
        """See `Calls`."""
        super().__init__(channel, project, tokens, retrying)
        self._media: Any = MediaServiceStub(channel)
        self._direct = DirectFiles(self._media, self._ask, self._attempts)

    async def upload(
        self,
        file: LocalFile | Path | str,
        report: Transferred | None = None,
        *,
        direct: bool = False,
    ) -> Media:
        """Brings a file in; one that is there already gets the same name again.

        Args:
            file: What to upload.
            report: Called with the bytes done and the bytes in all.
            direct: Whether it goes straight into the artifact store, in parts of which
                several travel at once. For large files, where this machine reaches the
                store's address.

        Raises:
            DirectTransferUnavailable: With `direct`, where the server's store cannot do it.
            OSError: The file cannot be read.
            InvalidUpload: It was changed since it was hashed.
            UploadTooLarge, QuotaExceeded: The server takes no more.
        """
        if not isinstance(file, LocalFile):
            file = await asyncio.to_thread(read_local_file, Path(file))
        if direct:
            return await self._direct.upload(self.parent, file, report)
        header = UploadHeader(
            parent=self.parent,
            display_name=file.path.name,
            media_type=media_type_of(file.path),
            size=file.size,
            sha256=file.sha256,
            request_id=content_id("upload", self.parent, file.path.name, file.sha256),
        )
        return (
            await self._tried(lambda: self._media.UploadMedia(upload_parts(header, file, report)))
        ).media

    async def get_media(self, name: str) -> Media:
        """Describes a file of the project."""
        return (await self._ask(self._media.GetMedia, GetMediaRequest(name=name))).media

    async def download(
        self,
        name: str,
        target: BinaryIO,
        report: Transferred | None = None,
        *,
        direct: bool = False,
    ) -> Media:
        """Writes a file of the project to `target`, from where `target` stands on.

        With `direct` it comes straight from the artifact store: see `upload`.

        Raises:
            DirectTransferUnavailable: With `direct`, where the server's store cannot do it.
            DataLoss: What came is not what the name promises.
            OSError: `target` could not be written, for example on a full disk.
        """
        media = await self.get_media(name)
        await self._fetch(media, target, report, direct)
        return media

    async def download_file(
        self,
        name: str,
        goal: Path | str,
        report: Transferred | None = None,
        *,
        direct: bool = False,
    ) -> Media:
        """The same to a file, which is there when it is whole and its hash is right.

        Until then its bytes are in a `.part` file beside it, and a later call goes on
        from there.
        """
        media = await self.get_media(name)
        with part_file(media, Path(goal)) as target:
            await self._fetch(media, target, report, direct)
        return media

    async def _fetch(
        self, media: Media, target: BinaryIO, report: Transferred | None, direct: bool
    ) -> None:
        if direct:
            done = await self._direct.fetch(media, target, report)
        else:
            done = await self._fetch_stream(media, target, report)
        target.flush()
        if done != media.artifact.size:
            raise DataLoss(
                f"{media.name} came with {done} of {media.artifact.size} bytes: ask for it again",
                name=media.name,
            )

    async def _fetch_stream(
        self, media: Media, target: BinaryIO, report: Transferred | None
    ) -> int:
        size = media.artifact.size
        done = target.tell()
        attempts = self._attempts()
        while True:
            await attempts.begin()
            call = self._media.DownloadMedia(DownloadMediaRequest(name=media.name, offset=done))
            try:
                async for response in call:
                    target.write(response.chunk)
                    done += len(response.chunk)
                    attempts.advanced()
                    if report is not None:
                        report(done, size)
                return done
            except grpc.RpcError as error:
                await attempts.failed(from_rpc_error(error))
            finally:
                call.cancel()
