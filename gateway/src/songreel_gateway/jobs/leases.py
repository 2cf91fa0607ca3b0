"""Leases: which gateways are at work on a shared database.

Each holds a row that it renews; by the database's clock, so that no other clock counts.
One that is silent for too long loses its row, and with it the right to write into jobs:
every such transaction looks for the row first. So a process that was stopped (SIGSTOP)
or cut off, and comes back after others took up its jobs, changes nothing any more.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from songreel_kit.database.database import Database
from songreel_kit.errors import SongreelError
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.db.tables import replicas

_log = get_logger(__name__)

_BEATS = 5
"""Beats in a lease: four may fail before it runs out."""


class LeaseLost(Exception):  # noqa: N818 - it is news, not an error
    """Others have taken up this replica's jobs."""


class Lease:
    """One gateway's place among the replicas, from `take` on."""

    def __init__(self, database: Database, name: str, seconds: float) -> None:
        """`name` begins the id, which is new for every lease."""
        self.id = f"{name[:100]}.{uuid.uuid4().hex[:12]}"
        self._database = database
        self._duration = timedelta(seconds=seconds)
        self._over = threading.Event()

    async def take(self) -> None:
        """Begins the lease."""
        await self._database.write(
            lambda connection: connection.execute(
                sa.insert(replicas).values(id=self.id, expires=self._end())
            )
        )

    def beat(self, lost: Callable[[], None]) -> None:
        """Begins to renew the lease until `release`; `lost` is called if it is lost.

        In a thread of its own, which also calls `lost`: a busy event loop is no dead one.
        """
        threading.Thread(
            target=self._beat, args=(lost,), name="songreel-lease", daemon=True
        ).start()

    def renew(self) -> bool:
        """Goes on; False when it is lost. Raises `ServiceUnavailable`."""

        def transaction(connection: sa.Connection) -> bool:
            changed = connection.execute(
                sa.update(replicas).where(replicas.c.id == self.id).values(expires=self._end())
            )
            return changed.rowcount == 1

        return self._database.run(transaction)

    async def release(self) -> None:
        """Ends it: the others may take up the jobs at once."""
        self._over.set()
        await self._database.write(
            lambda connection: connection.execute(
                sa.delete(replicas).where(replicas.c.id == self.id)
            )
        )

    def check(self, connection: sa.Connection) -> None:
        """Raises `LeaseLost`; else the lease lasts at least to the transaction's end."""
        mine = sa.select(replicas.c.id).where(replicas.c.id == self.id)
        held = connection.execute(mine.with_for_update(read=True, key_share=True))
        if held.one_or_none() is None:
            raise LeaseLost

    async def living(self) -> set[str]:
        """Ends what ran out and gives the ids of all that go on."""

        def transaction(connection: sa.Connection) -> set[str]:
            # One that somebody holds a lock on is in the middle of a transaction: later.
            over = (
                sa.select(replicas.c.id)
                .where(replicas.c.expires < sa.func.clock_timestamp())
                .with_for_update(skip_locked=True)
            )
            connection.execute(sa.delete(replicas).where(replicas.c.id.in_(over)))
            return set(connection.execute(sa.select(replicas.c.id)).scalars())

        return await self._database.write(transaction)

    def _end(self) -> sa.ColumnElement[object]:
        return sa.func.clock_timestamp() + self._duration

    def _beat(self, lost: Callable[[], None]) -> None:
        while not self._over.wait(self._duration.total_seconds() / _BEATS):
            try:
                if self.renew():
                    continue
            except SongreelError as error:
                _log.warning("a lease could not be renewed", replica=self.id, problem=error.message)
                continue
            if not self._over.is_set():
                _log.warning("others have taken up this replica's jobs", replica=self.id)
                lost()
            return
