"""Writes one stage of one job into the job's log while the stage is at work."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel.v1.media_pb2 import Media
from songreel.v1.video_service_pb2 import JobMetadata
from songreel_kit.artifacts.containers import video_extension
from songreel_kit.database.times import microseconds
from songreel_kit.errors import ServiceUnavailable, SongreelError
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.clients.retries import Reason, Turn
from songreel_gateway.jobs.job import Job, Wait
from songreel_gateway.jobs.job_rows import open_row
from songreel_gateway.jobs.leases import LeaseLost
from songreel_gateway.jobs.progress import EventThrottle, StageProgress, Timeline
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.jobs.turns.turns import Turns
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.settings import GatewaySettings

_log = get_logger(__name__)


class JobEnded(Exception):  # noqa: N818 - it is news, not an error
    """The job has ended meanwhile: it was cancelled, here or by another process."""


class JobLog:
    """Progress, and what was made, from one attempt at one stage."""

    def __init__(
        self,
        job: Job,
        timeline: Timeline,
        artifacts: Mapping[str, str],
        jobs: JobRepository,
        media: MediaRepository,
        settings: GatewaySettings,
        turns: Turns,
    ) -> None:
        """Begins an attempt at the job's present stage.

        Args:
            job: Whose log it is; its progress is changed in place.
            timeline: Of the job's stages.
            artifacts: What the stage may make; see `Stage.artifacts`.
            jobs: Where its events are written.
            media: Where the media that the stage makes are added.
            settings: How often and how many events are written.
            turns: At the services.
        """
        self._job = job
        self._artifacts = artifacts
        self._jobs = jobs
        self._media = media
        self._turns = turns
        self._progress = StageProgress(job.progress, timeline, job.stage)
        self._events = job.events
        self._writing = asyncio.Lock()
        self._unwritten = False
        self._trailing: asyncio.Task[None] | None = None
        self._wait: Wait | None = None
        self._born = job.created
        self._longest_wait = settings.waiting_age_seconds
        self._most_events = settings.max_events
        self.media = job.progress.media
        job.progress.attempt = job.attempt
        self._throttle = EventThrottle(
            settings.event_seconds,
            settings.max_events,
            age=(microseconds() - job.created) / 1e6,
        )

    async def begin(self) -> None:
        """Writes that the stage has begun. Raises `JobEnded`."""
        await self._write()

    async def progress(self, progress: Progress) -> bool:
        """See `stage_clients.Listener.progress`. Raises `JobEnded`."""
        grown = self._progress.report(progress)
        self._unwritten = True
        waited, self._wait = self._wait is not None, None
        if waited or self._throttle.allows(self._events):
            await self._write()
        elif self._trailing is None:
            self._trailing = asyncio.create_task(self._write_last())
        return grown

    async def turn(self, service: str) -> Turn:
        """See `stage_clients.Listener.turn`. Raises as `waits`."""
        return await self._turns.begin(service, self._job, self.waits)

    async def waits(self, service: str, why: Reason) -> None:
        """See `retries.Waiter.waits`. Raises `ServiceUnavailable`, `JobEnded`."""
        if microseconds() - self._born > self._longest_wait * 1e6:
            raise ServiceUnavailable(
                f"the {service} service was {why} until the job was older than "
                f"{self._longest_wait / 3600:g} h: ask for it again when there is room",
                service=service,
            )
        if self._wait == (wait := Wait(service, why)):
            return
        self._wait = wait
        self._progress.wait_for(service)
        if self._events < self._most_events:
            await self._write()

    async def artifact(self, part: str, artifact: Artifact) -> None:
        """See `stage_clients.Listener.artifact`. Raises `JobEnded`."""
        if part in self._artifacts:
            self._wait = None
            self._progress.go_on()
            await self.keep(part, artifact)
            await self._write()

    async def keep_all(self, result: Any, song: str) -> None:
        """Keeps all artifacts of the stage, fields of its result."""
        for part in self._artifacts:
            await self.keep(part, getattr(result, part), song)

    async def keep(self, part: str, artifact: Artifact, song: str = "") -> Media | None:
        """Gives the project a media that the job made; written with the next event.

        Raises `JobEnded`: nothing is added for a job that is cancelled, or erased.

        Args:
            part: Field of `VideoMedia`.
            artifact: None is kept when it is unset.
            song: File name of the song, after which the media is called.
        """
        if not artifact.sha256:
            return None
        stem = PurePath(song).stem or self._job.video or "song"
        ending = video_extension(artifact.media_type) or self._artifacts[part]
        media = await self.add(artifact, stem + ending)
        setattr(self.media, part, media.name)
        return media

    async def add(self, artifact: Artifact, name: str) -> Media:
        """Gives the project a media that the job made. Raises `JobEnded`, as `keep` does."""
        return await self._media.database.write(
            lambda connection: self._put(connection, artifact, name)
        )

    def _put(self, connection: sa.Connection, artifact: Artifact, name: str) -> Media:
        if open_row(connection, self._job.id) is None:
            raise JobEnded
        return self._media.put(connection, self._job.project, artifact, name)

    async def complete(self) -> None:
        """Writes that the stage is done. Raises `JobEnded`."""
        self._wait = None
        self._progress.complete()
        await self._write()

    async def close(self) -> None:
        """Ends with the attempt: from here on nothing is written."""
        if self._trailing is not None:
            self._trailing.cancel()
            await asyncio.wait({self._trailing})

    async def _write_last(self) -> None:
        """Writes the report that came too soon after another, unless one more comes in time.

        So whoever watches a stage that pauses sees how far it really is.
        """
        try:
            while self._unwritten:
                pause = self._throttle.pause(self._events)
                if pause == math.inf:
                    return
                await asyncio.sleep(pause)
                if self._unwritten and self._throttle.allows(self._events):
                    await self._write()
        except (JobEnded, LeaseLost):
            pass  # the attempt itself hears of it at its next word
        except SongreelError as error:
            _log.warning("progress could not be written", problem=error.message)
        finally:
            self._trailing = None

    async def _write(self) -> None:
        async with self._writing:
            self._unwritten = False
            self._events += 1
            # A copy: the next report may change it while a thread writes it.
            progress = JobMetadata()
            progress.CopyFrom(self._progress.metadata)
            if not await self._jobs.record(self._job.id, progress, self._wait):
                raise JobEnded
