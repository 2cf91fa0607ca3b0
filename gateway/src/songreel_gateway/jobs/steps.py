"""The steps of a job's workflow: one for each stage, and its ending."""

from __future__ import annotations

import asyncio
import base64
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dbos import DBOS
from google.rpc import status_pb2
from songreel.v1.video_pb2 import Video
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.database.database import Database
from songreel_kit.errors import InternalError, SongreelError, to_status
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.clients.stage_clients import StageClients
from songreel_gateway.jobs.event_log import JobEnded, JobLog
from songreel_gateway.jobs.job import Ending, Job, JobState, job_span
from songreel_gateway.jobs.job_rows import ended_of
from songreel_gateway.jobs.leases import LeaseLost
from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.jobs.pipeline import Pipeline, kept_storyboard, packed
from songreel_gateway.jobs.progress import Timeline
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.jobs.stages.outcomes import Outcomes
from songreel_gateway.jobs.stages.stage import StageRun
from songreel_gateway.jobs.turns.turns import Turns
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.metrics import STAGE_SECONDS
from songreel_gateway.settings import GatewaySettings

_log = get_logger(__name__)

SUSPEND_SECONDS = 3.0
"""What it takes to suspend a job while the database is away."""


@dataclass(frozen=True)
class RunnerDependencies:
    """What working on jobs needs."""

    settings: GatewaySettings
    database: Database
    notifications: Notifications
    store: ArtifactStore
    clients: StageClients
    pipeline: Pipeline


class JobSteps:
    """Does the steps of workflows, under one lease."""

    def __init__(
        self, dependencies: RunnerDependencies, jobs: JobRepository, media: MediaRepository
    ) -> None:
        self._dependencies = dependencies
        self._jobs = jobs
        self._media = media
        self._turns = Turns(dependencies.database)
        self._working: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def run(self, job: str, stages: list[str]) -> str:
        """All steps of a job, each as a step of DBOS. Returns the state in which the job ended."""
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

    def cancel(self, job: str) -> None:
        """Stops what this process does for the job."""
        work = self._working.get(job)
        if work is not None:
            work.cancel()

    async def stage(self, job: str, stage: str, done: Outcomes) -> dict[str, Any]:
        """A step: does a stage. Raises nothing but cancellation of the whole workflow.

        Returns:
            {"result": the stage's outcome}, {"error": a Status in base64}, or
            {"ended": True} when the job was cancelled.
        """
        work = asyncio.create_task(self._one_stage(job, stage, done))
        self._working[job] = work
        try:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look_for_endings())
            await asyncio.wait({work})
            return {"ended": True} if work.cancelled() else work.result()
        except asyncio.CancelledError:
            with suppress(LeaseLost, TimeoutError):
                async with asyncio.timeout(SUSPEND_SECONDS):
                    await self._jobs.suspend(job, stage)
            raise
        finally:
            del self._working[job]
            work.cancel()
            await asyncio.wait({work})

    async def finish(self, job: str, done: Outcomes, error: str) -> str:
        """A step: writes the job's ending. Returns the state it ended in."""
        found = await self._jobs.find(job)
        if found is None or found.state.ended:
            return "" if found is None else found.state
        with job_span("finish", found):
            return await self._finish(found, done, error)

    async def _finish(self, found: Job, done: Outcomes, error: str) -> str:
        if error:
            status = status_pb2.Status.FromString(base64.b64decode(error))
            ending = Ending(JobState.FAILED, status)
            _log.warning("job failed", problem=status.message)
        else:
            kept = kept_storyboard(found, done)
            pipeline = self._dependencies.pipeline
            response = await pipeline.response_of(found, self._media, done, kept)
            progress = found.progress
            progress.stage, progress.step, progress.fraction = "done", "", 1.0
            video = response if isinstance(response, Video) else None
            ending = Ending(JobState.SUCCEEDED, packed(response), progress, video, kept)
            _log.info("job succeeded")
        await self._jobs.finish(found.id, ending)
        return ending.state

    async def give_up(self, job: str) -> str:
        """Ends a job whose workflow broke by a mistake of ours."""
        error = InternalError("the job's workflow broke off; the log says why. Ask for it again")
        await self._jobs.finish(job, Ending(JobState.FAILED, to_status(error)))
        return JobState.FAILED

    async def _look_for_endings(self) -> None:
        """Cancels the work on jobs that another process has ended: one question for all."""
        database = self._dependencies.database
        try:
            while self._working:
                await asyncio.sleep(self._dependencies.settings.poll_seconds)
                try:
                    working = list(self._working)
                    ended = await database.read(lambda c, ids=working: ended_of(c, ids))
                except SongreelError as error:
                    _log.warning("endings cannot be looked for", problem=error.message)
                    continue
                for job in ended:
                    self.cancel(job)
        finally:
            self._looking = None

    async def _one_stage(self, job: str, stage: str, done: Outcomes) -> dict[str, Any]:
        began = time.monotonic()
        try:
            outcome = {"result": await self._attempt(job, stage, done)}
        except JobEnded:
            outcome = {"ended": True}
        except LeaseLost:
            # Somebody else works on the job. This attempt must come to no end, not even a
            # bad one; the runner will suspend it.
            return await asyncio.get_running_loop().create_future()
        except SongreelError as error:
            outcome = {"error": _encoded(error)}
        except Exception:
            _log.exception("a stage broke", stage=stage)
            outcome = {"error": _encoded(_internal(stage))}
        seconds = time.monotonic() - began
        STAGE_SECONDS.labels(stage=stage, outcome=next(iter(outcome))).observe(seconds)
        return outcome

    async def _attempt(self, job: str, stage: str, done: Outcomes) -> dict[str, Any]:
        settings = self._dependencies.settings
        begun = await self._jobs.begin_stage(job, stage)
        if begun is None:
            raise JobEnded
        if begun.attempt > settings.max_attempts:
            raise InternalError(
                f"the process died {settings.max_attempts} times in stage {stage!r}; "
                "the job is given up: look for lack of memory, and make the video smaller"
            )
        _log.info("stage begins", stage=stage, attempt=begun.attempt)
        needs = self._dependencies
        chosen = needs.pipeline.stage(stage)
        timeline = Timeline({each.name: each.weight for each in needs.pipeline.stages_of(begun)})
        log = JobLog(
            begun, timeline, chosen.artifacts, self._jobs, self._media, settings, self._turns
        )
        try:
            await log.begin()
            run = StageRun(begun, log, needs.clients, self._media, needs.store, done)
            return await needs.pipeline.run(chosen, run)
        finally:
            await log.close()


def _encoded(error: SongreelError) -> str:
    return base64.b64encode(to_status(error).SerializeToString()).decode()


def _internal(stage: str) -> InternalError:
    return InternalError(f"songreel made a mistake in stage {stage!r}; the log says which")
