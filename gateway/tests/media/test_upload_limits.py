"""Uploads that end badly: too large, no room, a client that dies."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel_gateway.media.uploads import Upload
from songreel_kit.errors import DiskFull, UploadTooLarge
from songreel_testing.gateway.local_gateway import files, local_gateway, until
from songreel_testing.serving import expect_error, temporary_store

# Sends half an upload without end and prints a line; to be killed then.
_DYING_CLIENT = """
import asyncio, sys
import grpc.aio
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel.v1.media_service_pb2_grpc import MediaServiceStub

async def main():
    channel = grpc.aio.insecure_channel(sys.argv[1])
    call = MediaServiceStub(channel).UploadMedia()
    await call.write(UploadMediaRequest(header=UploadHeader(parent="projects/local")))
    for _ in range(3):
        await call.write(UploadMediaRequest(chunk=b"killed" * 100_000))
    print("half", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_killed_client_leaves_nothing(tmp_path: Path) -> None:
    async with local_gateway(tmp_path) as local:
        before = files(local)
        client = subprocess.Popen(  # noqa: ASYNC220 - starting is quick
            [sys.executable, "-c", _DYING_CLIENT, local.address],
            stdout=subprocess.PIPE,
        )
        assert await asyncio.to_thread(client.stdout.readline) == b"half\n"
        await until(lambda: files(local) != before)
        client.kill()
        await asyncio.to_thread(client.wait)
        client.stdout.close()
        await until(lambda: files(local) == before)
        assert (await local.client.upload(b"the next one")).artifact.size == 12


async def test_an_upload_stops_at_the_limit(tmp_path: Path) -> None:
    async with local_gateway(tmp_path, max_upload_bytes=10_000) as local:
        before = files(local)
        # However long the client goes on writing, it is told why.
        for size, chunk in ((10_001, 500), (20_000_000, 1_000_000), (20_000_000, 50_000)):
            with expect_error(UploadTooLarge) as caught:
                await local.client.upload(b"x" * size, chunk=chunk)
            assert "10000 bytes" in caught.message
        assert files(local) == before
        assert (await local.client.upload(b"x" * 10_000)).artifact.size == 10_000


async def test_a_stream_that_seems_to_end_when_it_breaks_leaves_nothing(tmp_path: Path) -> None:
    # As grpc.aio hands a broken stream on: it ends, and then the handler is cancelled.
    store = temporary_store(tmp_path)

    async def breaking() -> AsyncIterator[UploadMediaRequest]:
        yield UploadMediaRequest(chunk=b"half a song")
        asyncio.get_running_loop().call_later(0.01, handler.cancel)

    async def accept(_sha256: str) -> None:
        pass

    upload = Upload(store, UploadHeader(), 1000)
    handler = asyncio.create_task(upload.receive(breaking(), accept))
    with pytest.raises(asyncio.CancelledError):
        await handler
    assert not [path for path in store.root.rglob("*") if path.is_file()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    async with local_gateway(tmp_path) as local:
        await local.client.upload(b"there was room")
        before = files(local)
        # The upload's file is a device whose disk is always full.
        monkeypatch.setattr(local.store, "_create", lambda: full_file(local.store.root))
        for _ in range(5):
            with expect_error(DiskFull):
                await local.client.upload(b"y" * 10_000_000, chunk=100_000)
        monkeypatch.undo()
        assert files(local) == before
        assert (await local.client.upload(b"room again")).artifact.size == 10


def full_file(root: Path):
    path = root / "incoming" / "full"
    path.symlink_to("/dev/full")
    return path, path.open("wb")
