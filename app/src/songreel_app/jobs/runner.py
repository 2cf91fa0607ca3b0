"""The steps of every job command: upload, run, download, with progress."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from google.protobuf.message import Message
from songreel_client import read_local_file, result_of
from songreel_kit.errors import NotFound

from songreel_app.files.outputs import outputs
from songreel_app.jobs.display import Display, JobStatus, progress_display
from songreel_app.jobs.following import OnMedia, Start, run_job
from songreel_app.jobs.signals import Interrupts
from songreel_app.server.client import Client
from songreel_app.server.session import Session
from songreel_app.server.target import ServerTarget

M = TypeVar("M", bound=Message)

Downloads = list[tuple[str, Path]]
"""Media names and the files they go to."""


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs on a server and shows their progress."""

    session: Session
    display: Display
    interrupts: Interrupts

    async def upload(self, path: Path) -> str:
        """Brings a file in and returns its media name."""

        def report(done: int, size: int) -> None:
            percent = done * 100 // max(1, size)
            self.display.show(JobStatus(stage="upload", step=f"{path.name} {percent}%"))

        file = await asyncio.to_thread(read_local_file, path)
        media = await self.session.call(lambda client: client.upload(file, report))
        return media.name

    async def run(
        self,
        start: Start,
        key: tuple[str | Message, ...],
        kind: type[M],
        downloads: Callable[[M], Downloads],
        on_media: OnMedia | None = None,
    ) -> tuple[str, M]:
        """Runs a job, or joins it, and brings its files out; once more if they were purged.

        Args:
            start: Sends the request.
            key: Identifies the job: the same key joins an earlier one.
            kind: Message that the operation ends with.
            downloads: Which of its files go where.
            on_media: Called with the media that the job has made, while it runs.

        Returns:
            Name of the operation, and its result.
        """
        run = partial(
            run_job,
            self.session,
            start,
            (version("songreel"), *key),
            display=self.display,
            interrupts=self.interrupts,
            on_media=on_media,
        )
        operation = await run()
        result = result_of(operation, kind)
        try:
            await self.download(downloads(result))
        except NotFound:
            self.display.note("what was made before is no longer on the server; making it again")
            operation = await run(lost=frozenset({operation.name}))
            result = result_of(operation, kind)
            await self.download(downloads(result))
        return operation.name, result

    async def download(self, wanted: Downloads) -> None:
        """Brings files out: all of them, whole, or none."""
        with outputs() as results:
            for name, goal in wanted:
                self.display.show(JobStatus(stage="download", step=goal.name, fraction=1.0))
                with results.open(goal) as file:
                    await self.session.call(partial(Client.download, name=name, target=file))


@asynccontextmanager
async def job_runner(target: ServerTarget, interrupts: Interrupts) -> AsyncGenerator[JobRunner]:
    """Finds or starts the server and opens the display."""
    with progress_display() as display:
        display.show(JobStatus(stage="starting"))
        async with Session(target) as session:
            yield JobRunner(session, display, interrupts)
