"""Pauses between tries: each twice as long as the one before, up to a longest."""

from __future__ import annotations

import asyncio
import random


class Backoff:
    """The pauses of one piece of work that is tried again."""

    def __init__(self, first: float, longest: float, *, jitter: bool = False) -> None:
        """Takes seconds.

        With `jitter` each pause is drawn between its half and its whole, so that many clients
        of a server that went away do not come back as one.
        """
        self._first = first
        self._longest = longest
        self._jitter = jitter
        self.failures = 0
        """Pauses since the start, or since `reset`."""

    def reset(self) -> None:
        """The work went on: the next pause is the first again."""
        self.failures = 0

    def next_pause(self) -> float:
        """Seconds to wait before the next try; counts the failure."""
        pause = min(self._longest, self._first * 2.0**self.failures)
        self.failures += 1
        return random.uniform(pause / 2.0, pause) if self._jitter else pause

    async def wait(self) -> None:
        """Waits for the next pause."""
        await asyncio.sleep(self.next_pause())
