"""Jobs and their logs of events, in the database.

These tables decide what is true: a job ends once, with the transaction that
writes its ending. The workflow engine only ensures that somebody works on it.
"""

from __future__ import annotations

import sqlalchemy as sa
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import JobEvent, JobMetadata
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds, timestamp
from songreel_kit.errors import OperationNotDone

from songreel_gateway.access.quotas import RENDERED, Quotas, add_use
from songreel_gateway.api.pagination import Page, next_token, paged
from songreel_gateway.api.request_ids import RequestClaim, claim
from songreel_gateway.db.tables import OPEN_STATES, job_events, jobs
from songreel_gateway.jobs.batched_reads import BatchedReads
from songreel_gateway.jobs.job import Ending, Job, JobState, Wait, job_of, video_seconds
from songreel_gateway.jobs.job_rows import (
    OnlyValidated,
    append_event,
    check_room,
    columns_of,
    end_video,
    insert_video,
    load_row,
    of_project,
    open_row,
    update_row,
    waiting,
)
from songreel_gateway.jobs.leases import Lease
from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.media.deletion import delete_job
from songreel_gateway.metrics import JOBS_ENDED, JOBS_STARTED
from songreel_gateway.storyboards.repository import insert_storyboard

EVENT_BATCH = 200


class JobRepository:
    """Reads and writes jobs; every change of a job is notified."""

    def __init__(
        self,
        database: Database,
        notifications: Notifications,
        *,
        max_open: int | None = None,
        lease: Lease | None = None,
        quotas: Quotas | None = None,
    ) -> None:
        """The jobs in the database.

        Args:
            database: Where it is.
            notifications: Told of every change.
            max_open: More jobs than this at once are refused; None: any number.
            lease: Without it nothing is written that belongs to working on a job.
            quotas: What projects may begin; None: anything.
        """
        self._database = database
        self._notifications = notifications
        self._max_open = max_open
        self._lease = lease
        self._quotas = quotas
        self._reads = BatchedReads(database)

    async def create(
        self,
        job: Job,
        request: RequestClaim,
        video: Video | None,
        *,
        validate_only: bool = False,
    ) -> tuple[Job, bool]:
        """Writes a new job, its first event and the video it is to make.

        With `validate_only` all of it is taken back again, and only the errors remain.

        Returns:
            The job and True; or, for a repeated request, the earlier job and False.

        Raises:
            RequestIdReused: The request's id was used for something else.
            VideoExists: The video's id is taken.
            Busy: As many jobs wait as the server takes.
            QuotaExceeded: The project may begin none now.
        """

        def transaction(connection: sa.Connection) -> tuple[Job, bool]:
            earlier = claim(self._database, connection, request, job.id)
            if earlier is not None:
                return load_row(connection, job.project, earlier), False
            if self._max_open is not None:
                check_room(connection, self._max_open)
            if self._quotas is not None:
                self._quotas.admit_job(connection, job.project)
            if video is not None:
                insert_video(self._database, connection, job, video)
            connection.execute(sa.insert(jobs).values(**columns_of(job)))
            event = JobEvent(time=timestamp(job.created), metadata=job.progress)
            append_event(connection, job.id, event)
            if validate_only:
                raise OnlyValidated
            return job, True

        try:
            written, new = await self._database.write(transaction)
        except OnlyValidated:
            return job, False
        if new:
            JOBS_STARTED.labels(kind=job.kind).inc()
        return written, new

    async def load(self, project: str, job: str) -> Job:
        """Raises `OperationNotFound`."""
        return of_project(await self._reads.find(job), project, job)

    async def find(self, job: str) -> Job | None:
        """The job of this id, if there is one."""

        def transaction(connection: sa.Connection) -> Job | None:
            row = connection.execute(sa.select(jobs).where(jobs.c.id == job)).one_or_none()
            return None if row is None else job_of(row)

        return await self._database.read(transaction)

    async def unfinished(self) -> list[str]:
        """The ids of all jobs that have not ended, oldest first."""
        chosen = sa.select(jobs.c.id).where(jobs.c.state.in_(OPEN_STATES)).order_by(jobs.c.created)
        return await self._database.read(lambda c: list(c.execute(chosen).scalars()))

    async def page(self, project: str, page: Page, done: bool | None) -> tuple[list[Job], str]:
        """A page of the project's jobs, newest first, and the next page's token."""

        def transaction(connection: sa.Connection) -> list[Job]:
            chosen = sa.select(jobs).where(jobs.c.project == project)
            if done is not None:
                within = jobs.c.state.in_(OPEN_STATES)
                chosen = chosen.where(sa.not_(within) if done else within)
            return [job_of(row) for row in connection.execute(paged(chosen, jobs, page))]

        found = await self._database.read(transaction)
        return found[: page.size], next_token(page, [(job.created, job.id) for job in found])

    async def begin_stage(self, job: str, stage: str) -> Job | None:
        """Notes that work on a stage begins, and counts the attempt.

        Returns:
            The job as it is then; None when it has ended or is gone.

        Raises:
            LeaseLost: Somebody else works on it now.
        """

        def transaction(connection: sa.Connection) -> Job | None:
            self._check_lease(connection)
            row = open_row(connection, job)
            if row is None:
                return None
            attempt = row.attempt + 1 if row.stage == stage else 1
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job)
                .values(state=JobState.RUNNING, stage=stage, attempt=attempt, **waiting(None))
            )
            return job_of(connection.execute(sa.select(jobs).where(jobs.c.id == job)).one())

        return await self._database.write(transaction)

    async def suspend(self, job: str, stage: str) -> None:
        """Takes the present attempt at a stage back: an orderly stop is no failure.

        Raises `LeaseLost`.
        """

        def transaction(connection: sa.Connection) -> None:
            self._check_lease(connection)
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job, jobs.c.stage == stage, jobs.c.state == JobState.RUNNING)
                .values(attempt=jobs.c.attempt - 1)
            )

        await self._database.write(transaction)

    async def record(self, job: str, progress: JobMetadata, wait: Wait | None = None) -> bool:
        """Adds an event and notes what the job waits for.

        Returns False when the job has ended or is gone, and nothing was added.

        Raises `LeaseLost`.
        """

        def transaction(connection: sa.Connection) -> bool:
            self._check_lease(connection)
            row = open_row(connection, job)
            if row is None:
                return False
            event = JobEvent(offset=row.events, time=timestamp(microseconds()), metadata=progress)
            append_event(connection, job, event)
            update_row(connection, job, events=row.events + 1, progress=progress, **waiting(wait))
            return True

        added = await self._database.write(transaction)
        self._notifications.notify(job)
        return added

    async def finish(self, job: str, ending: Ending) -> bool:
        """Ends a job, its video and its log; False when it had ended already.

        What it made to be kept by a name of its own is kept with it, or not at all.
        """

        def transaction(connection: sa.Connection) -> str | None:
            row = open_row(connection, job)
            if row is None:
                return None
            now = microseconds()
            progress = JobMetadata.FromString(row.progress)
            if ending.progress is not None:
                progress.CopyFrom(ending.progress)
            progress.ClearField("estimated_rest")
            progress.waiting_for = ""
            append_event(connection, job, ending.event(row.events, now, progress))
            update_row(
                connection,
                job,
                events=row.events + 1,
                progress=progress,
                state=ending.state,
                outcome=ending.outcome.SerializeToString(),
                ended=now,
                **waiting(None),
            )
            if row.video:
                end_video(connection, row, ending, progress)
            if ending.storyboard is not None:
                insert_storyboard(connection, ending.storyboard)
            if ending.video is not None:
                seconds = video_seconds(ending.video)
                add_use(self._database, connection, row.project, RENDERED, seconds)
            return str(row.kind)

        kind = await self._database.write(transaction)
        self._notifications.notify(job)
        if kind is None:
            return False
        JOBS_ENDED.labels(kind=kind, state=ending.state).inc()
        return True

    async def delete(self, project: str, job: str) -> None:
        """Removes an ended job and its log. Raises `OperationNotFound`, `OperationNotDone`."""

        def transaction(connection: sa.Connection) -> None:
            found = load_row(connection, project, job)
            if not found.state.ended:
                raise OperationNotDone(
                    f"{found.name} is still at work: cancel it, or wait for its end, "
                    "before it is deleted",
                    name=found.name,
                )
            delete_job(connection, project, job)

        await self._database.write(transaction)
        self._notifications.notify(job)

    async def events(self, project: str, job: str, offset: int) -> tuple[list[JobEvent], Job]:
        """Events from `offset` on, at most `EVENT_BATCH`, and the job at that moment.

        Raises `OperationNotFound`.
        """

        def transaction(connection: sa.Connection) -> tuple[list[JobEvent], Job]:
            found = load_row(connection, project, job)
            rows = connection.execute(
                sa.select(job_events.c.event)
                .where(job_events.c.job == job, job_events.c.offset >= offset)
                .order_by(job_events.c.offset)
                .limit(EVENT_BATCH)
            )
            return [JobEvent.FromString(row.event) for row in rows], found

        return await self._database.read(transaction)

    async def counts(self, watched: list[str]) -> dict[str, int]:
        """How many events each of these jobs has; one that is gone is missing."""
        chosen = sa.select(jobs.c.id, jobs.c.events).where(jobs.c.id.in_(watched))
        return await self._database.read(
            lambda c: {each.id: each.events for each in c.execute(chosen)}
        )

    def _check_lease(self, connection: sa.Connection) -> None:
        if self._lease is not None:
            self._lease.check(connection)
