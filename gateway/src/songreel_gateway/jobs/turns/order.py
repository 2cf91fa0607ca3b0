"""In which order waiting jobs have their turns at a service: fair between projects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds

from songreel_gateway.db.tables import jobs, turns
from songreel_gateway.jobs.job import JobState


@dataclass(frozen=True)
class WaitingJob:
    """A job that waits for a service."""

    id: str
    project: str
    preview: bool
    created: int
    """Microseconds since 1970."""


def fair_order(
    waiting: Iterable[WaitingJob], working: Mapping[str, int], taken: Mapping[str, int]
) -> list[str]:
    """The ids of the waiting jobs, the next one first.

    Previews go before all others. Then a project's first waiting job counts as many as the
    project has at work, its second one more, and so on; the least go first. Among equals the
    project goes first whose last turn was longest ago.

    Args:
        waiting: The jobs.
        working: Project -> its jobs at work.
        taken: Project -> when it had its last turn.
    """
    ahead = Counter(working)
    keyed: list[tuple[bool, int, int, int, str]] = []
    for job in sorted(waiting, key=lambda each: (not each.preview, each.created, each.id)):
        last = taken.get(job.project, 0)
        keyed.append((not job.preview, ahead[job.project], last, job.created, job.id))
        ahead[job.project] += 1
    return [job for *_, job in sorted(keyed)]


async def order_at(database: Database, service: str) -> list[str]:
    """The jobs of all gateways that wait for a service, the next one first."""
    waits = sa.and_(jobs.c.state == JobState.RUNNING, jobs.c.waiting_for == service)
    works = sa.and_(jobs.c.state == JobState.RUNNING, jobs.c.waiting_for == "")

    def transaction(connection: sa.Connection) -> list[str]:
        columns = (jobs.c.id, jobs.c.project, jobs.c.preview, jobs.c.created)
        found = connection.execute(sa.select(*columns).where(waits))
        waiting = [WaitingJob(*row) for row in found]
        counted = sa.select(jobs.c.project, sa.func.count()).where(works).group_by(jobs.c.project)
        working = {row[0]: int(row[1]) for row in connection.execute(counted)}
        last = sa.select(turns.c.project, turns.c.taken).where(turns.c.service == service)
        taken = {row.project: int(row.taken) for row in connection.execute(last)}
        return fair_order(waiting, working, taken)

    return await database.read(transaction)


async def take_turn(database: Database, service: str, project: str) -> None:
    """Notes that the project has a turn at a service now."""

    def transaction(connection: sa.Connection) -> None:
        given = database.insert(turns).values(
            service=service, project=project, taken=microseconds()
        )
        connection.execute(
            given.on_conflict_do_update(
                index_elements=["service", "project"], set_={"taken": given.excluded.taken}
            )
        )

    await database.write(transaction)
