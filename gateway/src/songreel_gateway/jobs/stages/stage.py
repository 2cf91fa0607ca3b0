"""What a stage of a job is: a row of `table.STAGES`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_kit.artifacts.store import ArtifactStore

from songreel_gateway.clients.services import StageService
from songreel_gateway.clients.stage_clients import StageClients
from songreel_gateway.jobs.event_log import JobLog
from songreel_gateway.jobs.job import Job, JobKind
from songreel_gateway.jobs.stages.outcomes import Outcome, Outcomes
from songreel_gateway.media.repository import MediaRepository


@dataclass(frozen=True)
class StageRun:
    """What one attempt at a stage works with."""

    job: Job
    log: JobLog
    clients: StageClients
    media: MediaRepository
    store: ArtifactStore
    done: Outcomes
    """Of the stages before."""


@dataclass(frozen=True)
class Stage:
    """A kind of stage."""

    name: str
    """In `JobMetadata.stage`, in logs, metrics and stored workflows: never to be changed."""

    weight: float
    """Share of the time of a whole job, beside those of the others."""

    services: tuple[StageService, ...]
    """The services that it calls."""

    needed: Callable[[Job], bool]
    """Whether a job has it."""

    run: Callable[[StageRun], Awaitable[dict[str, Any]]]
    """Does it and returns its outcome. Raises typed errors, `JobEnded`."""

    artifacts: Mapping[str, str]
    """What it may make: field of `VideoMedia` -> how its file name ends."""

    describe: Callable[[Video, Outcome], None] = lambda video, outcome: None
    """Writes into the finished video what its outcome says of it."""


def video_of(job: Job) -> Video:
    """The video that a job was asked for; empty for other kinds of jobs."""
    if job.kind is not JobKind.VIDEO:
        return Video()
    return CreateVideoRequest.FromString(job.request).video
