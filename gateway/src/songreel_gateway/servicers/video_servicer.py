"""`songreel.v1.VideoService`."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from google.longrunning.operations_pb2 import Operation
from google.protobuf.message import Message
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    CreateScoreRequest,
    CreateStoryboardRequest,
    CreateVideoRequest,
    DeleteStoryboardRequest,
    DeleteStoryboardResponse,
    DeleteVideoRequest,
    DeleteVideoResponse,
    GetStoryboardRequest,
    GetStoryboardResponse,
    GetVideoRequest,
    GetVideoResponse,
    ListStoryboardsRequest,
    ListStoryboardsResponse,
    ListVideosRequest,
    ListVideosResponse,
    UpdateStoryboardRequest,
    UpdateStoryboardResponse,
    WatchOperationRequest,
    WatchOperationResponse,
)
from songreel.v1.video_service_pb2_grpc import VideoServiceServicer
from songreel_kit.errors import OperationNotFound, PermissionDenied, VideoNotFound
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.api.field_masks import checked_read_mask, only
from songreel_gateway.api.filters import video_state
from songreel_gateway.api.pagination import requested_page
from songreel_gateway.api.request_ids import RequestClaim, claim_of, without_request_id
from songreel_gateway.api.resource_names import (
    checked_video_id,
    parse_operation,
    parse_video,
    project_of,
)
from songreel_gateway.clients.stage_clients import StageClients
from songreel_gateway.clients.style_names import StyleNames, music_styles, storyboard_styles
from songreel_gateway.jobs.event_stream import EventStream
from songreel_gateway.jobs.job import JobKind
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.jobs.runner import JobRunner
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.servicers.new_jobs import new_job, new_video
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.storyboards.editing import StoryboardEditor
from songreel_gateway.videos.repository import VideoRepository
from songreel_gateway.videos.validation import (
    analysis_faults,
    check,
    inputs,
    refuse,
    refuse_artifact,
    score_faults,
    storyboard_faults,
)

_log = get_logger(__name__)


class VideoServicer(VideoServiceServicer):
    """Takes in jobs, shows videos and the jobs' logs."""

    def __init__(
        self,
        settings: GatewaySettings,
        jobs: JobRepository,
        media: MediaRepository,
        videos: VideoRepository,
        editor: StoryboardEditor,
        stream: EventStream,
        runner: Callable[[], Awaitable[JobRunner]],
        refused: Callable[[str, str, str], None],
    ) -> None:
        """`runner` gives the runner as soon as it is at work.

        `refused` hears which person was asked for by which other project, and the reason.
        """
        self._settings = settings
        self._jobs = jobs
        self._media = media
        self._videos = videos
        self._editor = editor
        self._stream = stream
        self._runner = runner
        self._refused = refused
        self._styles = StyleNames(self._clients, storyboard_styles)
        self._music_styles = StyleNames(self._clients, music_styles)

    async def CreateVideo(self, request: CreateVideoRequest, context: Any) -> Operation:
        """Begins a video."""
        project = project_of(request.parent)
        video = inputs(request.video)
        try:
            style = video.storyboard_options.style
            check(project, video, await self._styles.faults(style, "video.storyboard_options"))
        except PermissionDenied as error:
            self._refused(video.identity.name, project, error.reason)
            raise
        for field, required in (
            ("song", True),
            ("lyrics", False),
            ("analysis", False),
            ("storyboard", False),
        ):
            name = getattr(video, field)
            if name or required:
                await self._media.own(project, name, f"video.{field}")
        chosen = checked_video_id(request.video_id) if request.video_id else ""
        asked = CreateVideoRequest(parent=request.parent, video=video, video_id=chosen)
        video_id = chosen or f"v{uuid.uuid4().hex}"
        # Repeated is what was asked for, not what was found for it.
        claim = claim_of(project, asked, request.request_id)
        pinned = await self._editor.pinned(asked, claim)
        if request.validate_only:
            return await self._checked(claim, pinned, video_id)
        return await self._begin(JobKind.VIDEO, claim, pinned, video_id)

    async def AnalyzeSong(self, request: AnalyzeSongRequest, context: Any) -> Operation:
        """Begins an analysis."""
        project = project_of(request.parent)
        refuse(analysis_faults(request.options, "options"))
        await self._media.own(project, request.song, "song")
        if request.lyrics:
            await self._media.own(project, request.lyrics, "lyrics")
        claim = claim_of(project, request, request.request_id)
        return await self._begin(JobKind.ANALYSIS, claim, without_request_id(request))

    async def CreateStoryboard(self, request: CreateStoryboardRequest, context: Any) -> Operation:
        """Begins a storyboard."""
        project = project_of(request.parent)
        faults = storyboard_faults(request.options, "options")
        refuse([*faults, *await self._styles.faults(request.options.style, "options")])
        await self._media.own(project, request.analysis, "analysis")
        if request.storyboard:
            await self._media.own(project, request.storyboard, "storyboard")
        refuse_artifact(request.options, "storyboard")
        claim = claim_of(project, request, request.request_id)
        return await self._begin(JobKind.STORYBOARD, claim, without_request_id(request))

    async def CreateScore(self, request: CreateScoreRequest, context: Any) -> Operation:
        """Begins a soundtrack."""
        project = project_of(request.parent)
        style = request.options.style
        refuse([*score_faults(request), *await self._music_styles.faults(style, "options")])
        await self._media.own(project, request.video, "video")
        if request.plan:
            await self._media.own(project, request.plan, "plan")
        asked = without_request_id(request)
        asked.ClearField("validate_only")
        claim = claim_of(project, asked, request.request_id)
        if request.validate_only:
            job = new_job(JobKind.SCORE, project, asked)
            await self._jobs.create(job, claim, None, validate_only=True)
            return Operation(done=True)
        return await self._begin(JobKind.SCORE, claim, asked)

    async def GetVideo(self, request: GetVideoRequest, context: Any) -> GetVideoResponse:
        """The video as it is now."""
        mask = checked_read_mask(request.read_mask, Video)
        return GetVideoResponse(video=only(await self._videos.get(request.name), mask))

    async def ListVideos(self, request: ListVideosRequest, context: Any) -> ListVideosResponse:
        """The project's videos, newest first."""
        project = project_of(request.parent)
        state = video_state(request.filter)
        scope = ("videos", project) if state is None else ("videos", project, str(state))
        page = requested_page(
            scope, request.page_size, request.page_token, self._settings.page_size
        )
        mask = checked_read_mask(request.read_mask, Video)
        videos, token = await self._videos.page(project, page, state)
        return ListVideosResponse(
            videos=[only(video, mask) for video in videos], next_page_token=token
        )

    async def DeleteVideo(self, request: DeleteVideoRequest, context: Any) -> DeleteVideoResponse:
        """Deletes a video with what belongs to it."""
        project, _ = parse_video(request.name)
        claim = claim_of(project, request, request.request_id)
        runner = await self._runner()
        if request.force:
            await self._cancel(request.name, runner)
        for job in (await self._videos.delete(request.name, claim)).jobs:
            await runner.forget(job)
        return DeleteVideoResponse()

    async def GetStoryboard(
        self, request: GetStoryboardRequest, context: Any
    ) -> GetStoryboardResponse:
        """The storyboard as it is now."""
        return GetStoryboardResponse(storyboard=await self._editor.get(request))

    async def ListStoryboards(
        self, request: ListStoryboardsRequest, context: Any
    ) -> ListStoryboardsResponse:
        """The project's storyboards, newest first."""
        return await self._editor.page(request)

    async def UpdateStoryboard(
        self, request: UpdateStoryboardRequest, context: Any
    ) -> UpdateStoryboardResponse:
        """Edits a storyboard."""
        return UpdateStoryboardResponse(storyboard=await self._editor.update(request))

    async def DeleteStoryboard(
        self, request: DeleteStoryboardRequest, context: Any
    ) -> DeleteStoryboardResponse:
        """Forgets a storyboard."""
        await self._editor.delete(request)
        return DeleteStoryboardResponse()

    async def WatchOperation(
        self, request: WatchOperationRequest, context: Any
    ) -> AsyncIterator[WatchOperationResponse]:
        """The job's log from an offset on, live."""
        project, job = parse_operation(request.name)
        async for event in self._stream.events(project, job, request.offset):
            yield WatchOperationResponse(event=event)

    async def _begin(
        self, kind: JobKind, claim: RequestClaim, request: Message, video_id: str = ""
    ) -> Operation:
        """Writes the job down and enqueues it; a repeated request finds its first job."""
        runner = await self._runner()
        job = new_job(kind, claim.project, request, video_id)
        video = new_video(job, request) if isinstance(request, CreateVideoRequest) else None
        written, new = await self._jobs.create(job, claim, video)
        if not written.state.ended:
            # A repetition enqueues too: the process may have died before it did.
            await runner.enqueue(written)
        _log.info("job accepted", job_id=written.id, kind=kind, repeated=not new)
        return written.operation()

    async def _clients(self) -> StageClients:
        return (await self._runner()).clients

    async def _cancel(self, name: str, runner: JobRunner) -> None:
        """Cancels the operation that makes the video, if there is one."""
        with suppress(VideoNotFound, OperationNotFound):
            video = await self._videos.get(name)
            await runner.cancel(await self._jobs.load(*parse_operation(video.operation)))

    async def _checked(
        self, claim: RequestClaim, asked: CreateVideoRequest, video_id: str
    ) -> Operation:
        """What `_begin` would begin, without a name; nothing is written (AIP-163)."""
        job = new_job(JobKind.VIDEO, claim.project, asked, video_id)
        video = new_video(job, asked)
        await self._jobs.create(job, claim, video, validate_only=True)
        video.ClearField("operation")
        if not asked.video_id:
            video.ClearField("name")
        operation = Operation(done=True)
        operation.response.Pack(video)
        return operation
