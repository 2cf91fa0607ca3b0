"""Clients of a cluster: they ask for videos, watch, and come back wherever they can."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.longrunning.operations_pb2 import Operation
from google.rpc import code_pb2
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel.v1.media_service_pb2_grpc import MediaServiceStub
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest, JobEvent, WatchOperationRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_kit.channel.channel import open_channel

PARENT = "projects/local"

# A stopped process says nothing; a client goes elsewhere then.
SILENCE_SECONDS = 4.0
CALL_SECONDS = 15.0
LONGEST_PAUSE = 1.6

# What a client may answer by asking again, with the same request id.
AGAIN = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
)


@dataclass
class Order:
    """One video that somebody wants."""

    number: str
    asked: float = 0.0
    """When the job was accepted, by the monotonic clock."""
    operation: str = ""
    log: list[JobEvent] = field(default_factory=list)
    ended: float = 0.0
    turns: int = 0
    """How often its watcher had to go on elsewhere."""
    refusals: int = 0

    @property
    def problem(self) -> str:
        """What is wrong with its log; empty when all is well."""
        if [event.offset for event in self.log] != list(range(len(self.log))):
            return f"{self.number}: the watcher's offsets have gaps or repeats"
        if not self.log or not self.log[-1].done:
            return f"{self.number}: no end"
        if self.log[-1].error.code != code_pb2.OK:
            return f"{self.number}: {self.log[-1].error.message}"
        return ""


class Crowd:
    """Asks in turn at all gateways."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._channels = [open_channel(address) for address in addresses]
        self._next = 0

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()

    async def order(self, number: str) -> Order:
        """Uploads a song of its own and asks for its video until a gateway says yes."""
        order = Order(number)
        song = f"the song of {number}".encode()
        parts = [
            UploadMediaRequest(
                header=UploadHeader(
                    parent=PARENT, media_type="audio/mpeg", request_id=f"song-{number}"
                )
            ),
            UploadMediaRequest(chunk=song),
        ]
        media = (
            await self._again(
                order,
                lambda channel: MediaServiceStub(channel).UploadMedia(
                    iter(parts), timeout=CALL_SECONDS
                ),
            )
        ).media
        request = CreateVideoRequest(
            parent=PARENT, video=Video(song=media.name), request_id=f"video-{number}"
        )
        operation: Operation = await self._again(
            order,
            lambda channel: VideoServiceStub(channel).CreateVideo(request, timeout=CALL_SECONDS),
        )
        order.operation, order.asked = operation.name, time.monotonic()
        return order

    async def watch(self, order: Order) -> None:
        """Follows the job to its end, from one gateway to the next."""
        while not (order.log and order.log[-1].done):
            stub: Any = VideoServiceStub(self._turn())
            call = stub.WatchOperation(
                WatchOperationRequest(name=order.operation, offset=len(order.log))
            )
            try:
                while True:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        message = await call.read()
                    if message is grpc.aio.EOF:
                        break
                    order.log.append(message.event)
            except TimeoutError:
                order.turns += 1
            except grpc.aio.AioRpcError as error:
                if error.code() not in AGAIN:
                    raise
                order.turns += 1
                await asyncio.sleep(0.1)
            finally:
                call.cancel()
        order.ended = time.monotonic()

    async def _again(self, order: Order, begin: Any) -> Any:
        pause = 0.2
        while True:
            try:
                return await begin(self._turn())
            except grpc.aio.AioRpcError as error:
                if error.code() not in AGAIN:
                    raise
                order.refusals += error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                # A crowd that insists at once would leave no machine to work with.
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _turn(self) -> grpc.aio.Channel:
        self._next += 1
        return self._channels[self._next % len(self._channels)]
