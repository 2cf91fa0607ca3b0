"""Erasing videos: what shows a person leaves database and artifact store at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from songreel.render.v1.render_service_pb2 import EraseRenderRequest
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import JobEvent, JobMetadata
from songreel_kit.artifacts.documents import MEDIA_TYPE as DOCUMENT
from songreel_kit.artifacts.garbage import erase, unbind_all
from songreel_kit.artifacts.store import ArtifactStore, make_artifact
from songreel_kit.database.database import Database
from songreel_kit.errors import OperationNotFound, VideoNotFound
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.api.resource_names import parse_media
from songreel_gateway.clients.services import RENDER
from songreel_gateway.db.tables import job_events, jobs, videos
from songreel_gateway.jobs import dbos_executor
from songreel_gateway.jobs.job import JobKind
from songreel_gateway.jobs.repository import JobRepository
from songreel_gateway.jobs.runner import JobRunner
from songreel_gateway.media.deletion import (
    Deleted,
    delete_video,
    delete_with_media,
    hashes_in,
    still_held,
)
from songreel_gateway.settings import GatewaySettings

_log = get_logger(__name__)


@dataclass(frozen=True)
class _Shown:
    """A video that shows a person, and all plans that it was drawn from."""

    project: str
    id: str
    """Empty for a film: an operation made it from such a video."""
    jobs: list[str]
    plans: list[str]
    """SHA-256 of each."""


@dataclass(frozen=True)
class VideoEraser:
    """Erases videos by the identity that their jobs used."""

    settings: GatewaySettings
    database: Database
    store: ArtifactStore
    jobs: JobRepository
    runner: Callable[[], Awaitable[JobRunner]]

    async def erase(self, project: str, identity: str) -> int:
        """Erases every video of the project that shows the person.

        Asked again after an error, it goes on where it was.

        Args:
            project: Its id.
            identity: Name of the identity.

        Returns:
            How many videos were erased.

        Raises `ServiceUnavailable` when the renderer or the database is away.
        """
        runner = await self.runner()
        shown = await self.database.read(lambda c: _shown(c, project, identity))
        for each in shown:
            await self._stop(each, runner)
        gone: set[str] = set()
        for each in shown:
            gone |= await self._delete(each, runner)
        if shown:
            await asyncio.to_thread(self._remove, gone)
            _log.info("videos of a person erased", project=project, videos=len(shown))
        return len(shown)

    async def _stop(self, shown: _Shown, runner: JobRunner) -> None:
        """Ends its jobs and erases what was drawn, while its plans are known."""
        for job in shown.jobs:
            with suppress(OperationNotFound):
                await runner.cancel(await self.jobs.load(shown.project, job))
        for plan in shown.plans:
            request = EraseRenderRequest(plan=make_artifact(plan, DOCUMENT, 0))
            await runner.clients.ask(RENDER, "EraseRender", request)

    async def _delete(self, shown: _Shown, runner: JobRunner) -> set[str]:
        """Deletes it from the database; SHA-256 of the artifacts that nobody has any more."""

        def transaction(connection: sa.Connection) -> tuple[Deleted, set[str]]:
            try:
                deleted = (
                    delete_video(connection, shown.project, shown.id)
                    if shown.id
                    else delete_with_media(connection, shown.project, shown.jobs[0])
                )
            except VideoNotFound:
                deleted = Deleted([], [])
            return deleted, still_held(connection, deleted.media)

        deleted, kept = await self.database.write(transaction)
        for job in deleted.jobs:
            await runner.forget(job)
        return set(deleted.media) - kept

    def _remove(self, hashes: set[str]) -> None:
        """Leaves nothing of these artifacts, nor of what was deleted from the databases."""
        unbind_all(self.store, hashes)
        erase(self.store, hashes)
        self.database.forget()
        dbos_executor.forget(self.settings)


def _shown(connection: sa.Connection, project: str, identity: str) -> list[_Shown]:
    """The videos of the person, and before them the films that were made from them.

    A media goes with the last one that uses it: the youngest is first.
    """
    found, pictures = _videos_of(connection, project, identity)
    scores = sa.select(jobs).where(jobs.c.project == project, jobs.c.kind == JobKind.SCORE)
    for row in connection.execute(scores.order_by(jobs.c.created)):
        if pictures & hashes_in(row.request):
            found.append(_Shown(project, "", [row.id], []))
            film = JobMetadata.FromString(row.progress).media.video
            pictures |= {parse_media(film)[1]} if film else set()
    return found[::-1]


def _videos_of(
    connection: sa.Connection, project: str, identity: str
) -> tuple[list[_Shown], set[str]]:
    """The videos, and SHA-256 of their files."""
    found: list[_Shown] = []
    files: set[str] = set()
    for row in connection.execute(sa.select(videos).where(videos.c.project == project)):
        video = Video.FromString(row.video)
        if video.identity.name != identity:
            continue
        files |= {parse_media(video.media.video)[1]} if video.media.video else set()
        plans = {video.media.plan}
        made = sa.select(jobs).where(jobs.c.project == project, jobs.c.video == row.id)
        ids = [job.id for job in connection.execute(made)]
        logs = sa.select(job_events.c.event).where(job_events.c.job.in_(ids))
        for event in connection.execute(logs).scalars():
            plans.add(JobEvent.FromString(event).metadata.media.plan)
        hashes = sorted(parse_media(plan)[1] for plan in plans if plan)
        found.append(_Shown(project, row.id, ids, hashes))
    return found, files
