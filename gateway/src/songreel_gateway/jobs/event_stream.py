"""Following a job's log, live, from any offset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from songreel.v1.video_service_pb2 import JobEvent
from songreel_kit.errors import InvalidRequest, ServiceUnavailable

from songreel_gateway.jobs.job import Job
from songreel_gateway.jobs.notifications import Notifications
from songreel_gateway.jobs.repository import JobRepository


class EventStream:
    """Waits for events of jobs: those who watch at the same place read together."""

    def __init__(self, jobs: JobRepository, notifications: Notifications) -> None:
        self._jobs = jobs
        self._notifications = notifications
        self._reads: dict[tuple[str, str, int, int], asyncio.Task[tuple[list[JobEvent], Job]]] = {}

    async def events(self, project: str, job: str, offset: int) -> AsyncIterator[JobEvent]:
        """The job's events from `offset` on, until the one that says `done`.

        Raises:
            OperationNotFound: There is none, or it was deleted meanwhile.
            InvalidRequest: The log does not reach so far.
            ServiceUnavailable: The server stops; go on watching where this ended.
        """
        with self._notifications.subscribed(job) as changed:
            while True:
                changed.clear()
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
                await self._wait(changed, offset)

    async def ending(self, project: str, job: str, seconds: float | None) -> Job:
        """The job when it has ended, or as it is after `seconds` (None: for ever).

        Raises `OperationNotFound`, `ServiceUnavailable` when the server stops.
        """
        found = await self._jobs.load(project, job)
        with suppress(TimeoutError), self._notifications.subscribed(job) as changed:
            async with asyncio.timeout(seconds):
                while not found.state.ended:
                    changed.clear()
                    found = await self._jobs.load(project, job)
                    if not found.state.ended:
                        await self._wait(changed, found.events)
        return found

    async def _wait(self, changed: asyncio.Event, offset: int) -> None:
        if self._notifications.closed:
            raise ServiceUnavailable(
                f"this server stops: watch on from offset {offset} at another one, or when "
                "it is back",
                offset=str(offset),
            )
        await changed.wait()

    async def _read(self, project: str, job: str, offset: int) -> tuple[list[JobEvent], Job]:
        """`JobRepository.events`, shared by all who ask the same between two notifications."""
        key = (project, job, offset, self._notifications.count)
        reading = self._reads.get(key)
        if reading is None:
            reading = asyncio.create_task(self._jobs.events(project, job, offset))
            self._reads[key] = reading
            reading.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(reading)

    def _forget(self, key: tuple[str, str, int, int], reading: asyncio.Task[Any]) -> None:
        del self._reads[key]
        if not reading.cancelled():
            reading.exception()  # seen: all who asked may be gone
