"""Clients that break off or contradict themselves, against the real server."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel.v1.media_service_pb2_grpc import MediaServiceStub
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import RequestIdReused, from_rpc_error

from .conftest import Workspace

BROKEN_OFF = "0b8d0a52-58f3-4a3e-9a52-3a7a52a3e7f1"
GIVEN_TWICE = "6c1f5a52-2f0a-4b0e-8d5e-0a4f2a6b7c11"


def header(data: bytes, request_id: str) -> UploadMediaRequest:
    return UploadMediaRequest(
        header=UploadHeader(
            parent="projects/local",
            display_name="song.mp3",
            media_type="audio/mpeg",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            request_id=request_id,
        )
    )


async def break_off(media: MediaServiceStub) -> None:
    data = bytes(range(256)) * 16384  # 4 MiB: some of it is on the disk by then
    call = media.UploadMedia()
    await call.write(header(data, BROKEN_OFF))
    for at in range(0, len(data) // 2, 65536):
        await call.write(UploadMediaRequest(chunk=data[at : at + 65536]))
    call.cancel()


async def contradict(media: MediaServiceStub) -> None:
    async def parts(data: bytes) -> AsyncIterator[UploadMediaRequest]:
        yield header(data, GIVEN_TWICE)
        yield UploadMediaRequest(chunk=data)

    first = await media.UploadMedia(parts(b"one song"))
    again = await media.UploadMedia(parts(b"one song"))
    assert again.media.name == first.media.name
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await media.UploadMedia(parts(b"another song"))
    assert isinstance(from_rpc_error(refusal.value), RequestIdReused)


async def test_only_what_was_uploaded_whole_is_kept(workspace: Workspace) -> None:
    # Once the server has stopped nothing is still being cleared away.
    with workspace.serving() as address:
        async with open_channel(address) as channel:
            media = MediaServiceStub(channel)
            await break_off(media)
            await contradict(media)
    assert kept(workspace.data / "artifacts") == [b"one song"]


def kept(store: Path) -> list[bytes]:
    return [path.read_bytes() for path in store.rglob("*") if path.is_file()]
