"""Jobs, and the videos they make, as they begin."""

from __future__ import annotations

import uuid

from google.protobuf.message import Message
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateScoreRequest, CreateVideoRequest, JobMetadata
from songreel_kit.database.times import microseconds, timestamp
from songreel_kit.telemetry.tracing import current_traceparent

from songreel_gateway.api.resource_names import operation_name, video_name
from songreel_gateway.jobs.job import Job, JobKind, JobState, given_storyboard


def new_job(kind: JobKind, project: str, request: Message, video_id: str = "") -> Job:
    """A job that waits, for a request as it was checked."""
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
        preview=_is_awaited(request),
        traceparent=current_traceparent(),
    )


def _is_awaited(request: Message) -> bool:
    """Whether somebody sits at the screen: it is done in seconds."""
    if isinstance(request, CreateVideoRequest):
        return request.video.render_settings.preview
    return not isinstance(request, CreateScoreRequest)


def new_video(job: Job, request: CreateVideoRequest) -> Video:
    """The video that the job makes, as it begins."""
    video = Video()
    video.CopyFrom(request.video)
    video.name = video_name(job.project, job.video)
    video.operation = operation_name(job.project, job.id)
    video.state = Video.STATE_MAKING
    video.create_time.CopyFrom(timestamp(job.created))
    # What was given is known from the beginning.
    video.ClearField("media")
    video.media.analysis = request.video.analysis
    if not video.rewrite_storyboard:
        video.media.storyboard = given_storyboard(request.video)
    return video
