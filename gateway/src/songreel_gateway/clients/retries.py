"""When a call of a stage's service is made again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final, Protocol, TypeVar

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

from songreel_gateway.metrics import STAGE_RETRIES
from songreel_gateway.settings import GatewaySettings

R = TypeVar("R")

_log = get_logger(__name__)

TRANSIENT: Final = (ServiceUnavailable, Busy, Aborted, Cancelled)
"""What time may mend. A stage answers CANCELLED to a call that we did not cancel only when
its server stops."""

_LONGEST_PAUSE: Final = 5.0

_FULL_PAUSE: Final = 1.0
"""Longest pause before a service that is full is asked again, so that none is idle for long."""

_ATTEMPTS: Final = 8
"""Of calls for which somebody waits."""


class Reason(StrEnum):
    """Why a service does not do its work now."""

    AWAY = "away"
    FULL = "full"


class Waiter(Protocol):
    """A job that waits for services."""

    async def waits(self, service: str, why: Reason) -> None:
        """Notes it. Raises a typed error when the job has waited long enough."""
        ...


class Turn(Protocol):
    """A job's turn to ask a service that may be full."""

    async def accept(self) -> None:
        """The service has room."""
        ...

    def refuse(self, why: Reason) -> None:
        """The service has none, or is away."""
        ...

    def end(self) -> None:
        """The call is over."""
        ...


class Retries:
    """Calls one service again: for ever for a job that waits, else a number of times."""

    def __init__(
        self,
        service: str,
        settings: GatewaySettings,
        waiter: Waiter | None = None,
        *,
        in_turns: bool = False,
    ) -> None:
        """`in_turns`: a service that is full is asked again when it is the waiter's turn."""
        self._service = service
        self._settings = settings
        self._waiter = waiter
        self._in_turns = in_turns
        self._backoff = Backoff(settings.retry_seconds, _LONGEST_PAUSE, jitter=True)

    def restore(self) -> None:
        """The stage has come further: what went wrong before no longer counts."""
        self._backoff.reset()

    async def attempt(self, once: Callable[[], Awaitable[R]]) -> R:
        """The result of `once`, which is done again after what time may mend.

        Raises the typed error of what it does not mend, the waiter's, or
        `ServiceUnavailable`.
        """
        while True:
            try:
                return await once()
            except grpc.aio.AioRpcError as error:
                typed = from_rpc_error(error)
            except TRANSIENT as error:
                typed = error
            await self._pause(typed)

    async def _pause(self, error: SongreelError) -> None:
        if not isinstance(error, TRANSIENT):
            raise error
        # A stage may have called another service, which its error names.
        service = error.metadata.get("service", self._service)
        why = Reason.FULL if isinstance(error, Busy) else Reason.AWAY
        if self._waiter is not None:
            await self._waiter.waits(service, why)
        elif self._backoff.failures + 1 >= _ATTEMPTS:
            raise ServiceUnavailable(
                f"the {service} service could not be reached in {_ATTEMPTS} attempts: "
                f"{error.message}",
                service=service,
            ) from error
        seconds = self._backoff.next_pause()
        if why is Reason.FULL:
            seconds = 0.0 if self._in_turns else min(seconds, _FULL_PAUSE)
        STAGE_RETRIES.labels(service=service, why=why).inc()
        _log.info(
            "a stage is called again",
            service=service,
            failures=self._backoff.failures,
            pause=seconds,
            problem=error.message,
        )
        await asyncio.sleep(seconds)
