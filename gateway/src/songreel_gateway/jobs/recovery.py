"""Takes up jobs that were left behind by a gateway that died, hangs or made a mistake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dbos import error as dbos_error
from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.logging import get_logger
from sqlalchemy.exc import SQLAlchemyError

from songreel_gateway.jobs import dbos_executor
from songreel_gateway.jobs.leases import Lease
from songreel_gateway.jobs.repository import JobRepository

_log = get_logger(__name__)

_SWEEPS = 4
"""Looks for dead replicas within the time of a lease."""

_SWEEP_SECONDS = 5.0

_ROUND = 4
"""Sweeps between two looks at all open jobs."""

AdoptJob = Callable[[str, str | None], Awaitable[None]]
"""Called with the id of an open job and the state of its workflow, which works on it no more."""


class JobRecovery:
    """Finds dead replicas and abandoned jobs, sweep by sweep."""

    def __init__(
        self,
        jobs: JobRepository,
        lease: Lease | None,
        lost: asyncio.Event,
        seconds: float,
        working: Callable[[], set[str]],
        adopt: AdoptJob,
    ) -> None:
        """The recovery of one replica.

        Args:
            jobs: Where they are stored.
            lease: This replica's; None where the database is nobody else's.
            lost: Set when the lease is lost.
            seconds: How long a lease lasts.
            working: The workflows that this process works on.
            adopt: Takes up a job that nobody works on.
        """
        self._jobs = jobs
        self._lease = lease
        self._lost = lost
        self._pause = seconds / _SWEEPS if lease else _SWEEP_SECONDS
        self._working = working
        self._adopt = adopt
        self._suspects: set[str] = set()
        self._sweeps = 0

    async def watch(self) -> None:
        """Sweeps until the lease is lost."""
        sweeping = asyncio.create_task(self._sweep_for_ever())
        try:
            await self._lost.wait()
        finally:
            sweeping.cancel()
            await asyncio.wait({sweeping})

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            try:
                await self.sweep()
            except (SongreelError, SQLAlchemyError, dbos_error.DBOSException) as error:
                # The next one comes; whoever could not see the database did no harm.
                _log.warning("a sweep failed", problem=str(error))

    async def sweep(self) -> None:
        """Takes up what the dead left, then what was forgotten by anybody."""
        # In this order: an executor that begins something in between has its lease already.
        begun = await dbos_executor.begun()
        if self._lease is not None:
            living = await self._lease.living()
            dead = {each for each in begun if each not in living}
            if dead:
                _log.warning("taking up the jobs of dead replicas", replicas=sorted(dead))
                await dbos_executor.take_over(dead)
        await self._put_back_strays(begun)
        if self._sweeps % _ROUND == 0:
            await self._adopt_lost()
        self._sweeps += 1

    async def _put_back_strays(self, begun: dict[str, set[str]]) -> None:
        """Workflows that count as begun here while nothing works on them.

        The connection broke between the queue's claim and its answer, for example.
        """
        if self._lease is None:
            return
        idle = begun.get(self._lease.id, set()) - self._working()
        for workflow in idle & self._suspects:
            _log.warning("a workflow had been forgotten", workflow=workflow)
            await dbos_executor.put_back(workflow)
        # One that was only just claimed is innocent: it is looked at again the next time.
        self._suspects = idle - self._suspects

    async def _adopt_lost(self) -> None:
        """Jobs without a workflow that could end them.

        Their process died, or its database went away, between writing and enqueueing.
        """
        open_jobs = await self._jobs.unfinished()
        states = await dbos_executor.states_of(open_jobs)
        for job in open_jobs:
            state = states.get(job)
            if state not in dbos_executor.UNDER_WAY:
                await self._adopt(job, state)
