"""A bare grpc.aio server that answers two methods of the public API from memory.

It is the upper bound for a gateway: no interceptors, no parsing of names, no database.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
from google.longrunning.operations_pb2 import Operation
from google.longrunning.operations_pb2_grpc import (
    OperationsServicer,
    add_OperationsServicer_to_server,
)
from songreel.v1.video_service_pb2 import WatchOperationResponse
from songreel.v1.video_service_pb2_grpc import (
    VideoServiceServicer,
    add_VideoServiceServicer_to_server,
)


class _Operations(OperationsServicer):
    def __init__(self, answer: Operation) -> None:
        self._answer = answer

    async def GetOperation(self, request: Any, context: Any) -> Operation:
        """The same answer every time."""
        return self._answer


class _Videos(VideoServiceServicer):
    def __init__(self, events: list[WatchOperationResponse]) -> None:
        self._events = events

    async def WatchOperation(
        self, request: Any, context: Any
    ) -> AsyncIterator[WatchOperationResponse]:
        """The same events every time."""
        for event in self._events:
            yield event


async def serve(folder: Path) -> None:
    """Answers with the messages in the folder until it is killed."""
    operation = Operation.FromString((folder / "operation").read_bytes())
    events = [
        WatchOperationResponse.FromString(path.read_bytes())
        for path in sorted((folder / "events").iterdir())
    ]
    server = grpc.aio.server()
    add_OperationsServicer_to_server(_Operations(operation), server)
    add_VideoServiceServicer_to_server(_Videos(events), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
