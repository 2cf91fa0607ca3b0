"""Rates of accounts: a token bucket each, and a count of calls under way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from songreel_kit.errors import RateLimited

BURST_SECONDS = 10.0
"""Seconds of calls that a full bucket holds."""

_MOST_BUCKETS = 10_000


@dataclass
class _Bucket:
    level: float
    at: float


class Rates:
    """The buckets of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._under_way: Counter[str] = Counter()

    def take(self, account: str, per_minute: int) -> None:
        """Counts one call. Raises `RateLimited` with the time until the next may come."""
        now, rate = self._clock(), per_minute / 60.0
        full = max(1.0, rate * BURST_SECONDS)
        bucket = self._buckets.get(account)
        if bucket is None:
            self._make_room(now)
            bucket = self._buckets[account] = _Bucket(full, now)
        bucket.level = min(full, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.level < 1.0:
            raise limited(
                f"more than {per_minute} calls in a minute: call less often",
                (1.0 - bucket.level) / rate,
            )
        bucket.level -= 1.0

    @contextmanager
    def under_way(self, account: str, most: int) -> Generator[None]:
        """Counts a call while it lasts. Raises `RateLimited`."""
        if self._under_way[account] >= most:
            raise limited(f"{most} calls are under way: end some before you begin others", 1.0)
        self._under_way[account] += 1
        try:
            yield
        finally:
            self._under_way[account] -= 1
            if not self._under_way[account]:
                del self._under_way[account]

    def _make_room(self, now: float) -> None:
        """Forgets accounts without recent calls: their buckets are full again."""
        if len(self._buckets) < _MOST_BUCKETS:
            return
        old = [name for name, each in self._buckets.items() if now - each.at > 60.0]
        # All are busy: the oldest goes, and gains a full bucket by that.
        for name in old or [min(self._buckets, key=lambda name: self._buckets[name].at)]:
            del self._buckets[name]


def limited(message: str, seconds: float) -> RateLimited:
    """The error, with the seconds until a retry can succeed."""
    error = RateLimited(message)
    error.retry_seconds = max(0.001, seconds)
    return error
