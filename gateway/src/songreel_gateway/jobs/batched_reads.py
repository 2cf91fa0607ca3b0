"""Jobs read for many at once: one question to the database for all who ask meanwhile."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from songreel_kit.database.database import Database

from songreel_gateway.db.tables import jobs
from songreel_gateway.jobs.job import Job, job_of

# Questions under way at once: one that hangs does not hold up the others.
_AT_ONCE = 2
# From the beginning of a question to that of the next. A question costs as much as
# several calls, and whoever comes meanwhile shares it.
_PACE_SECONDS = 0.004
_MOST = 200


class BatchedReads:
    """Finds jobs by their ids.

    Whoever asks while all questions are under way is part of the next one, so nobody is told
    what was true before they asked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, asyncio.Future[Job | None]] = {}
        self._asking = 0
        self._next = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, job: str) -> Job | None:
        """The job as it is, not to be changed; None when there is none.

        Raises `ServiceUnavailable` when the database is away.
        """
        answer = self._waiting.get(job)
        if answer is None:
            answer = self._waiting[job] = asyncio.get_running_loop().create_future()
        if self._asking < _AT_ONCE:
            self._asking += 1
            task = asyncio.create_task(self._ask())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(answer)

    async def _ask(self) -> None:
        try:
            await self._ask_for_all()
        finally:
            # At once with the last look at who waits, so that nobody comes in between.
            self._asking -= 1

    async def _ask_for_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if (early := self._next - loop.time()) > 0:
                await asyncio.sleep(early)
                continue
            self._next = loop.time() + _PACE_SECONDS
            asked = {job: self._waiting.pop(job) for job in list(self._waiting)[:_MOST]}
            try:
                found = await self._database.read(lambda c, ids=tuple(asked): _found(c, ids))
            except BaseException as error:
                for answer in asked.values():
                    answer.set_exception(error)
                    answer.exception()  # seen: all who asked may be gone
                if not isinstance(error, Exception):
                    raise
            else:
                for job, answer in asked.items():
                    answer.set_result(found.get(job))


# Built once: to put them together anew costs as much as to ask.
_ONE = sa.select(jobs).where(jobs.c.id == sa.bindparam("asked"))
_SOME = sa.select(jobs).where(jobs.c.id.in_(sa.bindparam("asked", expanding=True)))


def _found(connection: sa.Connection, ids: tuple[str, ...]) -> dict[str, Job]:
    if len(ids) == 1:
        rows = connection.execute(_ONE, {"asked": ids[0]})
    else:
        rows = connection.execute(_SOME, {"asked": ids})
    return {row.id: job_of(row) for row in rows}
