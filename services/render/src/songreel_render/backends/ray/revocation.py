"""Tells replicas whether an adapter may still be used; plain Python, knows nothing of Ray.

The actor lives and ends with the service, which alone hears of a withdrawal: a replica that
loses the actor stops as if the lease had ended.
"""

from __future__ import annotations

import asyncio


class RevocationActor:
    """Knows the open leases, and the calls of replicas that use them."""

    def __init__(self) -> None:
        self._leases: dict[str, dict[str, asyncio.Event]] = {}

    async def open(self, lease_id: str) -> None:
        """Open a lease; more than once does no harm."""
        self._leases.setdefault(lease_id, {})

    async def begin(self, lease_id: str, call: str) -> bool:
        """Begin a call; False means that the lease has ended and nothing may be opened."""
        calls = self._leases.get(lease_id)
        if calls is None:
            return False
        calls[call] = asyncio.Event()
        return True

    async def until_over(self, lease_id: str, call: str) -> None:
        """Wait for the end of the lease, or of the call."""
        ended = self._leases.get(lease_id, {}).get(call)
        if ended is not None:
            await ended.wait()

    async def done(self, lease_id: str, call: str) -> None:
        """End a call: the replica has wiped what it opened."""
        ended = self._leases.get(lease_id, {}).pop(call, None)
        if ended is not None:
            ended.set()

    async def close(self, lease_id: str) -> frozenset[str]:
        """End a lease; returns the calls whose replicas hold the adapter at this moment."""
        calls = self._leases.pop(lease_id, {})
        for ended in calls.values():
            ended.set()
        return frozenset(calls)
