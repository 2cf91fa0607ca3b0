"""Lines that break: slower, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_client import Retrying, connect
from songreel_kit.errors import ServiceUnavailable
from songreel_testing.cluster.proxy import TcpProxy

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = Retrying(seconds=60.0, first_wait=0.05, longest_wait=0.2)


def wish(song: str) -> CreateVideoRequest:
    return CreateVideoRequest(video=Video(song=song))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(tmp_path.name.encode())
    return path


async def test_a_watch_survives_a_cut_line(local, song: Path) -> None:
    proxy = TcpProxy(int(local.address.rpartition(":")[2]))
    await proxy.start()
    async with connect(f"127.0.0.1:{proxy.port}", retrying=SOON) as client:
        media = await client.upload(song)
        local.control.hold("render")
        operation = await client.create_video(wish(media.name))
        offsets = []
        cut = False
        async for event in client.watch(operation.name):
            offsets.append(event.offset)
            # Reports that follow each other closely are not all told.
            if event.metadata.frames_done and not cut:
                cut = True
                await proxy.reset()
                local.control.let_go("render")
                await proxy.restore()
        assert offsets == list(range(len(offsets)))
        assert (await client.get_operation(operation.name)).done
    await proxy.close()


async def test_a_download_survives_a_cut_line(local, client, tmp_path: Path) -> None:
    data = bytes(range(251)) * 20_000
    (tmp_path / "long.mp3").write_bytes(data)
    media = await client.upload(tmp_path / "long.mp3")
    proxy = TcpProxy(int(local.address.rpartition(":")[2]))
    await proxy.start()
    cuts = []
    async with connect(f"127.0.0.1:{proxy.port}", retrying=SOON) as client:
        with (tmp_path / "back").open("wb") as target:
            loop = asyncio.get_running_loop()

            def report(done: int, size: int) -> None:
                if len(cuts) < 2 and done > size * (len(cuts) + 1) / 4:
                    cuts.append(loop.create_task(broken()))

            async def broken() -> None:
                await proxy.reset()
                await proxy.restore()

            await client.download(media.name, target, report)
    assert (tmp_path / "back").read_bytes() == data
    assert len(cuts) == 2
    await proxy.close()


async def test_a_request_that_finds_nobody_is_sent_until_it_is_heard(local, song) -> None:
    proxy = TcpProxy(int(local.address.rpartition(":")[2]))
    await proxy.start()
    async with connect(f"127.0.0.1:{proxy.port}", retrying=SOON) as client:
        media = await client.upload(song)
        await proxy.reset()
        asking = asyncio.create_task(client.create_video(wish(media.name), "patience"))
        async with connect(f"127.0.0.1:{proxy.port}", retrying=Retrying(seconds=0)) as hasty:
            with pytest.raises(ServiceUnavailable):
                await hasty.get_operation("projects/local/operations/any")
        assert not asking.done()
        await proxy.restore()
        operation = await asking
        assert (await client.create_video(wish(media.name), "patience")).name == operation.name
        assert (await client.wait(operation.name)).done
    await proxy.close()
