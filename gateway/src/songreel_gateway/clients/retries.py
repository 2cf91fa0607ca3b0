"""How often a call of a stage's service is made again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import grpc.aio
from songreel_kit.backoff import Backoff
from songreel_kit.errors import (
    Aborted,
    Busy,
    Cancelled,
    ServiceUnavailable,
    SongreelError,
    from_rpc_error,
)
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.settings import GatewaySettings

R = TypeVar("R")

_log = get_logger(__name__)

# What time may mend. A stage answers CANCELLED to a call that we did not cancel
# only when its server stops.
_TRANSIENT = (ServiceUnavailable, Busy, Aborted, Cancelled)

_LONGEST_PAUSE = 15.0


class Retries:
    """How often one stage of one job is called again."""

    def __init__(self, service: str, settings: GatewaySettings) -> None:
        self._service = service
        self._settings = settings
        self._backoff = Backoff(settings.retry_seconds, _LONGEST_PAUSE)

    def restore(self) -> None:
        """The stage has come further: what went wrong before no longer counts."""
        self._backoff.reset()

    async def attempt(self, once: Callable[[], Awaitable[R]]) -> R:
        """The result of `once`, which is done again after what time may mend.

        Raises the typed error of what it does not mend, or `ServiceUnavailable`.
        """
        while True:
            try:
                return await once()
            except grpc.aio.AioRpcError as error:
                typed = from_rpc_error(error)
            except ServiceUnavailable as error:
                typed = error
            await self._pause(typed)

    async def _pause(self, error: SongreelError) -> None:
        if not isinstance(error, _TRANSIENT):
            raise error
        if self._backoff.failures >= self._settings.retries:
            raise ServiceUnavailable(
                f"the {self._service} service could not be reached in "
                f"{self._backoff.failures + 1} attempts: {error.message}",
                service=self._service,
            ) from error
        seconds = self._backoff.next_pause()
        _log.warning(
            "a stage is called again",
            service=self._service,
            failures=self._backoff.failures,
            pause=seconds,
            problem=error.message,
        )
        await asyncio.sleep(seconds)
