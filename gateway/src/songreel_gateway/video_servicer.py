"""`songreel.v1.VideoService`."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from google.longrunning.operations_pb2 import Operation
from google.protobuf.message import Message
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    CreateStoryboardRequest,
    CreateVideoRequest,
    GetVideoRequest,
    GetVideoResponse,
    JobMetadata,
    ListVideosRequest,
    ListVideosResponse,
    WatchOperationRequest,
    WatchOperationResponse,
)
from songreel.v1.video_service_pb2_grpc import VideoServiceServicer
from songreel_kit.adapters import phrase_of
from songreel_kit.documents import stage_key
from songreel_kit.errors import InvalidRequest, PermissionDenied
from songreel_kit.telemetry import get_logger
from songreel_kit.tracing import current_traceparent

from songreel_gateway.database import microseconds, timestamp
from songreel_gateway.engine import Engine
from songreel_gateway.filters import video_state
from songreel_gateway.jobs import Job, JobKind, JobState
from songreel_gateway.ledger import Ledger
from songreel_gateway.library import Library
from songreel_gateway.names import (
    checked_request_id,
    checked_video_id,
    operation_name,
    parse_identity,
    parse_operation,
    project_of,
    video_name,
)
from songreel_gateway.pages import requested_page
from songreel_gateway.requests import RequestClaim
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.videos import Catalog
from songreel_gateway.watching import Watching

_log = get_logger(__name__)

# What a caller may set; the rest of a Video is what the job made.
_INPUTS = (
    "song",
    "lyrics",
    "analysis",
    "storyboard",
    "analyze_options",
    "storyboard_options",
    "render_settings",
    "rewrite_storyboard",
    "identity",
)


class VideoServicer(VideoServiceServicer):
    """Takes in jobs, shows videos and the jobs' logs."""

    def __init__(
        self,
        settings: GatewaySettings,
        ledger: Ledger,
        library: Library,
        catalog: Catalog,
        watching: Watching,
        engine: Callable[[], Awaitable[Engine]],
        refused: Callable[[str, str, str], None],
    ) -> None:
        """`engine` gives the engine as soon as it is at work.

        `refused` hears which person was asked for by which other project, and the reason.
        """
        self._settings = settings
        self._ledger = ledger
        self._library = library
        self._catalog = catalog
        self._watching = watching
        self._engine = engine
        self._refused = refused

    async def CreateVideo(self, request: CreateVideoRequest, context: Any) -> Operation:  # noqa: N802
        """Begins a video."""
        project = project_of(request.parent)
        video = _inputs(request.video)
        _refuse_artifact(video.storyboard_options, "video.storyboard")
        try:
            _check_people(project, video)
        except PermissionDenied as error:
            self._refused(video.identity.name, project, error.reason)
            raise
        if video.rewrite_storyboard and not video.storyboard:
            raise InvalidRequest(
                "video.rewrite_storyboard needs video.storyboard: the media name of the "
                "storyboard that is rewritten",
                field="video.storyboard",
            )
        for field, required in (
            ("song", True),
            ("lyrics", False),
            ("analysis", False),
            ("storyboard", False),
        ):
            name = getattr(video, field)
            if name or required:
                await self._library.own(project, name, f"video.{field}")
        chosen = checked_video_id(request.video_id) if request.video_id else ""
        asked = CreateVideoRequest(parent=request.parent, video=video, video_id=chosen)
        video_id = chosen or f"v{uuid.uuid4().hex}"
        if request.validate_only:
            return await self._checked(project, asked, request.request_id, video_id)
        return await self._begin(JobKind.VIDEO, project, asked, request.request_id, video_id)

    async def AnalyzeSong(self, request: AnalyzeSongRequest, context: Any) -> Operation:  # noqa: N802
        """Begins an analysis."""
        project = project_of(request.parent)
        await self._library.own(project, request.song, "song")
        if request.lyrics:
            await self._library.own(project, request.lyrics, "lyrics")
        return await self._begin(JobKind.ANALYSIS, project, request, request.request_id)

    async def CreateStoryboard(  # noqa: N802
        self, request: CreateStoryboardRequest, context: Any
    ) -> Operation:
        """Begins a storyboard."""
        project = project_of(request.parent)
        await self._library.own(project, request.analysis, "analysis")
        if request.storyboard:
            await self._library.own(project, request.storyboard, "storyboard")
        _refuse_artifact(request.options, "storyboard")
        return await self._begin(JobKind.STORYBOARD, project, request, request.request_id)

    async def GetVideo(self, request: GetVideoRequest, context: Any) -> GetVideoResponse:  # noqa: N802
        """The video as it is now."""
        return GetVideoResponse(video=await self._catalog.get(request.name))

    async def ListVideos(self, request: ListVideosRequest, context: Any) -> ListVideosResponse:  # noqa: N802
        """The project's videos, newest first."""
        project = project_of(request.parent)
        state = video_state(request.filter)
        scope = ("videos", project) if state is None else ("videos", project, str(state))
        page = requested_page(
            scope, request.page_size, request.page_token, self._settings.page_size
        )
        videos, token = await self._catalog.page(project, page, state)
        return ListVideosResponse(videos=videos, next_page_token=token)

    async def WatchOperation(  # noqa: N802
        self, request: WatchOperationRequest, context: Any
    ) -> AsyncIterator[WatchOperationResponse]:
        """The job's log from an offset on, live."""
        project, job = parse_operation(request.name)
        async for event in self._watching.events(project, job, request.offset):
            yield WatchOperationResponse(event=event)

    async def _begin(
        self, kind: JobKind, project: str, asked: Message, request_id: str, video_id: str = ""
    ) -> Operation:
        """Writes the job down and enqueues it; a repeated request finds its first job."""
        engine = await self._engine()
        request = _without_request_id(asked)
        claim = _claim(project, request, request_id)
        job = _new_job(kind, project, request, video_id)
        video = _new_video(job, request) if isinstance(request, CreateVideoRequest) else None
        written, new = await self._ledger.create(job, claim, video)
        if not written.state.ended:
            # A repetition enqueues too: the process may have died before it did.
            await engine.enqueue(written)
        _log.info("job accepted", job_id=written.id, kind=kind, repeated=not new)
        return written.operation()

    async def _checked(
        self, project: str, asked: CreateVideoRequest, request_id: str, video_id: str
    ) -> Operation:
        """What `_begin` would begin, without a name; nothing is written (AIP-163)."""
        job = _new_job(JobKind.VIDEO, project, asked, video_id)
        video = _new_video(job, asked)
        claim = _claim(project, asked, request_id)
        await self._ledger.create(job, claim, video, validate_only=True)
        video.ClearField("operation")
        if not asked.video_id:
            video.ClearField("name")
        operation = Operation(done=True)
        operation.response.Pack(video)
        return operation


