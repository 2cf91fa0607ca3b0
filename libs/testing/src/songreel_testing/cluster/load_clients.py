"""Clients of a cluster: they ask for videos and watch them, at whichever gateway answers."""

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
from songreel.v1.video_service_pb2 import (
    CreateVideoRequest,
    JobEvent,
    WatchOperationRequest,
    WatchOperationResponse,
)
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_kit.channel.channel import open_channel

PARENT = "projects/local"

# A client that hears nothing for so long goes on at another gateway.
SILENCE_SECONDS = 4.0
CALL_SECONDS = 15.0
LONGEST_PAUSE = 1.6

# Errors after which a client asks again, with the same request id.
RETRYABLE = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
)


@dataclass
class VideoRequest:
    """One video that a client asks for."""

    number: str
    asked: float = 0.0
    """Monotonic time when the job was accepted."""
    operation: str = ""
    log: list[JobEvent] = field(default_factory=list)
    ended: float = 0.0
    failovers: int = 0
    """How often its watcher went on at another gateway."""
    refusals: int = 0

    @property
    def problem(self) -> str:
        """What is wrong with the events received; empty if nothing is."""
        if [event.offset for event in self.log] != list(range(len(self.log))):
            return f"{self.number}: the watcher's offsets have gaps or repeats"
        if not self.log or not self.log[-1].done:
            return f"{self.number}: no end"
        if self.log[-1].error.code != code_pb2.OK:
            return f"{self.number}: {self.log[-1].error.message}"
        return ""


class LoadClients:
    """Sends its calls to all gateways in turn."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._channels = [open_channel(address) for address in addresses]
        self._next = 0

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()

    async def request_video(self, number: str) -> VideoRequest:
        """Uploads a song of its own and asks for its video until a gateway accepts."""
        wanted = VideoRequest(number)
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
            await self._retry(
                wanted,
                lambda channel: MediaServiceStub(channel).UploadMedia(
                    iter(parts), timeout=CALL_SECONDS
                ),
            )
        ).media
        request = CreateVideoRequest(
            parent=PARENT, video=Video(song=media.name), request_id=f"video-{number}"
        )
        operation: Operation = await self._retry(
            wanted,
            lambda channel: VideoServiceStub(channel).CreateVideo(request, timeout=CALL_SECONDS),
        )
        wanted.operation, wanted.asked = operation.name, time.monotonic()
        return wanted

    async def watch(self, wanted: VideoRequest) -> None:
        """Follows the job to its end, moving to the next gateway on an error."""
        while not (wanted.log and wanted.log[-1].done):
            stub: Any = VideoServiceStub(self._next_channel())
            call = stub.WatchOperation(
                WatchOperationRequest(name=wanted.operation, offset=len(wanted.log))
            )
            try:
                while True:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        message = await call.read()
                    if not isinstance(message, WatchOperationResponse):  # the end of the stream
                        break
                    wanted.log.append(message.event)
            except TimeoutError:
                wanted.failovers += 1
            except grpc.aio.AioRpcError as error:
                if error.code() not in RETRYABLE:
                    raise
                wanted.failovers += 1
                await asyncio.sleep(0.1)
            finally:
                call.cancel()
        wanted.ended = time.monotonic()

    async def _retry(self, wanted: VideoRequest, begin: Any) -> Any:
        pause = 0.2
        while True:
            try:
                return await begin(self._next_channel())
            except grpc.aio.AioRpcError as error:
                if error.code() not in RETRYABLE:
                    raise
                wanted.refusals += error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                # Retries without a pause would leave the machine no time for the jobs.
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _next_channel(self) -> grpc.aio.Channel:
        self._next += 1
        return self._channels[self._next % len(self._channels)]
