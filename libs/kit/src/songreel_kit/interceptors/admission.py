"""How many calls are under way, and which are turned away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from songreel_kit.errors import (
    Busy,
    ServiceUnavailable,
)
from songreel_kit.interceptors.chain import Call, Interceptor
from songreel_kit.work import no_work_left


class InFlight(Interceptor):
    """Counts the calls under way, so that a stop can wait for them.

    grpc.aio itself does not wait for handlers whose status was sent already. A call
    is over when its threads are, too.
    """

    def __init__(self) -> None:
        self._idle = asyncio.Event()
        self._idle.set()
        self.count = 0
        """Calls under way, health and reflection not counted."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Counts the call."""
        if call.plumbing:
            yield
            return
        self.count += 1
        self._idle.clear()
        try:
            async with no_work_left():
                yield
        finally:
            self.count -= 1
            if self.count == 0:
                self._idle.set()

    async def wait_idle(self) -> None:
        """Returns when no call is under way."""
        await self._idle.wait()


class Admission(Interceptor):
    """Turns calls away beyond a limit, and health watchers when the server stops."""

    def __init__(self, in_flight: InFlight, limit: int | None = None) -> None:
        self._in_flight = in_flight
        self._limit = limit
        self._plumbing: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Raises `Busy` over the limit, `ServiceUnavailable` in a watch at the stop."""
        if not call.plumbing:
            self._admit()
            yield
            return
        watch = asyncio.timeout(None)
        self._plumbing.add(watch)
        try:
            async with watch:
                yield
        except TimeoutError as error:
            if not watch.expired():
                raise
            raise ServiceUnavailable("the server is stopping") from error
        finally:
            self._plumbing.discard(watch)

    def end_plumbing(self) -> None:
        """Ends health watches and reflection, which would never end by themselves."""
        now = asyncio.get_running_loop().time()
        for watch in tuple(self._plumbing):
            watch.reschedule(now)

    def _admit(self) -> None:
        if self._limit is not None and self._in_flight.count > self._limit:
            raise Busy(
                f"{self._limit} calls are under way, as many as this server takes: "
                "ask again a little later",
                limit=str(self._limit),
            )
