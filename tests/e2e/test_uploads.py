"""Clients that break off or contradict themselves, against the real server."""

import asyncio
import hashlib
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel.v1.media_service_pb2_grpc import MediaServiceStub
from songreel_kit.channel import open_channel
from songreel_kit.errors import RequestIdReused, from_rpc_error

from .conftest import Desk

IDENTITY = "6c1f5a52-2f0a-4b0e-8d5e-0a4f2a6b7c11"


def with_server(desk: Desk, talk: Callable[[MediaServiceStub], Awaitable[None]]) -> None:
    """Talks to a server and stops it: then nothing is still being cleared away."""
    server = desk.start("up", "--port", "0", "--json")
    assert server.stdout is not None
    address = json.loads(server.stdout.readline())["address"]

    async def go() -> None:
        async with open_channel(address) as channel:
            await talk(MediaServiceStub(channel))

    asyncio.run(go())
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) == 0


def header(data: bytes) -> UploadMediaRequest:
    return UploadMediaRequest(
        header=UploadHeader(
            parent="projects/local",
            display_name="song.mp3",
            media_type="audio/mpeg",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            request_id=IDENTITY,
        )
    )


def test_client_that_breaks_off_leaves_nothing(desk: Desk) -> None:
    data = bytes(range(256)) * 16384  # 4 MiB: some of it is on the disk by then

    async def talk(media: MediaServiceStub) -> None:
        call = media.UploadMedia()
        await call.write(header(data))
        for at in range(0, len(data) // 2, 65536):
            await call.write(UploadMediaRequest(chunk=data[at : at + 65536]))
        call.cancel()

    with_server(desk, talk)
    left = [path for path in (desk.data / "artifacts").rglob("*") if path.is_file()]
    assert left == []


def test_request_id_with_other_content_is_refused(desk: Desk) -> None:
    async def parts(data: bytes) -> AsyncIterator[UploadMediaRequest]:
        yield header(data)
        yield UploadMediaRequest(chunk=data)

    async def talk(media: MediaServiceStub) -> None:
        first = await media.UploadMedia(parts(b"one song"))
        again = await media.UploadMedia(parts(b"one song"))
        assert again.media.name == first.media.name
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await media.UploadMedia(parts(b"another song"))
        assert isinstance(from_rpc_error(refusal.value), RequestIdReused)

    with_server(desk, talk)
    kept = [p.read_bytes() for p in (desk.data / "artifacts").rglob("*") if p.is_file()]
    assert b"one song" in kept
    assert b"another song" not in kept
