"""Rows of the job tables, read and written within a transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from google.rpc import status_pb2
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import JobEvent, JobMetadata
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import Busy, OperationNotFound, VideoExists

from songreel_gateway.api.resource_names import operation_name, video_name
from songreel_gateway.db.tables import OPEN_STATES, job_events, jobs, videos
from songreel_gateway.jobs.job import VIDEO_STATES, Ending, Job, Wait, job_of


class OnlyValidated(Exception):  # noqa: N818 - nothing went wrong
    """Ends a transaction that is not to be carried out."""


def check_room(connection: sa.Connection, most: int) -> None:
    """Raises `Busy` when as many jobs as that are open."""
    some = sa.select(jobs.c.id).where(jobs.c.state.in_(OPEN_STATES)).limit(most)
    count = sa.select(sa.func.count()).select_from(some.subquery())
    if connection.execute(count).scalar_one() >= most:
        raise Busy(
            f"{most} jobs are waiting or running, as many as this server takes: "
            "ask again when some have ended",
            limit=str(most),
        )


def count_open(connection: sa.Connection, project: str) -> int:
    """How many jobs of the project have not ended."""
    count = sa.select(sa.func.count()).where(
        jobs.c.project == project, jobs.c.state.in_(OPEN_STATES)
    )
    return int(connection.execute(count).scalar_one())


def ended_of(connection: sa.Connection, asked: list[str]) -> list[str]:
    """Those of the jobs that have ended or are gone."""
    chosen = sa.select(jobs.c.id).where(jobs.c.id.in_(asked), jobs.c.state.in_(OPEN_STATES))
    going_on = set(connection.execute(chosen).scalars())
    return [job for job in asked if job not in going_on]


def insert_video(database: Database, connection: sa.Connection, job: Job, video: Video) -> None:
    """Adds the video that a job makes, or puts it in the place of one that was not made.

    Raises `VideoExists`.
    """
    columns = {"video": video.SerializeToString(), "created": job.created}
    inserted = connection.execute(
        database.insert(videos)
        .values(project=job.project, id=job.video, **columns)
        .on_conflict_do_nothing()
        .returning(videos.c.id)
    )
    if inserted.one_or_none() is not None:
        return
    mine = sa.and_(videos.c.project == job.project, videos.c.id == job.video)
    stored = sa.select(videos.c.video).where(mine).with_for_update()
    there = Video.FromString(connection.execute(stored).scalar_one())
    if there.state not in (Video.STATE_FAILED, Video.STATE_CANCELLED):
        name = video_name(job.project, job.video)
        raise VideoExists(f"there is a video {name} already: take another id", name=name)
    connection.execute(sa.update(videos).where(mine).values(**columns))


def load_row(connection: sa.Connection, project: str, job: str) -> Job:
    """The job as it is. Raises `OperationNotFound`."""
    row = connection.execute(
        sa.select(jobs).where(jobs.c.id == job, jobs.c.project == project)
    ).one_or_none()
    return of_project(None if row is None else job_of(row), project, job)


def of_project(found: Job | None, project: str, job: str) -> Job:
    """The job, if it is of the project. Raises `OperationNotFound`."""
    if found is None or found.project != project:
        name = operation_name(project, job)
        raise OperationNotFound(f"there is no operation {name}; it may be deleted", name=name)
    return found


def open_row(connection: sa.Connection, job: str) -> sa.Row[Any] | None:
    """The row of a job that has not ended, locked; None when there is none."""
    # Locked where the database knows row locks; SQLite's writer is alone anyway.
    return connection.execute(
        sa.select(jobs).where(jobs.c.id == job, jobs.c.state.in_(OPEN_STATES)).with_for_update()
    ).one_or_none()


def append_event(connection: sa.Connection, job: str, event: JobEvent) -> None:
    """Adds an event to the job's log."""
    connection.execute(
        sa.insert(job_events).values(job=job, offset=event.offset, event=event.SerializeToString())
    )


def update_row(connection: sa.Connection, job: str, progress: JobMetadata, **columns: Any) -> None:
    """Writes the progress and other columns."""
    connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == job)
        .values(progress=progress.SerializeToString(), **columns)
    )


def waiting(wait: Wait | None) -> dict[str, Any]:
    """The columns that say what a job waits for from now on."""
    if wait is None:
        return {"waiting_for": "", "waiting_why": "", "waiting_since": 0}
    return {
        "waiting_for": wait.service,
        "waiting_why": wait.why,
        "waiting_since": microseconds(),
    }


def end_video(
    connection: sa.Connection, row: sa.Row[Any], ending: Ending, progress: JobMetadata
) -> None:
    """Writes how the job has ended into the video that it makes."""
    mine = sa.and_(videos.c.project == row.project, videos.c.id == row.video)
    stored = connection.execute(sa.select(videos.c.video).where(mine)).scalar_one()
    video = ending.video or Video.FromString(stored)
    video.media.CopyFrom(progress.media)
    video.state = VIDEO_STATES[ending.state]
    if isinstance(ending.outcome, status_pb2.Status):
        video.error.CopyFrom(ending.outcome)
    connection.execute(sa.update(videos).where(mine).values(video=video.SerializeToString()))


def columns_of(job: Job) -> dict[str, Any]:
    """The row of a new job."""
    return {
        "id": job.id,
        "project": job.project,
        "kind": job.kind,
        "request": job.request,
        "video": job.video,
        "state": job.state,
        "stage": job.stage,
        "attempt": job.attempt,
        "events": job.events,
        "progress": job.progress.SerializeToString(),
        "outcome": job.outcome,
        "created": job.created,
        "ended": 0,
        "traceparent": job.traceparent,
        "preview": job.preview,
    }
