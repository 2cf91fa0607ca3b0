"""A gateway at work in the test's own process, and a client of its public API."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
from google.longrunning.operations_pb2 import Operation, WaitOperationRequest
from google.longrunning.operations_pb2_grpc import OperationsStub
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import DownloadMediaRequest, UploadHeader, UploadMediaRequest
from songreel.v1.media_service_pb2_grpc import MediaServiceStub
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest, JobEvent, WatchOperationRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_gateway.jobs.stages.stage import Stage
from songreel_gateway.jobs.stages.table import STAGES
from songreel_gateway.service import Gateway, GatewaySettings, Targets
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.server.server import RunningServer
from songreel_kit.server.service import Service

from songreel_testing.gateway.fake_stages import stage_services
from songreel_testing.gateway.stage_control import StageControl
from songreel_testing.serving import serving_at, temporary_store

PARENT = "projects/local"


class Client:
    """What a client of the public API does, over a channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.media: Any = MediaServiceStub(channel)
        self.videos: Any = VideoServiceStub(channel)
        self.operations: Any = OperationsStub(channel)

    async def upload(self, data: bytes, *, chunk: int = 1000, **header: Any) -> Media:
        header = {"parent": PARENT, "media_type": "audio/mpeg"} | header
        parts = [UploadMediaRequest(header=UploadHeader(**header))]
        parts += [
            UploadMediaRequest(chunk=data[start : start + chunk])
            for start in range(0, len(data), chunk)
        ]
        return (await self.media.UploadMedia(iter(parts))).media

    async def download(self, name: str, offset: int = 0) -> bytes:
        call = self.media.DownloadMedia(DownloadMediaRequest(name=name, offset=offset))
        return b"".join([part.chunk async for part in call])

    async def create(
        self, song: Media, request_id: str = "", parent: str = PARENT, **video: Any
    ) -> Operation:
        wanted = Video(song=song.name, **video)
        return await self.videos.CreateVideo(
            CreateVideoRequest(parent=parent, video=wanted, request_id=request_id)
        )

    async def wait(self, operation: Operation) -> Operation:
        return await self.operations.WaitOperation(
            WaitOperationRequest(name=operation.name), timeout=30
        )

    async def watch(self, operation: Operation, offset: int = 0) -> list[JobEvent]:
        """The log up to its end."""
        return [event async for event in self.events(operation, offset)]

    async def events(self, operation: Operation, offset: int = 0) -> AsyncIterator[JobEvent]:
        call = self.videos.WatchOperation(
            WatchOperationRequest(name=operation.name, offset=offset), timeout=30
        )
        async for response in call:
            yield response.event

    async def reach(
        self, operation: Operation, stage: str, step: str, attempt: int = 1
    ) -> JobEvent:
        """Waits until the job is at this step of this stage."""
        async for event in self.events(operation):
            assert not event.done, event
            at = event.metadata
            if (at.stage, at.step) == (stage, step) and at.attempt >= attempt:
                return event
        raise AssertionError("the log ended")


@dataclass
class LocalGateway:
    """A gateway and its stages, at work in this process."""

    client: Client
    store: LocalArtifactStore
    control: StageControl
    settings: GatewaySettings
    address: str

    def content(self, name: str) -> bytes:
        digest = name.rpartition("/")[2]
        data = (self.store.root / "sha256" / digest[:2] / digest).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
        return data


def video_of(operation: Operation) -> Video:
    """The video that a finished operation made."""
    assert operation.done, operation
    assert not operation.HasField("error"), operation.error
    video = Video()
    assert operation.response.Unpack(video)
    return video


def files(local: LocalGateway) -> set[str]:
    """Everything that the artifact store holds, whole or half."""
    return {str(path) for path in local.store.root.rglob("*") if path.is_file()}


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what another process or thread is about to do."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - files tell nobody of their changes
            await asyncio.sleep(0.005)


@asynccontextmanager
async def local_gateway(
    folder: Path,
    *,
    also: Sequence[Service] = (),
    stages: Sequence[Stage] = STAGES,
    **settings: Any,
) -> AsyncIterator[LocalGateway]:
    """`also` are served on the same port; `stages` are those that jobs may have."""
    chosen = {"data": folder / "data", "retry_seconds": 0.01, "event_seconds": 0.001} | settings
    store = temporary_store(folder)
    control = StageControl(folder / "control")
    configured = GatewaySettings(**chosen)
    gateway = Gateway(configured, store, stages)
    services = [*gateway.services(), *stage_services(store, control), *also]
    async with serving_at(*services) as (server, channel), _running(gateway, server):
        yield LocalGateway(Client(channel), store, control, configured, server.address)


def _running(gateway: Gateway, server: RunningServer) -> AbstractAsyncContextManager[None]:
    return gateway.running(Targets.all(server.address))
