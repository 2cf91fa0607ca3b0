"""Rates that all gateways on one database share.

Each account has one token bucket, in the database. A gateway takes a second's worth of calls
out of it at a time and spends them by itself, so a busy key costs it one write a second.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds

from songreel_gateway.access.rates import BURST_SECONDS, limited
from songreel_gateway.db.access_tables import rates

_LEASE_SECONDS = 1.0
_MOST_LEASES = 10_000
_DAY_MICROSECONDS = 24 * 3600 * 1_000_000


@dataclass
class _Lease:
    """Calls that this gateway has taken out of an account's bucket."""

    left: int = 0
    empty_until: int = 0
    """Before this, in microseconds since 1970, the bucket is empty."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class SharedRates:
    """The shared buckets, as one gateway uses them.

    No window of time admits more than the burst and the rate, and a second's worth of calls
    for every gateway.
    """

    def __init__(self, database: Database, clock: Callable[[], int] = microseconds) -> None:
        """`clock` gives microseconds since 1970."""
        self._database = database
        self._clock = clock
        self._leases: OrderedDict[str, _Lease] = OrderedDict()

    async def take(self, account: str, per_minute: int) -> None:
        """Counts one call.

        Raises:
            RateLimited: With the time until the next may come.
            ServiceUnavailable: The database is unreachable.
        """
        lease = self._lease(account)
        if lease.left < 1:
            async with lease.turn:  # one asks, the others wait for what it gets
                if lease.left < 1:
                    await self._refill(lease, account, per_minute)
        lease.left -= 1

    def _lease(self, account: str) -> _Lease:
        lease = self._leases.get(account)
        if lease is None:
            lease = self._leases[account] = _Lease()
            if len(self._leases) > _MOST_LEASES:
                self._leases.popitem(last=False)
        self._leases.move_to_end(account)
        return lease

    async def _refill(self, lease: _Lease, account: str, per_minute: int) -> None:
        message = f"more than {per_minute} calls in a minute: call less often"
        now = self._clock()
        if now < lease.empty_until:
            # Callers that ignore the refusal cost the database nothing.
            raise limited(message, (lease.empty_until - now) / 1e6)
        granted, seconds = await self._database.write(
            lambda connection: _taken(self._database, connection, account, per_minute, now)
        )
        if not granted:
            lease.empty_until = now + round(seconds * 1e6)
            raise limited(message, seconds)
        lease.left += granted


def _taken(
    database: Database, connection: sa.Connection, account: str, per_minute: int, now: int
) -> tuple[int, float]:
    """How many calls were taken out of the bucket; if none, the seconds until there is one."""
    rate = per_minute / 60.0
    full = max(1.0, rate * BURST_SECONDS)
    row = rates.c.account == account
    new = database.insert(rates).values(account=account, level=full, at=now)
    connection.execute(new.on_conflict_do_nothing())
    # Locked where the database knows row locks: gateways take one after the other.
    found = connection.execute(sa.select(rates.c.level, rates.c.at).where(row).with_for_update())
    level, at = found.one()
    now = max(now, at)  # clocks of machines differ
    level = min(full, level + (now - at) / 1e6 * rate)
    granted = min(math.floor(level), max(1, round(rate * _LEASE_SECONDS)))
    connection.execute(sa.update(rates).where(row).values(level=level - granted, at=now))
    return granted, (1.0 - level) / rate


def forget_old(connection: sa.Connection) -> None:
    """Removes buckets not used for a day: they are full again."""
    connection.execute(sa.delete(rates).where(rates.c.at < microseconds() - _DAY_MICROSECONDS))
