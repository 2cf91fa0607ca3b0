"""Works on jobs until they have ended.

Each job is a DBOS workflow whose steps are the job's stages, so a job goes on
after a crash with the first stage that was not finished. DBOS is one per process;
`_running` below is how its workflow function finds the runner it belongs to.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, WorkflowSerializationFormat
from songreel_kit.call_scope import enter_call
from songreel_kit.errors import (
    Cancelled,
    FailedPrecondition,
    ServiceUnavailable,
    SongreelError,
    to_status,
)
from songreel_kit.stopping import StopBudget
from songreel_kit.telemetry.logging import bind_context, get_logger
from sqlalchemy.exc import SQLAlchemyError

from songreel_gateway.clients.stage_clients import StageClients
from songreel_gateway.jobs import dbos_executor
from songreel_gateway.jobs.dbos_executor import QUEUE, workflow_id
from songreel_gateway.jobs.job import Ending, Job, JobState
from songreel_gateway.jobs.job_rows import count_open
from songreel_gateway.jobs.leases import Lease
from songreel_gateway.jobs.recovery import JobRecovery
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.jobs.steps import SUSPEND_SECONDS, JobSteps, RunnerDependencies
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.metrics import JOBS_RUNNING

_log = get_logger(__name__)

# What the parts of a stop get at the most, of what it has in all.
_DRAIN_SECONDS = 6.0
_SHUTDOWN_SECONDS = 5.0

# What a start that failed takes to clear away.
_START_OVER_SECONDS = 24.0

# What they leave to the server, which has to end its calls.
_SERVER_SECONDS = 4.0


class JobRunner:
    """Works on jobs between `start` and `stop`."""

    def __init__(self, dependencies: RunnerDependencies) -> None:
        self._dependencies = dependencies
        # Work waits for a database that is away; those who ask are told.
        self._patient = dependencies.database.patient()
        self._front = JobRepository(dependencies.database, dependencies.notifications)
        self._lease: Lease | None = None
        self._jobs, self._steps = self._under_lease()
        self._workflows: dict[str, asyncio.Task[Any]] = {}
        self._supervisor: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stopping = False

    async def start(self) -> None:
        """Starts DBOS on the running loop and takes up all unfinished jobs."""
        global _running
        if _running is not None:
            raise FailedPrecondition("there is a gateway at work in this process already")
        _running = self
        try:
            recovery = await self._begin()
        except BaseException as error:
            await self.stop(StopBudget(_START_OVER_SECONDS))
            if isinstance(error, SQLAlchemyError):
                raise FailedPrecondition(f"the jobs' database cannot be used: {error}") from error
            raise
        self._supervisor = asyncio.create_task(self._supervise(recovery))

    async def stop(self, budget: StopBudget) -> None:
        """Suspends all work, to be taken up by the others or at the next start.

        What does not come to an end within the budget, because the database is away, is left
        to end with the process: nothing is lost, the database says what was done.
        """
        global _running
        self._stopping = True
        budget.begin()
        if self._supervisor is not None:
            self._supervisor.cancel()
            most = budget.left(keep=_SERVER_SECONDS, most=SUSPEND_SECONDS)
            await asyncio.wait({self._supervisor}, timeout=most)
        await self._end(budget)
        _running = None

    @property
    def clients(self) -> StageClients:
        """The services, for calls that need no job."""
        return self._dependencies.clients

    async def enqueue(self, job: Job) -> None:
        """Ensures that the job is worked on; more than once is the same as once."""
        await self._started()
        stages = [stage.name for stage in self._dependencies.pipeline.stages_of(job)]
        with (
            SetWorkflowID(workflow_id(job.id)),
            SetEnqueueOptions(priority=await self._priority(job)),
        ):
            await DBOS.enqueue_workflow_async(QUEUE, _run_job, job.id, stages)

    async def cancel(self, job: Job) -> None:
        """Ends a job as cancelled and stops what this process does for it.

        Nothing happens to one that has ended.
        """
        status = to_status(Cancelled("the job was cancelled", job=job.id))
        if await self._front.finish(job.id, Ending(JobState.CANCELLED, status)):
            _log.info("job cancelled", job_id=job.id)
        self._steps.cancel(job.id)

    async def forget(self, job: str) -> None:
        """Removes what DBOS has stored of an ended job."""
        workflow = self._workflows.get(job)
        if workflow is not None:
            # The ending is written, but DBOS may not have noted that the workflow is done.
            await asyncio.wait({workflow})
        await self._started()
        await DBOS.delete_workflow_async(workflow_id(job))

    async def workflow(self, job: str, stages: list[str]) -> str:
        """The workflow: one step per stage, then the ending."""
        task = asyncio.current_task()
        assert task is not None
        self._workflows[job] = task
        task.add_done_callback(lambda _: self._forget_workflow(job, task))
        if not self._ready.is_set():
            task.cancel()
        bind_context(job_id=job)
        enter_call(request_id=job)  # the stages' logs name the job, too
        with JOBS_RUNNING.track_inprogress():
            return await self._steps.run(job, stages)

    async def give_up(self, job: str) -> str:
        """Ends a job whose workflow broke by a mistake of ours."""
        return await self._steps.give_up(job)

    def _under_lease(self) -> tuple[JobRepository, JobSteps]:
        """The jobs, and the work on them, as the present lease allows it."""
        jobs = JobRepository(self._patient, self._dependencies.notifications, lease=self._lease)
        return jobs, JobSteps(self._dependencies, jobs, MediaRepository(self._patient))

    async def _begin(self) -> JobRecovery:
        """Takes a lease where others work, too, and starts DBOS under its name."""
        settings = self._dependencies.settings
        lost = asyncio.Event()
        name = settings.executor_id
        if self._dependencies.database.shared:
            self._lease = Lease(self._dependencies.database, name, settings.lease_seconds)
            await self._lease.take()
            loop = asyncio.get_running_loop()

            def tell() -> None:
                loop.call_soon_threadsafe(lost.set)

            self._lease.beat(tell)
            name = self._lease.id
        self._jobs, self._steps = self._under_lease()
        await dbos_executor.launch(settings, name)
        self._ready.set()
        recovery = JobRecovery(
            self._jobs, self._lease, lost, settings.lease_seconds, self._workflow_ids, self._adopt
        )
        await recovery.sweep()
        return recovery

    async def _end(self, budget: StopBudget | None = None) -> None:
        """Ends work and workflow engine; without a budget only when all of it is over."""

        def most(seconds: float) -> float | None:
            return None if budget is None else budget.left(keep=_SERVER_SECONDS, most=seconds)

        self._ready.clear()
        await self._suspend(most(_DRAIN_SECONDS))
        await dbos_executor.shut_down(within=most(_SHUTDOWN_SECONDS))
        await self._suspend(most(1.0))  # what the queue had begun in the meantime
        if self._lease is not None:
            releasing = asyncio.create_task(self._release(self._lease))
            within = SUSPEND_SECONDS if budget is None else budget.left(most=SUSPEND_SECONDS)
            await asyncio.wait({releasing}, timeout=within)

    async def _release(self, lease: Lease) -> None:
        with suppress(SongreelError):  # it runs out by itself
            await lease.release()

    async def _supervise(self, recovery: JobRecovery) -> None:
        """Watches, and begins anew under another name when the lease is lost."""
        while True:
            await recovery.watch()
            await self._end()
            while True:
                try:
                    recovery = await self._begin()
                    break
                except (SongreelError, SQLAlchemyError) as error:
                    _log.warning("cannot begin anew yet", problem=str(error))
                    await self._end()
                    await asyncio.sleep(1.0)

    async def _started(self) -> None:
        """Waits while the runner begins anew. Raises `ServiceUnavailable` when it stops."""
        if self._stopping:
            raise ServiceUnavailable("this server is stopping: ask again in a moment")
        await self._ready.wait()

    async def _priority(self, job: Job) -> int:
        """Of its workflow in the queue; the least number goes first.

        The more jobs a project has open, the later its next one begins; previews count half.
        """
        database = self._dependencies.database
        open_jobs = await database.read(lambda connection: count_open(connection, job.project))
        return max(1, open_jobs if job.preview else 2 * open_jobs)

    def _forget_workflow(self, job: str, task: asyncio.Task[Any]) -> None:
        if self._workflows.get(job) is task:
            del self._workflows[job]

    def _workflow_ids(self) -> set[str]:
        return {workflow_id(job) for job in self._workflows}

    async def _adopt(self, job: str, state: str | None) -> None:
        """Works on an open job that DBOS does not know, or thinks to be done with."""
        latest = await self._jobs.find(job)
        if latest is None or latest.state.ended:
            return
        if state is None:
            await self.enqueue(latest)
        else:
            _log.error("job without a workflow", job_id=job, workflow=state)
            await self.give_up(job)

    async def _suspend(self, within: float | None) -> None:
        workflows = set(self._workflows.values())
        for task in workflows:
            task.cancel()
        if workflows:
            await asyncio.wait(workflows, timeout=within)


_running: JobRunner | None = None


@DBOS.workflow(
    name="songreel.job",
    # The runner's own count, `max_attempts`, ends the job with a typed error.
    max_recovery_attempts=None,
    serialization_type=WorkflowSerializationFormat.PORTABLE,
)
async def _run_job(job: str, stages: list[str]) -> str:
    runner = _running
    assert runner is not None, "workflows run only while a runner does"
    try:
        return await runner.workflow(job, stages)
    except SQLAlchemyError:
        # The database went away in a way that DBOS does not wait for. As a cancellation it
        # leaves the workflow open, and `JobRecovery` puts it back into the queue.
        _log.exception("a workflow lost its database", job_id=job)
        raise asyncio.CancelledError from None
    except Exception:
        # A workflow that raised would not be taken up again, and its job never end.
        _log.exception("a workflow broke", job_id=job)
        return await runner.give_up(job)
