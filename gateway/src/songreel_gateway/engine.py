"""The engine: sees to it that every job in the ledger is worked on until it has ended.

Each job is a DBOS workflow whose steps are the job's stages, so a job goes on
after a crash with the first stage that was not finished. DBOS is one per process;
`_running` below is how its workflow function finds the engine it belongs to.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat
from google.rpc import status_pb2
from songreel.v1.video_pb2 import Video
from songreel_kit.calls import enter_call
from songreel_kit.errors import (
    Cancelled,
    FailedPrecondition,
    InternalError,
    SongreelError,
    to_status,
)
from songreel_kit.telemetry import bind_context, get_logger
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from songreel_gateway.database import switch_on_wal
from songreel_gateway.joblog import JobEnded, JobLog
from songreel_gateway.jobs import Ending, Job, JobState
from songreel_gateway.ledger import Ledger
from songreel_gateway.library import Library
from songreel_gateway.metrics import JOBS_RUNNING, STAGE_SECONDS
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.stages import Stages
from songreel_gateway.work import Outcomes, Work, packed, response_of, stages_of

_log = get_logger(__name__)

WORKFLOW_VERSION = "1"
"""Raise it whenever the order or the outcomes of a workflow's steps change. Jobs begun
under an older version are begun anew then; their stages find what they had made."""

_QUEUE = "songreel-jobs"
_QUEUE_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Crew:
    """What the engine works with."""

    settings: GatewaySettings
    ledger: Ledger
    library: Library


class Engine:
    """Works on jobs between `start` and `stop`."""

    def __init__(self, crew: Crew, stages: Stages) -> None:
        self._crew = crew
        self._stages = stages
        self._flows: dict[str, asyncio.Task[Any]] = {}
        self._working: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._stopping = False

    async def start(self) -> None:
        """Starts DBOS on the running loop and takes up all unfinished jobs."""
        global _running
        if _running is not None:
            raise FailedPrecondition("there is a gateway at work in this process already")
        _running = self
        try:
            await asyncio.to_thread(self._prepare)
            DBOS.launch()  # in the running loop, which becomes the workflows' own
            await DBOS.register_queue_async(
                _QUEUE,
                worker_concurrency=self._crew.settings.concurrent_jobs,
                polling_interval_sec=_QUEUE_POLL_SECONDS,
            )
            await self._take_up()
        except BaseException as error:
            await self.stop()
            if isinstance(error, SQLAlchemyError):
                raise FailedPrecondition(f"the jobs' database cannot be used: {error}") from error
            raise

    async def stop(self) -> None:
        """Lays all work down, to be taken up at the next start."""
        global _running
        self._stopping = True
        await self._lay_down()
        await asyncio.to_thread(DBOS.destroy)
        # DBOS made its own threads the loop's default; they are gone now.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await self._lay_down()  # what the queue had begun in the meantime
        _running = None

    async def enqueue(self, job: Job) -> None:
        """Sees to it that the job is worked on; more than once is the same as once."""
        with SetWorkflowID(_workflow_id(job.id)):
            await DBOS.enqueue_workflow_async(_QUEUE, _work_off, job.id, stages_of(job))

    async def cancel(self, job: Job) -> None:
        """Ends a job as cancelled and stops what this process does for it.

        Nothing happens to one that has ended.
        """
        status = to_status(Cancelled("the job was cancelled", job=job.id))
        if await self._crew.ledger.finish(job.id, Ending(JobState.CANCELLED, status)):
            _log.info("job cancelled", job_id=job.id)
        work = self._working.get(job.id)
        if work is not None:
            work.cancel()

    async def forget(self, job: str) -> None:
        """Removes what DBOS has stored of an ended job."""
        flow = self._flows.get(job)
        if flow is not None:
            # The ending is written, but DBOS may not have noted that the workflow is done.
            await asyncio.wait({flow})
        await DBOS.delete_workflow_async(_workflow_id(job))

    async def flow(self, job: str, stages: list[str]) -> str:
        """The workflow: one step per stage, then the ending."""
        task = asyncio.current_task()
        assert task is not None
        self._flows[job] = task
        task.add_done_callback(lambda _: self._flows.pop(job))
        if self._stopping:
            task.cancel()
        bind_context(job_id=job)
        enter_call(request_id=job)  # the stages' logs name the job, too
        with JOBS_RUNNING.track_inprogress():
            return await self._all_stages(job, stages)

    async def stage(self, job: str, stage: str, done: Outcomes) -> dict[str, Any]:
        """A step: does a stage. Raises nothing but cancellation of the whole workflow.

        Returns:
            {"result": the stage's outcome}, {"error": a Status in base64}, or
            {"ended": True} when the job was cancelled.
        """
        work = asyncio.create_task(self._one_stage(job, stage, done))
        self._working[job] = work
        try:
            await self._until_done_or_cancelled(job, work)
            return {"ended": True} if work.cancelled() else work.result()
        except asyncio.CancelledError:
            await self._crew.ledger.lay_down(job, stage)
            raise
        finally:
            del self._working[job]
            work.cancel()
            await asyncio.wait({work})

    async def finish(self, job: str, done: Outcomes, error: str) -> str:
        """A step: writes the job's ending. Returns the state it ended in."""
        found = await self._crew.ledger.find(job)
        if found is None or found.state.ended:
            return "" if found is None else found.state
        if error:
            status = status_pb2.Status.FromString(base64.b64decode(error))
            ending = Ending(JobState.FAILED, status)
            _log.warning("job failed", problem=status.message)
        else:
            response = await response_of(found, self._crew.library, done)
            progress = found.progress
            progress.stage, progress.step, progress.fraction = "done", "", 1.0
            video = response if isinstance(response, Video) else None
            ending = Ending(JobState.SUCCEEDED, packed(response), progress, video)
            _log.info("job succeeded")
        await self._crew.ledger.finish(job, ending)
        return ending.state

    async def give_up(self, job: str) -> str:
        """Ends a job whose workflow broke by a mistake of ours."""
        error = InternalError("the job's workflow broke off; the log says why. Ask for it again")
        await self._crew.ledger.finish(job, Ending(JobState.FAILED, to_status(error)))
        return JobState.FAILED

    def _prepare(self) -> None:
        url = make_url(self._crew.settings.workflow_database())
        if url.get_backend_name() == "sqlite" and url.database:
            switch_on_wal(url.database)
        # With a handler of its own DBOS would write past our logging.
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        DBOS(
            config=DBOSConfig(
                name="songreel",
                system_database_url=url.render_as_string(hide_password=False),
                application_version=WORKFLOW_VERSION,
                executor_id=self._crew.settings.executor_id,
                log_level="ERROR",
                notification_listener_polling_interval_sec=0.2,
            )
        )

    async def _take_up(self) -> None:
        """Enqueues unfinished jobs that DBOS does not know.

        The process died between writing and enqueueing them, or they are of an older version.
        """
        for job in await self._crew.ledger.unfinished():
            status = await DBOS.get_workflow_status_async(_workflow_id(job.id))
            if status is None:
                await self.enqueue(job)
            elif status.status not in ("PENDING", "ENQUEUED"):
                _log.error("job without a workflow", job_id=job.id, workflow=status.status)
                await self.give_up(job.id)

    async def _lay_down(self) -> None:
        flows = set(self._flows.values())
        for task in flows:
            task.cancel()
        if flows:
            await asyncio.wait(flows)

    async def _all_stages(self, job: str, stages: list[str]) -> str:
        done: dict[str, dict[str, Any]] = {}
        for stage in stages:
            outcome = await DBOS.run_step_async({"name": stage}, self.stage, job, stage, done)
            if outcome.get("ended"):
                return JobState.CANCELLED
            if "error" in outcome:
                return await DBOS.run_step_async(
                    {"name": "finish"}, self.finish, job, done, outcome["error"]
                )
            done[stage] = outcome["result"]
        return await DBOS.run_step_async({"name": "finish"}, self.finish, job, done, "")

    async def _until_done_or_cancelled(self, job: str, work: asyncio.Task[dict[str, Any]]) -> None:
        """Waits for the work; cancels it when another process has ended the job."""
        while not work.done():
            await asyncio.wait({work}, timeout=self._crew.settings.poll_seconds)
            found = None if work.done() else await self._crew.ledger.find(job)
            if found is not None and found.state.ended:
                work.cancel()

    async def _one_stage(self, job: str, stage: str, done: Outcomes) -> dict[str, Any]:
        began = time.monotonic()
        try:
            outcome = {"result": await self._attempt(job, stage, done)}
        except JobEnded:
            outcome = {"ended": True}
        except SongreelError as error:
            outcome = {"error": _encoded(error)}
        except Exception:
            _log.exception("a stage broke", stage=stage)
            outcome = {"error": _encoded(_internal(stage))}
        seconds = time.monotonic() - began
        STAGE_SECONDS.labels(stage=stage, outcome=next(iter(outcome))).observe(seconds)
        return outcome

    async def _attempt(self, job: str, stage: str, done: Outcomes) -> dict[str, Any]:
        crew = self._crew
        begun = await crew.ledger.begin_stage(job, stage)
        if begun is None:
            raise JobEnded
        if begun.attempt > crew.settings.max_attempts:
            raise InternalError(
                f"the process died {crew.settings.max_attempts} times in stage {stage!r}; "
                "the job is given up: look for lack of memory, and make the video smaller"
            )
        _log.info("stage begins", stage=stage, attempt=begun.attempt)
        log = JobLog(begun, stages_of(begun), crew.ledger, crew.library, crew.settings)
        await log.begin()
        return await Work(begun, log, self._stages, crew.library, done).run()


_running: Engine | None = None


@DBOS.workflow(
    name="songreel.job",
    # The engine's own count, `max_attempts`, ends the job with a typed error.
    max_recovery_attempts=None,
    serialization_type=WorkflowSerializationFormat.PORTABLE,
)
async def _work_off(job: str, stages: list[str]) -> str:
    engine = _running
    assert engine is not None, "workflows run only while an engine does"
    try:
        return await engine.flow(job, stages)
    except Exception:
        # A workflow that raised would not be taken up again, and its job never end.
        _log.exception("a workflow broke", job_id=job)
        return await engine.give_up(job)


def _workflow_id(job: str) -> str:
    return f"{job}.v{WORKFLOW_VERSION}"


def _encoded(error: SongreelError) -> str:
    return base64.b64encode(to_status(error).SerializeToString()).decode()


def _internal(stage: str) -> InternalError:
    return InternalError(f"songreel made a mistake in stage {stage!r}; the log says which")
