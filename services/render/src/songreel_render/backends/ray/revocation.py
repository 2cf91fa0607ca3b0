"""Where replicas ask whether a person may still be drawn; plain Python, knows nothing of Ray.

As an actor it is beside the service, which alone hears of a withdrawal, and ends with it:
a replica that hears no more of its desk stops as it does when it is told to.
"""

from __future__ import annotations

import asyncio


class Desk:
    """Knows which renders with people go on, and which calls of replicas draw for them."""

    def __init__(self) -> None:
        self._errands: dict[str, dict[str, asyncio.Event]] = {}

    async def open(self, errand: str) -> None:
        """A render begins; may be told more than once."""
        self._errands.setdefault(errand, {})

    async def begin(self, errand: str, call: str) -> bool:
        """A replica is about to open a parcel. False: it must not, the render is over."""
        calls = self._errands.get(errand)
        if calls is None:
            return False
        calls[call] = asyncio.Event()
        return True

    async def until_over(self, errand: str, call: str) -> None:
        """Waits for the end of the render, or of the call."""
        ended = self._errands.get(errand, {}).get(call)
        if ended is not None:
            await ended.wait()

    async def done(self, errand: str, call: str) -> None:
        """A replica holds nothing any more that it has opened in the call."""
        ended = self._errands.get(errand, {}).pop(call, None)
        if ended is not None:
            ended.set()

    async def close(self, errand: str) -> frozenset[str]:
        """A render is over; the calls whose replicas hold something at this moment."""
        calls = self._errands.pop(errand, {})
        for ended in calls.values():
            ended.set()
        return frozenset(calls)
