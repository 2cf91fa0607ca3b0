"""A job as it is written down when it is accepted."""

from __future__ import annotations

from songreel.v1.video_service_pb2 import JobMetadata
from songreel_gateway.jobs.job import Job, JobKind, JobState
from songreel_kit.database.times import microseconds


def queued_job(number: str) -> Job:
    """An analysis that nobody has begun; `number` is its id."""
    return Job(
        id=number,
        project="local",
        kind=JobKind.ANALYSIS,
        request=b"",
        video="",
        state=JobState.QUEUED,
        stage="queued",
        attempt=1,
        events=1,
        progress=JobMetadata(stage="queued"),
        outcome=b"",
        created=microseconds(),
    )
