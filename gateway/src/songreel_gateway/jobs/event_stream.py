"""Following a job's log, live, from any offset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from songreel.v1.video_service_pb2 import JobEvent
from songreel_kit.errors import InvalidRequest, ServiceUnavailable

from songreel_gateway.jobs.job import Job
from songreel_gateway.jobs.notifications import Bells
from songreel_gateway.jobs.repository import Ledger


class Watching:
    """Waits for news of jobs: those who watch at the same place read together."""

    def __init__(self, ledger: Ledger, bells: Bells) -> None:
        self._ledger = ledger
        self._bells = bells
        self._reads: dict[tuple[str, str, int, int], asyncio.Task[tuple[list[JobEvent], Job]]] = {}

    async def events(self, project: str, job: str, offset: int) -> AsyncIterator[JobEvent]:
        """The job's events from `offset` on, until the one that says `done`.

        Raises:
            OperationNotFound: There is none, or it was deleted meanwhile.
            InvalidRequest: The log does not reach so far.
            ServiceUnavailable: The server stops; go on watching where this ended.
        """
        with self._bells.listening(job) as news:
            while True:
                news.clear()
                events, found = await self._read(project, job, offset)
                if not 0 <= offset <= found.events:
                    raise InvalidRequest(
                        f"the offset {offset} is outside of the job's {found.events} events",
                        field="offset",
                    )
                for event in events:
                    yield event
                    offset = event.offset + 1
                if offset < found.events:
                    continue
                if found.state.ended:
                    return
                await self._news(news, offset)

    async def ending(self, project: str, job: str, seconds: float | None) -> Job:
        """The job when it has ended, or as it is after `seconds` (None: for ever).

        Raises `OperationNotFound`, `ServiceUnavailable` when the server stops.
        """
        found = await self._ledger.load(project, job)
        with suppress(TimeoutError), self._bells.listening(job) as news:
            async with asyncio.timeout(seconds):
                while not found.state.ended:
                    news.clear()
                    found = await self._ledger.load(project, job)
                    if not found.state.ended:
                        await self._news(news, found.events)
        return found

    async def _news(self, news: asyncio.Event, offset: int) -> None:
        if self._bells.closed:
            raise ServiceUnavailable(
                f"this server stops: watch on from offset {offset} at another one, or when "
                "it is back",
                offset=str(offset),
            )
        await news.wait()

    async def _read(self, project: str, job: str, offset: int) -> tuple[list[JobEvent], Job]:
        """`Ledger.events`, shared by all who ask the same between two rings."""
        key = (project, job, offset, self._bells.rings)
        reading = self._reads.get(key)
        if reading is None:
            reading = asyncio.create_task(self._ledger.events(project, job, offset))
            self._reads[key] = reading
            reading.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(reading)

    def _forget(self, key: tuple[str, str, int, int], reading: asyncio.Task[Any]) -> None:
        del self._reads[key]
        if not reading.cancelled():
            reading.exception()  # seen: all who asked may be gone
