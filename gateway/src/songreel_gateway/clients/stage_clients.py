"""Calls of the stages' services; what is transient is tried again, as long as a job waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, Protocol

import grpc.aio
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import Busy, InternalError, ServiceUnavailable, from_rpc_error

from songreel_gateway.clients.retries import TRANSIENT, Reason, Retries, Turn, Waiter
from songreel_gateway.clients.services import StageService, Targets
from songreel_gateway.settings import GatewaySettings

_ROUNDS = 2
"""How often a process that is full is asked again before it is believed."""

UNARY_SECONDS = 120.0
"""Time limit of calls that are not streamed."""


class Listener(Waiter, Protocol):
    """Receives what a stage sends before its result."""

    async def turn(self, service: str) -> Turn:
        """Waits until the job may ask the service."""
        ...

    async def progress(self, progress: Progress) -> bool:
        """Takes a report; True when the stage has come further than ever before."""
        ...

    async def artifact(self, part: str, artifact: Artifact) -> None:
        """Takes an artifact that is there before the others, such as the render plan.

        Args:
            part: Name of its field in the event.
            artifact: Where it is stored.
        """
        ...


class StageClients:
    """Stubs of the stages' services, and how they are called."""

    def __init__(
        self, services: Iterable[StageService], targets: Targets, settings: GatewaySettings
    ) -> None:
        """Opens a channel per target. Needs the running event loop."""
        self._settings = settings
        chosen = {service: targets.of(service) for service in services}
        self._channels = {
            target: open_channel(target, tls=settings.stage_tls(), headers=targets.headers)
            for target in dict.fromkeys(chosen.values())
        }
        self._stubs: dict[StageService, Any] = {
            service: service.stub(self._channels[target]) for service, target in chosen.items()
        }

    async def close(self) -> None:
        """Closes the channels."""
        for channel in self._channels.values():
            await channel.close()

    async def ask(
        self, service: StageService, method: str, request: Any, waiter: Waiter | None = None
    ) -> Any:
        """The response of a unary call, which is made again as long as the waiter waits.

        Without a waiter it is made again for about half a minute.
        """

        async def once() -> Any:
            return await self.ask_once(service, method, request)

        return await Retries(service.name, self._settings, waiter).attempt(once)

    async def ask_once(self, service: StageService, method: str, request: Any) -> Any:
        """The response of a unary call. Raises typed errors, which name the service."""
        try:
            return await getattr(self._stubs[service], method)(request, timeout=UNARY_SECONDS)
        except grpc.aio.AioRpcError as error:
            typed = from_rpc_error(error)
            typed.metadata.setdefault("service", service.name)
            raise typed from error

    async def follow(
        self,
        service: StageService,
        method: str,
        request: Any,
        listener: Listener,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> Any:
        """The result of a streaming call, begun again as long as the listener waits.

        Args:
            service: Who is called.
            method: Name of the method. Its events have the fields `progress` and `result`;
                artifacts in other fields go to the listener.
            request: What is sent, as it is when an attempt begins.
            listener: Receives the events.
            before: Done before each attempt.
        """
        retries = Retries(service.name, self._settings, listener, in_turns=True)

        async def at_one_process(turn: Turn) -> Any:
            result: Any = None
            if before is not None:
                await before()
            call = getattr(self._stubs[service], method)(request)
            accepted = False
            try:
                async with aclosing(self._events(service, call)) as events:
                    async for event in events:
                        if not accepted:
                            accepted = True
                            await turn.accept()
                        result = await _received(event, listener, retries) or result
            finally:
                call.cancel()  # no effect on a call that has ended
            if result is None:
                raise InternalError(
                    f"the {service.name} service ended its response without a result"
                )
            return result

        async def once() -> Any:
            turn = await listener.turn(service.name)
            try:
                return await _at_free_process(lambda: at_one_process(turn), turn)
            finally:
                turn.end()

        return await retries.attempt(once)

    async def _events(self, service: StageService, call: Any) -> AsyncGenerator[Any]:
        messages = aiter(call)
        while True:
            try:
                async with asyncio.timeout(self._settings.stall_seconds):
                    message = await anext(messages)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise ServiceUnavailable(
                    f"the {service.name} service has sent nothing for "
                    f"{self._settings.stall_seconds:.0f} s"
                ) from error
            yield message


async def _at_free_process(ask: Callable[[], Awaitable[Any]], turn: Turn) -> Any:
    """The result of the first process of a service that has room.

    Every call goes to another one, as the channel balances them. Raises `Busy` when one that
    was asked before, twice, has still no room.
    """
    refusals: Counter[str] = Counter()
    while True:
        try:
            return await ask()
        except grpc.aio.AioRpcError as error:
            typed = from_rpc_error(error)
        except ServiceUnavailable as error:
            typed = error
        if not isinstance(typed, Busy):
            if isinstance(typed, TRANSIENT):
                turn.refuse(Reason.AWAY)
            raise typed
        process = typed.metadata.get("process", "")
        refusals[process] += 1
        if not process or refusals[process] > _ROUNDS:
            turn.refuse(Reason.FULL)
            raise typed


async def _received(event: Any, listener: Listener, retries: Retries) -> Any:
    """Hands on an event of a stage; the result if it is one, else None."""
    field = event.WhichOneof("event")
    if field == "result":
        return event.result
    if field == "progress":
        if await listener.progress(event.progress):
            retries.restore()
    elif field is not None and isinstance(getattr(event, field), Artifact):
        await listener.artifact(field, getattr(event, field))
    # Else it is something that a newer service sends besides.
    return None
