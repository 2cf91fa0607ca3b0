"""Files past the gateway, as the client sends and fetches them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from songreel_client import ONCE, Client, Retrying, connect, read_local_file
from songreel_client.store_requests import put_part
from songreel_kit.errors import DirectTransferUnavailable, InvalidUpload, ServiceUnavailable
from songreel_testing.cluster.proxy import TcpProxy
from songreel_testing.gateway.direct_client import LONG, Front, front_in, store_at
from songreel_testing.servers import NotInstalledError, S3Endpoint, temporary_rclone
from songreel_testing.serving import temporary_store

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = Retrying(seconds=60.0, first_wait=0.05, longest_wait=0.2)


@pytest.fixture(scope="module")
def rclone(tmp_path_factory) -> Iterator[S3Endpoint]:
    try:
        with temporary_rclone(tmp_path_factory.mktemp("rclone")) as endpoint:
            yield endpoint
    except NotInstalledError as missing:
        pytest.skip(str(missing))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def line(rclone: S3Endpoint) -> AsyncIterator[TcpProxy]:
    """The line between the client and the store."""
    proxy = TcpProxy(int(rclone.address.rpartition(":")[2]))
    await proxy.start()
    yield proxy
    await proxy.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def front(rclone: S3Endpoint, line: TcpProxy, tmp_path_factory) -> AsyncIterator[Front]:
    """A gateway beside its store, which clients reach by another address."""
    folder = tmp_path_factory.mktemp("front")
    store = store_at(rclone, folder, public_url=f"http://127.0.0.1:{line.port}")
    async with front_in(folder, store) as front:
        yield front


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(front: Front) -> AsyncIterator[Client]:
    async with connect(front.address, retrying=SOON) as client:
        yield client


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(tmp_path.name.encode() + LONG)
    return path


async def test_a_file_goes_up_and_comes_down_directly(client: Client, song, tmp_path: Path) -> None:
    size = song.stat().st_size
    told: list[tuple[int, int]] = []
    media = await client.upload(song, lambda *at: told.append(at), direct=True)
    assert (len(told), told[-1]) == (3, (size, size))
    assert (media.display_name, media.artifact.media_type) == ("song.mp3", "audio/mpeg")
    assert await client.upload(song, direct=True) == media
    assert await client.upload(song) == media
    goal = tmp_path / "again.mp3"
    told.clear()
    await client.download_file(media.name, goal, lambda *at: told.append(at), direct=True)
    assert goal.read_bytes() == song.read_bytes()
    assert told[-1] == (size, size)
    with (tmp_path / "rest.mp3").open("wb") as target:
        target.write(b"x" * 1000)
        await client.download(media.name, target, direct=True)
    assert (tmp_path / "rest.mp3").read_bytes()[1000:] == song.read_bytes()[1000:]


async def test_only_the_parts_that_broke_off_are_sent_again(
    client: Client, line: TcpProxy, song, tmp_path: Path
) -> None:
    size = song.stat().st_size
    told: list[int] = []
    cuts: list[asyncio.Task[None]] = []

    async def cut() -> None:
        await line.reset()
        await line.restore()

    def report(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 1:
            cuts.append(asyncio.ensure_future(cut()))

    media = await client.upload(song, report, direct=True)
    await cuts[0]
    assert told[-1] == media.artifact.size == size
    assert told == sorted(told)
    told.clear()
    await client.download_file(media.name, tmp_path / "again.mp3", report, direct=True)
    await cuts[1]
    assert (tmp_path / "again.mp3").read_bytes() == song.read_bytes()


async def test_parts_that_are_there_already_count_as_done(client: Client, song: Path) -> None:
    sent: list[Any] = []

    async def no_answer(*part: Any) -> None:
        await put_part(*part)
        if not sent:
            sent.append(part)
            raise ServiceUnavailable("the part is there, its answer is not")

    told: list[int] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("songreel_client.direct.put_part", no_answer)
        media = await client.upload(song, lambda done, _: told.append(done), direct=True)
    assert told[-1] == media.artifact.size
    assert told == sorted(told)
    assert sent


async def test_a_store_out_of_reach_is_named_without_its_urls(
    front: Front, line: TcpProxy, song: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "http")
    await line.reset()
    async with connect(front.address, retrying=ONCE) as client:
        with pytest.raises(ServiceUnavailable, match="leave out direct=True") as caught:
            await client.upload(song, direct=True)
    await line.restore()
    assert f"127.0.0.1:{line.port}" in caught.value.message
    assert "X-Amz" not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"


async def test_a_file_that_shrinks_is_noticed(client: Client, song) -> None:
    file = read_local_file(song)
    song.write_bytes(b"less")
    with pytest.raises(InvalidUpload, match="shorter than when it was hashed"):
        await client.upload(file, direct=True)


async def test_a_store_that_is_a_folder_takes_files_through_the_gateway(
    tmp_path: Path, song: Path
) -> None:
    store = temporary_store(tmp_path)
    async with front_in(tmp_path, store) as front, connect(front.address) as client:
        with pytest.raises(DirectTransferUnavailable, match="use UploadMedia"):
            await client.upload(song, direct=True)
        media = await client.upload(song)
        with pytest.raises(DirectTransferUnavailable, match="use DownloadMedia"):
            await client.download_file(media.name, tmp_path / "again.mp3", direct=True)
