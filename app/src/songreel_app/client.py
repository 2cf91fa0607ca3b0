"""A small typed client of the public API, over one channel."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from songreel.render.v1 import render_service_pb2, render_service_pb2_grpc
from songreel.v1 import (
    media_pb2,
    media_service_pb2,
    media_service_pb2_grpc,
    video_service_pb2,
    video_service_pb2_grpc,
)
from songreel_kit.errors import DataLoss, from_rpc_error

from songreel_app.media_types import media_type_of
from songreel_app.request_ids import request_id

R = TypeVar(
    "R",
    video_service_pb2.CreateVideoRequest,
    video_service_pb2.AnalyzeSongRequest,
    video_service_pb2.CreateStoryboardRequest,
)

CHUNK_BYTES = 256 * 1024
PAGE_SIZE = 100
UNARY_SECONDS = 30.0

Transferred = Callable[[int, int], None]
"""Called with bytes done and bytes in all while a file travels."""


@dataclass(frozen=True)
class LocalFile:
    """A file to be uploaded, with the hash of what it holds now."""

    path: Path
    size: int
    """In bytes."""
    sha256: str
    """Lower-case hex."""


def read_local_file(path: Path) -> LocalFile:
    """Hashes a file in pieces; a song is never held in memory whole."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return LocalFile(path, file.tell(), digest.hexdigest())


class Client:
    """Calls of the public API that the commands need.

    Every call raises the `SongreelError` that the server sent.
    """

    def __init__(self, channel: grpc.aio.Channel, *, project: str) -> None:
        self.parent = f"projects/{project}"
        self._channel = channel
        self._media = media_service_pb2_grpc.MediaServiceStub(channel)
        self._videos = video_service_pb2_grpc.VideoServiceStub(channel)
        self._operations = operations_pb2_grpc.OperationsStub(channel)
        self._renderer = render_service_pb2_grpc.RenderServiceStub(channel)

    async def close(self) -> None:
        """Closes the channel."""
        await self._channel.close()

    # Files

    async def upload(self, file: LocalFile, report: Transferred | None = None) -> media_pb2.Media:
        """Brings a file in; one that is there already gets the same name again."""
        header = media_service_pb2.UploadHeader(
            parent=self.parent,
            display_name=file.path.name,
            media_type=media_type_of(file.path),
            size=file.size,
            sha256=file.sha256,
            request_id=request_id("upload", self.parent, file.path.name, file.sha256),
        )
        try:
            response = await self._media.UploadMedia(_upload_parts(header, file, report))
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        return response.media

    async def get_media(self, name: str) -> media_pb2.Media:
        """Describes a file of the project."""
        try:
            response = await self._media.GetMedia(
                media_service_pb2.GetMediaRequest(name=name), timeout=UNARY_SECONDS
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        return response.media

    async def download(
        self, name: str, target: BinaryIO, report: Transferred | None = None
    ) -> media_pb2.Media:
        """Writes a file of the project to `target`, from where `target` stands on.

        Raises:
            DataLoss: what came is not what the name promises.
            OSError: `target` could not be written, for example on a full disk.
        """
        media = await self.get_media(name)
        size = media.artifact.size
        done = target.tell()
        call = self._media.DownloadMedia(
            media_service_pb2.DownloadMediaRequest(name=name, offset=done)
        )
        try:
            async for response in call:
                target.write(response.chunk)
                done += len(response.chunk)
                if report is not None:
                    report(done, size)
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        finally:
            call.cancel()
        target.flush()
        if done != size:
            raise DataLoss(
                f"{name} came with {done} of {size} bytes; run the command again", name=name
            )
        return media

    # Jobs

    async def create_video(
        self, request: video_service_pb2.CreateVideoRequest, identity: str
    ) -> operations_pb2.Operation:
        """Starts the whole job, or joins the one of the same request id."""
        return await self._started(self._videos.CreateVideo, request, identity)

    async def analyze_song(
        self, request: video_service_pb2.AnalyzeSongRequest, identity: str
    ) -> operations_pb2.Operation:
        """Starts only the first stage."""
        return await self._started(self._videos.AnalyzeSong, request, identity)

    async def create_storyboard(
        self, request: video_service_pb2.CreateStoryboardRequest, identity: str
    ) -> operations_pb2.Operation:
        """Starts only the second stage."""
        return await self._started(self._videos.CreateStoryboard, request, identity)

    async def _started(
        self,
        method: Callable[..., Awaitable[operations_pb2.Operation]],
        request: R,
        identity: str,
    ) -> operations_pb2.Operation:
        prepared = type(request)()
        prepared.CopyFrom(request)
        prepared.parent = self.parent
        prepared.request_id = identity
        try:
            return await method(prepared, timeout=UNARY_SECONDS)
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    async def watch(self, name: str, offset: int) -> AsyncIterator[video_service_pb2.JobEvent]:
        """The job's events from `offset` on, until it has ended or the line breaks."""
        call = self._videos.WatchOperation(
            video_service_pb2.WatchOperationRequest(name=name, offset=offset)
        )
        try:
            async for response in call:
                yield response.event
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        finally:
            call.cancel()

    async def get_operation(self, name: str) -> operations_pb2.Operation:
        """The job's present state."""
        try:
            return await self._operations.GetOperation(
                operations_pb2.GetOperationRequest(name=name), timeout=UNARY_SECONDS
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    async def list_operations(self) -> list[operations_pb2.Operation]:
        """All jobs of the project, page by page, in the server's order."""
        found: list[operations_pb2.Operation] = []
        token = ""
        while True:
            request = operations_pb2.ListOperationsRequest(
                name=self.parent, page_size=PAGE_SIZE, page_token=token
            )
            try:
                page = await self._operations.ListOperations(request, timeout=UNARY_SECONDS)
            except grpc.RpcError as error:
                raise from_rpc_error(error) from error
            found.extend(page.operations)
            token = page.next_page_token
            if not token:
                return found

    async def cancel_operation(self, name: str) -> None:
        """Asks a job to stop; asking twice does no harm."""
        try:
            await self._operations.CancelOperation(
                operations_pb2.CancelOperationRequest(name=name), timeout=UNARY_SECONDS
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    async def get_renderer(self) -> render_service_pb2.GetRendererResponse:
        """What can be rendered with; only where the render service is on this port."""
        try:
            return await self._renderer.GetRenderer(
                render_service_pb2.GetRendererRequest(), timeout=UNARY_SECONDS
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error


async def _upload_parts(
    header: media_service_pb2.UploadHeader, file: LocalFile, report: Transferred | None
) -> AsyncIterator[media_service_pb2.UploadMediaRequest]:
    yield media_service_pb2.UploadMediaRequest(header=header)
    with file.path.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            yield media_service_pb2.UploadMediaRequest(chunk=chunk)
            if report is not None:
                report(source.tell(), file.size)
