"""A client and its server, found or started."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self, TypeVar

from songreel.v1.video_service_pb2 import JobEvent
from songreel_kit.backoff import Backoff
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import Cancelled, ServiceUnavailable

from songreel_app.server.client import Client
from songreel_app.server.embedded import LOG_NAME, EmbeddedServer, ensure_server
from songreel_app.server.remote import remote_client
from songreel_app.server.target import ServerTarget

T = TypeVar("T")

PROJECT = "local"
# A server that keeps ending at the same place will not get further.
REVIVALS = 3
FIRST_WAIT_SECONDS = 0.5
LAST_WAIT_SECONDS = 8.0


class Session:
    """Talks to `--server`, or to the embedded server of the data folder.

    The embedded server is started when none runs and stopped at the end unless
    it was there before. When it ends in the middle it is started again: jobs
    are durable, so nothing finished is done twice.
    """

    def __init__(self, target: ServerTarget) -> None:
        self._target = target
        self._remote = target.server
        self._embedded: EmbeddedServer | None = None
        self._client: Client | None = None
        self._connection = AsyncExitStack()
        self._backoff = Backoff(FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS)

    @property
    def address(self) -> str:
        """`host:port` of the server."""
        if self._remote is not None:
            return self._remote
        return self._embedded.address if self._embedded is not None else ""

    @property
    def started_here(self) -> bool:
        """Whether the server was started for this session."""
        return self._embedded is not None and self._embedded.child is not None

    @property
    def client(self) -> Client:
        """The client of the present connection."""
        if self._client is None:
            raise RuntimeError("the session is not open")
        return self._client

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._disconnect()

    async def call(self, request: Callable[[Client], Awaitable[T]]) -> T:
        """Makes an idempotent call; the embedded server is started again if it ends."""
        while True:
            try:
                return await request(self.client)
            except ServiceUnavailable as error:
                # The channel has retried by itself already.
                if self._remote is not None:
                    raise self._unreachable(error) from error
                await self._revive(error)

    async def watch(self, name: str) -> AsyncIterator[JobEvent]:
        """All events of a job, each once, whatever happens to the connection."""
        offset = 0
        while True:
            try:
                async for event in self.client.watch_once(name, offset):
                    offset = event.offset + 1
                    self._backoff.reset()
                    yield event
                    if event.done:
                        return
            except (ServiceUnavailable, Cancelled) as error:
                # A server that stops cancels what it streams.
                await self._revive(error)

    async def _revive(self, error: Exception) -> None:
        if self._backoff.failures == REVIVALS:
            raise self._unreachable(error) from error
        pause = self._backoff.next_pause()
        if self._remote is not None:
            await asyncio.sleep(pause)
            return
        await self._disconnect()
        await self._connect()

    def _unreachable(self, error: Exception) -> ServiceUnavailable:
        if self._remote is not None:
            return ServiceUnavailable(
                f"no songreel server answers at {self._remote} ({error});"
                " check the address and that `songreel up` runs there"
            )
        return ServiceUnavailable(
            f"the embedded server ended {REVIVALS + 1} times without progress"
            f" ({error}); see {self._target.data / LOG_NAME}, then run the same command again"
        )

    async def _connect(self) -> None:
        if self._remote is not None:
            opening = remote_client(self._remote, PROJECT)
            self._client = await self._connection.enter_async_context(opening)
            return
        self._embedded = await ensure_server(self._target)
        channel = await self._connection.enter_async_context(open_channel(self.address))
        self._client = Client(channel, project=PROJECT)

    async def _disconnect(self) -> None:
        self._client = None
        embedded, self._embedded = self._embedded, None
        await self._connection.aclose()
        if embedded is not None:
            await embedded.stop()
