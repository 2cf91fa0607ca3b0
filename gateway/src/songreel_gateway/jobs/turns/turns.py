"""Turns of jobs at services that may be full: one job of a gateway asks at a time.

Nothing waits inside a service: a call that finds no room is refused, and the job waits in the
job table. Whoever has its turn asks all processes of the service until one has room; then the
next one has its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from songreel_kit.database.database import Database
from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.logging import get_logger
from sqlalchemy.exc import SQLAlchemyError

from songreel_gateway.clients.retries import Reason
from songreel_gateway.jobs.job import Job
from songreel_gateway.jobs.turns.order import order_at, take_turn

_log = get_logger(__name__)

_REST_SECONDS: Final = 0.25
"""After all processes of a service were full, until they are asked again."""

_LATE_SECONDS: Final = 1.0
"""A service that has not refused a call by then has room for it."""

_OTHERS_SECONDS: Final = 1.5
"""How long the first job of another gateway may keep the others waiting: it may be dead."""

_AGE_SECONDS: Final = 60.0
"""How often a job that has no turn looks whether it is too old."""


class Turn:
    """One job's turn at a service."""

    def __init__(self, line: _Line, project: str) -> None:
        self._line = line
        self._project = project
        self._over = False
        self._late = asyncio.get_running_loop().call_later(_LATE_SECONDS, self.end)

    async def accept(self) -> None:
        """The service has room for the job: the next one may ask."""
        # Before the next one asks, so that it knows.
        await self._line.taken(self._project)
        self.end()

    def refuse(self, why: Reason) -> None:
        """The service has no room, or is away."""
        self._line.rest(why)
        self.end()

    def end(self) -> None:
        """The call is over, or no longer in anybody's way."""
        self._late.cancel()
        if not self._over:
            self._over = True
            self._line.asked()


class _Line:
    """The jobs of this gateway that wait for their turns at one service."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._begun: set[str] = set()
        self._free = asyncio.Event()
        self._free.set()
        self._ready_at = 0.0
        self._moving: asyncio.Task[None] | None = None
        self.why = Reason.FULL

    @property
    def open(self) -> bool:
        """Whether nobody waits, nobody asks, and nobody was just refused."""
        rested = asyncio.get_running_loop().time() >= self._ready_at
        return self._free.is_set() and not self._waiting and rested

    def ask(self, project: str) -> Turn:
        """Begins a turn."""
        self._free.clear()
        return Turn(self, project)

    async def taken(self, project: str) -> None:
        """Notes that the project had a turn."""
        # Fairness is not truth: no job fails by it.
        with suppress(SongreelError, SQLAlchemyError):
            await take_turn(self._database, self._service, project)

    def asked(self) -> None:
        """The turn is over."""
        self._free.set()

    def rest(self, why: Reason) -> None:
        """Asks nobody for a moment."""
        self.why = why
        self._ready_at = asyncio.get_running_loop().time() + _REST_SECONDS

    async def wait(self, job: str, note: Callable[[], Awaitable[None]]) -> None:
        """Waits until it is the job's turn, which is taken then."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[job] = turn
        self._begun.discard(job)
        self._keep_moving()
        try:
            while not (await asyncio.wait({turn}, timeout=_AGE_SECONDS))[0]:
                await note()
                self._keep_moving()
        except BaseException:
            if turn.done():
                self.asked()
            raise
        finally:
            if self._waiting.get(job) is turn:
                del self._waiting[job]

    def _keep_moving(self) -> None:
        if self._moving is None:
            self._moving = asyncio.create_task(self._move())

    async def _move(self) -> None:
        """Gives turns as long as somebody waits."""
        loop = asyncio.get_running_loop()
        idle_since = loop.time()
        try:
            while self._waiting:
                await self._free.wait()
                await asyncio.sleep(max(0.0, self._ready_at - loop.time()))
                try:
                    order = await order_at(self._database, self._service)
                except (SongreelError, SQLAlchemyError) as error:
                    _log.warning("the waiting jobs cannot be read", problem=str(error))
                    order = []
                if not self._waiting or not self._free.is_set():
                    continue
                # Whoever has begun here may not have written it down yet.
                self._begun &= set(order)
                order = [job for job in order if job not in self._begun]
                chosen = next((job for job in order if job in self._waiting), None)
                others = bool(order) and order[0] != chosen
                if others and loop.time() - idle_since < _OTHERS_SECONDS:
                    await asyncio.sleep(_REST_SECONDS)
                    continue
                idle_since = loop.time()
                chosen = chosen or next(iter(self._waiting))
                self._begun.add(chosen)
                turn = self._waiting.pop(chosen)
                if not turn.done():
                    self._free.clear()
                    turn.set_result(None)
        finally:
            self._moving = None


class Turns:
    """The lines of all services."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lines: dict[str, _Line] = {}

    async def begin(
        self, service: str, job: Job, waits: Callable[[str, Reason], Awaitable[None]]
    ) -> Turn:
        """The job's turn at a service, from the moment it may ask; end it.

        Args:
            service: Its name.
            job: Who asks.
            waits: Notes in the job table that it waits; raises when it is too old.
        """
        line = self._lines.setdefault(service, _Line(self._database, service))
        if not line.open:
            await waits(service, line.why)
            await line.wait(job.id, lambda: waits(service, line.why))
        return line.ask(job.project)
