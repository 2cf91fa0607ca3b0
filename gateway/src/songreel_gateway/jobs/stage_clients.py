"""The three services that do the work, called through gRPC channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import grpc.aio
from songreel.audio.v1.audio_service_pb2 import AnalyzeRequest, AnalyzeResult
from songreel.audio.v1.audio_service_pb2_grpc import AudioServiceStub
from songreel.identity.v1.identity_service_pb2 import (
    GrantUseRequest,
    TrainAdapterRequest,
    TrainAdapterResult,
)
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.prompt.v1.prompt_service_pb2 import (
    CheckStoryboardRequest,
    CheckStoryboardResponse,
    WriteStoryboardRequest,
    WriteStoryboardResult,
)
from songreel.prompt.v1.prompt_service_pb2_grpc import PromptServiceStub
from songreel.render.v1.render_service_pb2 import (
    GetRendererRequest,
    GetRendererResponse,
    RenderRequest,
    RenderResult,
)
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import (
    Aborted,
    Busy,
    Cancelled,
    CheckpointNotFound,
    InternalError,
    ServiceUnavailable,
    SongreelError,
    from_rpc_error,
)
from songreel_kit.likeness.grants import job_sha256
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.settings import GatewaySettings

R = TypeVar("R")

_log = get_logger(__name__)

# What time may mend. A stage answers CANCELLED to a call that we did not cancel
# only when its server stops.
_TRANSIENT = (ServiceUnavailable, Busy, Aborted, Cancelled)

_LONGEST_PAUSE = 15.0

_UNARY_SECONDS = 120.0


@dataclass(frozen=True)
class Targets:
    """gRPC targets of the stages."""

    audio: str
    prompt: str
    render: str
    identity: str

    @classmethod
    def all(cls, target: str) -> Targets:
        """One server that has all stages."""
        return cls(target, target, target, target)

    @classmethod
    def configured(cls, settings: GatewaySettings) -> Targets:
        """The targets that the settings name."""
        return cls(
            settings.audio_target,
            settings.prompt_target,
            settings.render_target,
            settings.identity_target,
        )


class Listener(Protocol):
    """Hears how a stage comes along."""

    async def progress(self, progress: Progress) -> bool:
        """Takes a report; True when the stage has come further than ever before."""
        ...

    async def plan(self, plan: Artifact) -> None:
        """The render plan was stored."""
        ...

    async def contact_sheet(self, sheet: Artifact) -> None:
        """The stills of the scenes were drawn, before the frames."""
        ...


class Stages:
    """Calls the stages; what is transient is tried again, a bounded number of times."""

    def __init__(self, targets: Targets, settings: GatewaySettings) -> None:
        """Opens a channel per target. Needs the running event loop."""
        self._settings = settings
        self._channels = {
            target: open_channel(target, tls=settings.stage_tls()) for target in _distinct(targets)
        }
        self._audio: Any = AudioServiceStub(self._channels[targets.audio])
        self._prompt: Any = PromptServiceStub(self._channels[targets.prompt])
        self._render: Any = RenderServiceStub(self._channels[targets.render])
        self._identity: Any = IdentityServiceStub(self._channels[targets.identity])

    async def analyze(self, request: AnalyzeRequest, listener: Listener) -> AnalyzeResult:
        """Hears the song."""
        return await self._follow("audio", lambda: self._audio.Analyze(request), listener)

    async def write_storyboard(
        self, request: WriteStoryboardRequest, listener: Listener
    ) -> WriteStoryboardResult:
        """Writes a storyboard."""
        return await self._follow("prompt", lambda: self._prompt.WriteStoryboard(request), listener)

    async def check_storyboard(self, request: CheckStoryboardRequest) -> CheckStoryboardResponse:
        """Reads a storyboard that a person edited."""
        return await self._ask(
            "prompt", lambda: self._prompt.CheckStoryboard(request, timeout=_UNARY_SECONDS)
        )

    async def train_adapter(
        self, request: TrainAdapterRequest, listener: Listener
    ) -> TrainAdapterResult:
        """Learns a person, or finds that they were learnt before."""
        return await self._follow(
            "identity", lambda: self._identity.TrainAdapter(request), listener
        )

    async def checkpoint(self, name: str, storyboard: Artifact) -> GetRendererResponse:
        """The checkpoint that a storyboard will be drawn with. Raises `CheckpointNotFound`."""
        request = GetRendererRequest(checkpoint=name, storyboard=storyboard)
        response = await self._ask(
            "render", lambda: self._render.GetRenderer(request, timeout=_UNARY_SECONDS)
        )
        if response.checkpoint_problem:
            raise CheckpointNotFound(response.checkpoint_problem)
        return response

    async def render(
        self, request: RenderRequest, listener: Listener, identity: str = ""
    ) -> RenderResult:
        """Draws the video; every attempt that shows a person has a grant of its own.

        Args:
            request: whose settings may name an adapter of `identity`.
            listener: hears how it comes along.
            identity: name of the person whom the video shows.
        """

        async def allow() -> None:
            for lora in request.settings.loras:
                if lora.adapter_sha256:
                    asked = GrantUseRequest(
                        identity=identity,
                        adapter_sha256=lora.adapter_sha256,
                        job_sha256=job_sha256(request),
                    )
                    given = await self._identity.GrantUse(asked, timeout=_UNARY_SECONDS)
                    lora.grant = given.grant

        return await self._follow("render", lambda: self._render.Render(request), listener, allow)

    async def close(self) -> None:
        """Closes the channels."""
        for channel in self._channels.values():
            await channel.close()

    async def _follow(
        self,
        service: str,
        begin: Callable[[], Any],
        listener: Listener,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> Any:
        """The result of a streaming call, begun again while that makes sense.

        `before` is done before each beginning.
        """
        patience = _Patience(service, self._settings)

        async def once() -> Any:
            result: Any = None
            if before is not None:
                await before()
            call = begin()
            try:
                async with aclosing(self._events(service, call)) as events:
                    async for event in events:
                        result = await _heard(event, listener, patience) or result
            finally:
                call.cancel()  # no effect on a call that has ended
            if result is None:
                raise InternalError(f"the {service} service ended its answer without a result")
            return result

        return await patience.attempt(once)

    async def _events(self, service: str, call: Any) -> AsyncGenerator[Any]:
        messages = aiter(call)
        while True:
            try:
                async with asyncio.timeout(self._settings.stall_seconds):
                    message = await anext(messages)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise ServiceUnavailable(
                    f"the {service} service has sent nothing for "
                    f"{self._settings.stall_seconds:.0f} s"
                ) from error
            yield message

    async def _ask(self, service: str, begin: Callable[[], Awaitable[R]]) -> R:
        async def once() -> R:
            return await begin()

        return await _Patience(service, self._settings).attempt(once)


class _Patience:
    """How often one stage of one job is called again."""

    def __init__(self, service: str, settings: GatewaySettings) -> None:
        self._service = service
        self._settings = settings
        self._failures = 0

    def restore(self) -> None:
        """The stage has come further: what went wrong before no longer counts."""
        self._failures = 0

    async def attempt(self, once: Callable[[], Awaitable[R]]) -> R:
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
        if self._failures >= self._settings.retries:
            raise ServiceUnavailable(
                f"the {self._service} service could not be reached in "
                f"{self._failures + 1} attempts: {error.message}",
                service=self._service,
            ) from error
        seconds = min(_LONGEST_PAUSE, self._settings.retry_seconds * 2**self._failures)
        self._failures += 1
        _log.warning(
            "a stage is called again",
            service=self._service,
            failures=self._failures,
            pause=seconds,
            problem=error.message,
        )
        await asyncio.sleep(seconds)


async def _heard(event: Any, listener: Listener, patience: _Patience) -> Any:
    """Hands on a stage's event; the result if it is one, else None."""
    match event.WhichOneof("event"):
        case "progress":
            if await listener.progress(event.progress):
                patience.restore()
        case "plan":
            await listener.plan(event.plan)
        case "contact_sheet":
            await listener.contact_sheet(event.contact_sheet)
        case "result":
            return event.result
        case _:
            pass  # something that a newer service sends besides
    return None


def _distinct(targets: Targets) -> list[str]:
    return list(dict.fromkeys((targets.audio, targets.prompt, targets.render, targets.identity)))
