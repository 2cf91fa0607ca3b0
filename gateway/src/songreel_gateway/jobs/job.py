"""A job as the database knows it, and as the API shows it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from google.longrunning.operations_pb2 import Operation
from google.protobuf import any_pb2
from google.rpc import status_pb2
from songreel.v1.video_pb2 import Storyboard, Video
from songreel.v1.video_service_pb2 import JobEvent, JobMetadata
from songreel_kit.bounds.frame_rates import DEFAULT_FPS
from songreel_kit.database.times import timestamp
from songreel_kit.telemetry.tracing import span

from songreel_gateway.api.resource_names import operation_name
from songreel_gateway.db.tables import OPEN_STATES


class JobState(StrEnum):
    """What becomes of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self not in OPEN_STATES


class JobKind(StrEnum):
    """What a job makes."""

    VIDEO = "video"
    ANALYSIS = "analysis"
    STORYBOARD = "storyboard"
    SCORE = "score"


VIDEO_STATES = {
    JobState.QUEUED: Video.STATE_MAKING,
    JobState.RUNNING: Video.STATE_MAKING,
    JobState.SUCCEEDED: Video.STATE_READY,
    JobState.FAILED: Video.STATE_FAILED,
    JobState.CANCELLED: Video.STATE_CANCELLED,
}


@dataclass(frozen=True)
class Job:
    """One job at one moment."""

    id: str
    project: str
    kind: JobKind
    request: bytes
    """The request message that asked for it, serialised."""

    video: str
    """Id of the video it makes; empty for other jobs."""

    state: JobState
    stage: str
    attempt: int
    events: int
    """How many events it has; the offset of the next one."""

    progress: JobMetadata
    outcome: bytes
    """Serialised `Any` (the response) of a job that succeeded, `Status` of one that
    failed or was cancelled."""

    created: int
    """Microseconds since 1970."""

    preview: bool = False
    """Whether somebody waits for it at the screen: it goes before the others."""

    traceparent: str = ""
    """W3C context of the span that asked for it; empty when nothing was traced."""

    @property
    def name(self) -> str:
        """Name of its operation."""
        return operation_name(self.project, self.id)

    def operation(self) -> Operation:
        """The job as `google.longrunning` shows it."""
        operation = Operation(name=self.name, done=self.state.ended)
        operation.metadata.Pack(self.progress)
        if self.state is JobState.SUCCEEDED:
            operation.response.CopyFrom(any_pb2.Any.FromString(self.outcome))
        elif self.state.ended:
            operation.error.CopyFrom(status_pb2.Status.FromString(self.outcome))
        return operation


@dataclass(frozen=True)
class Wait:
    """What a job waits for."""

    service: str
    why: str
    """"away" or "full"."""


@dataclass(frozen=True)
class Ending:
    """How a job ends."""

    state: JobState
    outcome: any_pb2.Any | status_pb2.Status
    progress: JobMetadata | None = None
    """The last progress; None keeps what was recorded last."""

    video: Video | None = None
    """The finished video; None where only its state changes."""

    storyboard: Storyboard | None = None
    """A storyboard to be kept by its name."""

    def event(self, offset: int, now: int, progress: JobMetadata) -> JobEvent:
        """The last line of the job's log."""
        event = JobEvent(offset=offset, time=timestamp(now), metadata=progress, done=True)
        if isinstance(self.outcome, status_pb2.Status):
            event.error.CopyFrom(self.outcome)
        return event


def job_span(name: str, job: Job) -> AbstractContextManager[object]:
    """A span in the trace of the call that asked for the job, whichever gateway goes on with it."""
    return span(
        name,
        parent=job.traceparent,
        songreel__job=job.id,
        songreel__kind=job.kind,
        songreel__attempt=job.attempt,
    )


def given_storyboard(video: Video) -> str:
    """Media name of the storyboard that a job's video was given; empty for none.

    One that is given by its own name was looked up when the job was accepted, and is
    `media.storyboard` of the job's request, which no caller can set.
    """
    return video.storyboard or video.media.storyboard


def video_seconds(video: Video) -> float:
    """How long a finished video plays."""
    return float(video.frames / Fraction(video.render_settings.fps or DEFAULT_FPS))


def job_of(row: sa.Row[Any]) -> Job:
    """A row of `tables.jobs`."""
    return Job(
        id=row.id,
        project=row.project,
        kind=JobKind(row.kind),
        request=row.request,
        video=row.video,
        state=JobState(row.state),
        stage=row.stage,
        attempt=row.attempt,
        events=row.events,
        progress=JobMetadata.FromString(row.progress),
        outcome=row.outcome,
        created=row.created,
        preview=row.preview,
        traceparent=row.traceparent,
    )
