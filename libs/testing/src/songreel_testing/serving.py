"""For tests of every package: real stores and real servers on the loopback interface."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import grpc
import grpc.aio
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import SongreelError, from_rpc_error
from songreel_kit.server.server import RunningServer, ServerSettings, running_server
from songreel_kit.server.service import Service

E = TypeVar("E", bound=SongreelError)


def temporary_store(tmp_path: Path) -> LocalArtifactStore:
    """An artifact store in a folder of the test's own."""
    return LocalArtifactStore(tmp_path / "artifacts")


@asynccontextmanager
async def serving(
    *services: Service, settings: ServerSettings | None = None
) -> AsyncGenerator[grpc.aio.Channel]:
    """A channel to a server on a free loopback port, with all that a real one has."""
    async with serving_at(*services, settings=settings) as (_, channel):
        yield channel


@asynccontextmanager
async def serving_at(
    *services: Service, settings: ServerSettings | None = None
) -> AsyncGenerator[tuple[RunningServer, grpc.aio.Channel]]:
    """The same, with the server at hand."""
    async with (
        running_server(services, settings) as server,
        open_channel(server.address) as channel,
    ):
        yield server, channel


class Caught(Generic[E]):
    """The error that a call failed with."""

    error: E

    @property
    def message(self) -> str:
        """The error's message as the client got it."""
        return self.error.message


@contextmanager
def refused(error_class: type[E]) -> Generator[Caught[E]]:
    """Expects that a call inside fails with this error, as it arrives over gRPC.

    `with refused(NotAudio) as caught: await stub.Method(...)`
    """
    caught: Caught[E] = Caught()
    try:
        yield caught
    except grpc.RpcError as failure:
        error = from_rpc_error(failure)
        assert type(error) is error_class, f"expected {error_class.__name__}, got {error!r}"
        caught.error = cast("E", error)
    else:
        raise AssertionError(f"expected {error_class.__name__}, but the call went well")


async def until(condition: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Waits for a condition; AssertionError if it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not true within {seconds} s"
        await asyncio.sleep(0.002)


async def collect(call: Any) -> list[Any]:
    """All messages of a response stream."""
    return [message async for message in call]