def _claim(project: str, request: Message, request_id: str) -> RequestClaim:
    return RequestClaim(
        project,
        type(request).__name__.removesuffix("Request"),
        checked_request_id(request_id),
        stage_key("request", "1", request),
    )


def _inputs(given: Video) -> Video:
    """The video's fields that are the caller's to set."""
    video = Video()
    for field, value in given.ListFields():
        if field.name in _INPUTS:
            if isinstance(value, Message):
                getattr(video, field.name).CopyFrom(value)
            else:
                setattr(video, field.name, value)
    if not video.song:
        raise InvalidRequest(
            "video.song is missing: upload a song and give its media name", field="video.song"
        )
    return video


def _refuse_artifact(options: StoryboardOptions, field: str) -> None:
    """Callers name media of their project; an artifact could be anybody's."""
    if options.HasField("storyboard"):
        raise InvalidRequest(
            f"the options' own storyboard is not for callers: upload it and give its media name "
            f"in {field}",
            field=field,
        )


def _check_people(project: str, video: Video) -> None:
    """People are named by their identity, in their own project; grants are not for callers."""
    if any(lora.adapter_sha256 or lora.grant for lora in video.render_settings.loras):
        raise InvalidRequest(
            "people's adapters are not for callers: give video.identity", field="video.identity"
        )
    if video.storyboard_options.protagonist_phrase:
        raise InvalidRequest(
            "how prompts name the person follows from video.identity",
            field="video.storyboard_options.protagonist_phrase",
        )
    if not video.HasField("identity"):
        return
    if parse_identity(video.identity.name)[0] != project:
        raise PermissionDenied(
            f"{video.identity.name} is of another project: nobody but that project may show them",
            field="video.identity.name",
        )
    try:
        phrase_of(video.identity.noun)
    except ValueError as error:
        raise InvalidRequest(str(error), field="video.identity.noun") from error


def _without_request_id(asked: Message) -> Any:
    """A copy to compare with, and to keep: the same wish under any request id."""
    request = type(asked)()
    request.CopyFrom(asked)
    request.ClearField("request_id")
    return request


def _new_job(kind: JobKind, project: str, request: Message, video_id: str) -> Job:
    now = microseconds()
    progress = JobMetadata(stage="queued", create_time=timestamp(now), attempt=1)
    if video_id:
        progress.video = video_name(project, video_id)
    return Job(
        id=uuid.uuid4().hex,
        project=project,
        kind=kind,
        request=request.SerializeToString(deterministic=True),
        video=video_id,
        state=JobState.QUEUED,
        stage="queued",
        attempt=1,
        events=1,
        progress=progress,
        outcome=b"",
        created=now,
        traceparent=current_traceparent(),
    )


def _new_video(job: Job, request: CreateVideoRequest) -> Video:
    video = Video()
    video.CopyFrom(request.video)
    video.name = video_name(job.project, job.video)
    video.operation = operation_name(job.project, job.id)
    video.state = Video.STATE_MAKING
    video.create_time.CopyFrom(timestamp(job.created))
    # What was given is known from the beginning.
    video.media.analysis = request.video.analysis
    if not video.rewrite_storyboard:
        video.media.storyboard = request.video.storyboard
    return video
