"""Real artifact stores and real gRPC servers on loopback, for tests of every package."""

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
    """A local artifact store below the test's folder."""
    return LocalArtifactStore(tmp_path / "artifacts")


@asynccontextmanager
async def serving(
    *services: Service, settings: ServerSettings | None = None
) -> AsyncGenerator[grpc.aio.Channel]:
    """A channel to a server on a free loopback port, with the interceptors of a real one."""
    async with serving_at(*services, settings=settings) as (_, channel):
        yield channel


@asynccontextmanager
async def serving_at(
    *services: Service, settings: ServerSettings | None = None
) -> AsyncGenerator[tuple[RunningServer, grpc.aio.Channel]]:
    """As `serving`, and the server itself."""
    async with (
        running_server(services, settings) as server,
        open_channel(server.address) as channel,
    ):
        yield server, channel


class CaughtError(Generic[E]):
    """The error that a call failed with, set when the `expect_error` block ends."""

    error: E

    @property
    def message(self) -> str:
        """The message as the client received it."""
        return self.error.message


@contextmanager
def expect_error(error_class: type[E]) -> Generator[CaughtError[E]]:
    """Asserts that a call in the block fails over gRPC with exactly this class of error.

    `with expect_error(NotAudio) as caught: await stub.Method(...)`
    """
    caught: CaughtError[E] = CaughtError()
    try:
        yield caught
    except grpc.RpcError as failure:
        error = from_rpc_error(failure)
        assert type(error) is error_class, f"expected {error_class.__name__}, got {error!r}"
        caught.error = cast("E", error)
    else:
        raise AssertionError(f"expected {error_class.__name__}, but the call went well")


async def wait_until(condition: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Waits until `condition()` is true. Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not true within {seconds} s"
        await asyncio.sleep(0.002)


async def collect(call: Any) -> list[Any]:
    """Reads a response stream to its end."""
    return [message async for message in call]
