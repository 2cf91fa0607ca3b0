"""The calls of the public API, each tried again until it works."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import grpc
from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    GetOperationRequest,
    ListOperationsRequest,
    Operation,
    WaitOperationRequest,
)
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from songreel.v1 import video_service_pb2 as videos
from songreel.v1.access_service_pb2 import GetProjectRequest, Project
from songreel.v1.access_service_pb2_grpc import AccessServiceStub
from songreel.v1.video_pb2 import Storyboard, Video
from songreel_kit.errors import ServiceUnavailable, SongreelError, from_rpc_error

from songreel_client.attempts import Retrying
from songreel_client.calls import PAGE_SIZE, UNARY_SECONDS
from songreel_client.credentials import Tokens
from songreel_client.media import MediaCalls
from songreel_client.operations import result_of
from songreel_client.storyboards import StoryboardCalls

M = TypeVar("M", bound=Message)
R = TypeVar(
    "R",
    videos.CreateVideoRequest,
    videos.AnalyzeSongRequest,
    videos.CreateStoryboardRequest,
    videos.CreateScoreRequest,
)

WAIT_SECONDS = 60.0
"""How long the server is asked to wait for a job's end, again and again."""


class Client(MediaCalls, StoryboardCalls):
    """A project's view of one server, or of all replicas behind one name.

    Every call raises the `SongreelError` that the server sent; `ServiceUnavailable` and
    what else passes by itself only when it lasts longer than `retrying` says. A mutation
    is sent with a request id, so that an attempt whose answer was lost does nothing twice.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        project: str,
        tokens: Tokens | None = None,
        retrying: Retrying | None = None,
    ) -> None:
        """See `connect`; `tokens` are those that the channel's calls carry."""
        super().__init__(channel, project, tokens, retrying or Retrying())
        self._access: Any = AccessServiceStub(channel)
        self._operations: Any = OperationsStub(channel)

    async def close(self) -> None:
        """Closes the channel."""
        await self.channel.close()

    async def get_project(self) -> Project:
        """The project's quotas and what is used of them."""
        request = GetProjectRequest(name=self.parent)
        return (await self._ask(self._access.GetProject, request)).project

    # Jobs

    async def create_video(
        self, request: videos.CreateVideoRequest, request_id: str = ""
    ) -> Operation:
        """Begins a video, or joins the job of the same request id.

        Args:
            request: Without `parent`, which is the client's project.
            request_id: The same for the same wish, if it may be sent again by another
                process; drawn when empty.
        """
        return await self._started(self._videos.CreateVideo, request, request_id)

    async def create_video_of(
        self,
        storyboard: Storyboard,
        request: videos.CreateVideoRequest,
        request_id: str = "",
    ) -> Operation:
        """The same, drawn from a kept storyboard as it was read.

        Raises `EtagMismatch` when somebody has changed it since.
        """
        asked = videos.CreateVideoRequest()
        asked.CopyFrom(request)
        asked.video.stored_storyboard = storyboard.name
        asked.video.storyboard_etag = storyboard.etag
        return await self.create_video(asked, request_id)

    async def check_video(self, request: videos.CreateVideoRequest) -> Video:
        """The video as `create_video` would begin it, or its error; nothing is begun."""
        asked = videos.CreateVideoRequest()
        asked.CopyFrom(request)
        asked.parent = self.parent
        asked.validate_only = True
        return result_of(await self._ask(self._videos.CreateVideo, asked), Video)

    async def analyze_song(
        self, request: videos.AnalyzeSongRequest, request_id: str = ""
    ) -> Operation:
        """Begins only the first stage; its result is an `AnalyzeSongResult`."""
        return await self._started(self._videos.AnalyzeSong, request, request_id)

    async def create_storyboard(
        self, request: videos.CreateStoryboardRequest, request_id: str = ""
    ) -> Operation:
        """Begins only the second stage; its result is a `CreateStoryboardResult`."""
        return await self._started(self._videos.CreateStoryboard, request, request_id)

    async def create_score(
        self, request: videos.CreateScoreRequest, request_id: str = ""
    ) -> Operation:
        """Begins a video's own soundtrack; its result is a `CreateScoreResult`."""
        return await self._started(self._videos.CreateScore, request, request_id)

    async def _started(
        self, method: Callable[..., Awaitable[Operation]], request: R, request_id: str
    ) -> Operation:
        asked = type(request)()
        asked.CopyFrom(request)
        asked.parent = self.parent
        asked.request_id = request_id or request.request_id or str(uuid.uuid4())
        return await self._ask(method, asked)

    async def get_video(self, name: str, fields: Sequence[str] = ()) -> Video:
        """The video as it is now; of it only `fields`, such as `media.video`, if given."""
        request = videos.GetVideoRequest(name=name, read_mask=FieldMask(paths=fields))
        return (await self._ask(self._videos.GetVideo, request)).video

    async def list_videos(
        self,
        filter: str = "",  # noqa: A002 - the API's word
        fields: Sequence[str] = (),
    ) -> AsyncIterator[Video]:
        """The project's videos, newest first; filter: `state = READY`, for example."""
        request = videos.ListVideosRequest(
            parent=self.parent,
            page_size=PAGE_SIZE,
            filter=filter,
            read_mask=FieldMask(paths=fields),
        )
        async for page in self._pages(self._videos.ListVideos, request):
            for video in page.videos:
                yield video

    async def get_operation(self, name: str) -> Operation:
        """The job's present state."""
        return await self._ask(self._operations.GetOperation, GetOperationRequest(name=name))

    async def list_operations(self, filter: str = "") -> AsyncIterator[Operation]:  # noqa: A002
        """The project's jobs, newest first; filter: `done = true` or `done = false`."""
        request = ListOperationsRequest(name=self.parent, page_size=PAGE_SIZE, filter=filter)
        async for page in self._pages(self._operations.ListOperations, request):
            for operation in page.operations:
                yield operation

    async def cancel_operation(self, name: str) -> None:
        """Asks a job to stop; asking twice does no harm."""
        await self._ask(self._operations.CancelOperation, CancelOperationRequest(name=name))

    async def watch(self, name: str, offset: int = 0) -> AsyncGenerator[videos.JobEvent]:
        """The job's events from `offset` on, each once, until it has ended.

        Broken lines and replicas that go away only make it slower.
        """
        attempts = self._attempts()
        while True:
            try:
                await attempts.begin()
                async with aclosing(self._events(name, offset)) as events:
                    async for event in events:
                        offset = event.offset + 1
                        attempts.advanced()
                        yield event
                        if event.done:
                            return
                if (await self.get_operation(name)).done:
                    return  # from past its end
                raise ServiceUnavailable(f"the log of {name} ended before the job")
            except SongreelError as error:
                await attempts.failed(error)

    async def watch_once(self, name: str, offset: int = 0) -> AsyncGenerator[videos.JobEvent]:
        """The same, until the line breaks."""
        await self._attempts().begin()
        async with aclosing(self._events(name, offset)) as events:
            async for event in events:
                yield event

    async def _events(self, name: str, offset: int) -> AsyncGenerator[videos.JobEvent]:
        call = self._videos.WatchOperation(videos.WatchOperationRequest(name=name, offset=offset))
        try:
            async for response in call:
                yield response.event
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        finally:
            call.cancel()

    async def wait(self, name: str) -> Operation:
        """The job when it has ended, well or not; `asyncio.timeout` limits it."""
        patience = Duration()
        patience.FromNanoseconds(round(WAIT_SECONDS * 1e9))
        request = WaitOperationRequest(name=name, timeout=patience)
        seconds = WAIT_SECONDS + UNARY_SECONDS
        while True:
            operation = await self._ask(self._operations.WaitOperation, request, seconds)
            if operation.done:
                return operation

    async def result(self, name: str, kind: type[M]) -> M:
        """What the job has made, as soon as it has; or its own error, raised."""
        return result_of(await self.wait(name), kind)
