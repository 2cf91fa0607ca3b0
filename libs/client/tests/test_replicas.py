"""Replicas that go and come: slower, and nothing else."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_client import Retrying, connect
from songreel_testing.cluster.proxy import TcpProxy
from songreel_testing.gateway.local_gateway import local_gateway

SOON = Retrying(seconds=60.0, first_wait=0.05, longest_wait=0.2)


async def test_a_watch_goes_on_at_another_replica(tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"a song that outlives a replica")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        second = free.getsockname()[1]
    offsets: list[int] = []
    held = asyncio.Event()

    async def follow(address: str, name: str) -> None:
        async with connect(address, retrying=SOON) as client:
            async for event in client.watch(name):
                offsets.append(event.offset)
                if event.metadata.frames_done:
                    held.set()

    async with local_gateway(tmp_path) as first:
        address = f"ipv4:{first.address},127.0.0.1:{second}"
        async with connect(address, retrying=SOON) as client:
            media = await client.upload(song)
            first.control.hold("render")
            operation = await client.create_video(CreateVideoRequest(video=Video(song=media.name)))
            following = asyncio.create_task(follow(address, operation.name))
            await held.wait()
    # Gone; another one on the same data comes up elsewhere.
    async with local_gateway(tmp_path) as other:
        proxy = TcpProxy(int(other.address.rpartition(":")[2]))
        proxy.port = second
        await proxy.start()
        other.control.let_go("render")
        await following
        assert offsets == list(range(len(offsets)))
        assert (await other.client.wait(operation)).done
        await proxy.close()
