"""Audit of calls: counts by key, day, method and status.

No names, addresses, file names or contents: misuse shows without them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import sqlalchemy as sa
from songreel_kit.database.database import Database
from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.access.quotas import day
from songreel_gateway.access.shared_rates import forget_old
from songreel_gateway.db.access_tables import access_events, access_use

_log = get_logger(__name__)

_COLUMNS = ("day", "project", "key", "method", "code")

Entry = tuple[int, str, str, str, str]
"""Day, project, key, method, code."""


class UseLog:
    """Counts calls and stores the counts periodically."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._calls: Counter[Entry] = Counter()

    def count(self, project: str, key: str, method: str, code: str) -> None:
        """Counts a call that has ended."""
        self._calls[(day(), project, key, method[:128], code)] += 1

    async def keep(self, seconds: float) -> None:
        """Stores the counts periodically, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            await self.write()

    async def write(self) -> None:
        """Adds the counts since the last flush to the database, or keeps them for the next one."""
        calls, self._calls = self._calls, Counter()
        if not calls:
            return

        def transaction(connection: sa.Connection) -> None:
            # In one order, so that concurrent replicas do not deadlock.
            for entry, number in sorted(calls.items()):
                given = self._database.insert(access_use).values(
                    **dict(zip(_COLUMNS, entry, strict=True)), calls=number
                )
                connection.execute(
                    given.on_conflict_do_update(
                        index_elements=list(_COLUMNS),
                        set_={"calls": access_use.c.calls + given.excluded.calls},
                    )
                )

            forget_old(connection)

        try:
            await self._database.write(transaction)
        except SongreelError as error:
            self._calls.update(calls)
            _log.warning("counts of calls not stored, kept for later", problem=error.message)


def use_of(connection: sa.Connection, days: int, project: str = "") -> list[sa.Row[Any]]:
    """Counts of the last days, newest first."""
    chosen = sa.select(access_use).where(access_use.c.day > day() - days)
    if project:
        chosen = chosen.where(access_use.c.project == project)
    order = (access_use.c.day.desc(), *(access_use.c[name] for name in _COLUMNS[1:]))
    return list(connection.execute(chosen.order_by(*order)))


def events_of(connection: sa.Connection, since: int, project: str = "") -> list[sa.Row[Any]]:
    """Operators' actions since then (microseconds since 1970), oldest first."""
    chosen = sa.select(access_events).where(access_events.c.at >= since)
    if project:
        chosen = chosen.where(access_events.c.project == project)
    return list(connection.execute(chosen.order_by(access_events.c.id)))
