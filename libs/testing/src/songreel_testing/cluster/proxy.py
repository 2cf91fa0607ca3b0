"""A TCP proxy on loopback that can break or stall connections."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class TcpProxy:
    """Forwards connections to a port on loopback, and simulates faults of the network.

    `reset` breaks connections and refuses new ones; `stall` keeps them open without passing
    on a byte, as a network partition does; `restore` ends both.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def start(self) -> None:
        """Listens, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def reset(self) -> None:
        """Resets all connections and refuses new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Holds back all bytes; connections stay open and neither side is told."""
        self._flowing.clear()

    async def restore(self) -> None:
        """Accepts connections again; stalled ones are broken, as their bytes are lost."""
        if not self._flowing.is_set():
            for writer in list(self._writers):
                writer.transport.abort()
            self._flowing.set()
        if self._server is None:
            await self.start()

    async def close(self) -> None:
        """Breaks all connections and stops listening."""
        await self.reset()
        for pipe in list(self._pipes):
            pipe.cancel()
        if self._pipes:
            await asyncio.wait(self._pipes)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._flowing.wait()
            there_reader, there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(there)
        for source, sink in ((reader, there), (there_reader, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while data := await source.read(65536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        self._writers.discard(sink)
        sink.close()
