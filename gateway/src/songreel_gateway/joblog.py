"""Writes one stage of one job into the job's log while the stage is at work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel.v1.media_pb2 import Media

from songreel_gateway.database import microseconds
from songreel_gateway.jobs import Job
from songreel_gateway.ledger import Ledger
from songreel_gateway.library import Library
from songreel_gateway.progress import Meter, Throttle, Timeline
from songreel_gateway.settings import GatewaySettings

# How the media that a job makes are called, after the song's own name.
_ENDINGS = {
    "analysis": ".analysis.json",
    "plot": ".analysis.png",
    "storyboard": ".storyboard.yaml",
    "plan": ".plan.json",
    "timeline": ".timeline.png",
    "contact_sheet": ".storyboard.png",
    "video": ".mp4",
}
_VIDEO_ENDINGS = {"video/webm": ".webm", "image/webp": ".webp"}


class JobEnded(Exception):  # noqa: N818 - it is news, not an error
    """The job has ended meanwhile: it was cancelled, here or by another process."""


class JobLog:
    """Progress, and what was made, from one attempt at one stage."""

    def __init__(
        self,
        job: Job,
        stages: Sequence[str],
        ledger: Ledger,
        library: Library,
        settings: GatewaySettings,
    ) -> None:
        self._job = job
        self._ledger = ledger
        self._library = library
        self._meter = Meter(job.progress, Timeline(stages), job.stage)
        self._events = job.events
        self.media = job.progress.media
        job.progress.attempt = job.attempt
        self._throttle = Throttle(
            settings.event_seconds,
            settings.max_events,
            age=(microseconds() - job.created) / 1e6,
        )

    async def begin(self) -> None:
        """Writes that the stage has begun. Raises `JobEnded`."""
        await self._write()

    async def progress(self, progress: Progress) -> bool:
        """See `stages.Listener.progress`. Raises `JobEnded`."""
        grown = self._meter.report(progress)
        if self._throttle.allows(self._events):
            await self._write()
        return grown

    async def plan(self, plan: Artifact) -> None:
        """See `stages.Listener.plan`. Raises `JobEnded`."""
        await self.keep("plan", plan)
        await self._write()

    async def contact_sheet(self, sheet: Artifact) -> None:
        """See `stages.Listener.contact_sheet`. Raises `JobEnded`."""
        await self.keep("contact_sheet", sheet)
        await self._write()

    async def keep(self, part: str, artifact: Artifact, song: str = "") -> Media | None:
        """Gives the project a media that the job made; written with the next event.

        Args:
            part: Field of `VideoMedia`.
            artifact: None is kept when it is unset.
            song: File name of the song, after which the media is called.
        """
        if not artifact.sha256:
            return None
        stem = PurePath(song).stem or self._job.video or "song"
        ending = _VIDEO_ENDINGS.get(artifact.media_type, _ENDINGS[part])
        media = await self._library.add(self._job.project, artifact, stem + ending)
        setattr(self.media, part, media.name)
        return media

    async def complete(self) -> None:
        """Writes that the stage is done. Raises `JobEnded`."""
        self._meter.complete()
        await self._write()

    async def _write(self) -> None:
        self._events += 1
        if not await self._ledger.record(self._job.id, self._meter.metadata):
            raise JobEnded
