"""What every job command does: files up, a job, files down, all shown as it goes."""

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
from songreel_kit.settings import data_folder

from songreel_app.client import Client
from songreel_app.display import Display, Standing, progress_display
from songreel_app.jobs import Arrived, Start, run_job
from songreel_app.outputs import outputs
from songreel_app.runner import Interrupts
from songreel_app.session import Session

M = TypeVar("M", bound=Message)

Downloads = list[tuple[str, Path]]
"""Media names and the files they go to."""


@dataclass(frozen=True)
class Workshop:
    """A server to work with and a user to keep informed."""

    session: Session
    display: Display
    interrupts: Interrupts

    async def upload(self, path: Path) -> str:
        """Brings a file in and returns its media name."""

        def report(done: int, size: int) -> None:
            percent = done * 100 // max(1, size)
            self.display.show(Standing(stage="upload", step=f"{path.name} {percent}%"))

        file = await asyncio.to_thread(read_local_file, path)
        media = await self.session.call(lambda client: client.upload(file, report))
        return media.name

    async def produce(
        self,
        start: Start,
        key: tuple[str | Message, ...],
        kind: type[M],
        downloads: Callable[[M], Downloads],
        arrived: Arrived | None = None,
    ) -> tuple[str, M]:
        """Runs a job, or joins it, and brings its files out; once more if they were purged.

        Args:
            start: Sends the request.
            key: What makes this job the same as an earlier one.
            kind: Message that the operation ends with.
            downloads: Which of its files go where.
            arrived: Hears what the job has made, while it runs.

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
            arrived=arrived,
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
                self.display.show(Standing(stage="download", step=goal.name, fraction=1.0))
                with results.open(goal) as file:
                    await self.session.call(partial(Client.download, name=name, target=file))


@asynccontextmanager
async def workshop(server: str | None, interrupts: Interrupts) -> AsyncGenerator[Workshop]:
    """Finds or starts the server and opens the display."""
    with progress_display() as display:
        display.show(Standing(stage="starting"))
        async with Session(data=data_folder().absolute(), server=server) as session:
            yield Workshop(session, display, interrupts)
