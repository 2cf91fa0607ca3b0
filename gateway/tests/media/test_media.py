"""Files in and out, through a real server."""

from __future__ import annotations

import asyncio
import hashlib
import os

import grpc.aio
import pytest
from songreel.v1.media_service_pb2 import (
    DownloadMediaRequest,
    GetMediaRequest,
    UploadHeader,
    UploadMediaRequest,
)
from songreel_kit.errors import (
    EmptyFile,
    InvalidName,
    InvalidRequest,
    InvalidUpload,
    MediaNotFound,
    RequestIdReused,
    UploadTooLarge,
)
from songreel_testing.gateway.local_gateway import files, until
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")

PARENT = "projects/local"


async def test_a_file_comes_back_as_it_went_in(local) -> None:
    data = os.urandom(700_000)
    digest = hashlib.sha256(data).hexdigest()
    media = await local.client.upload(
        data,
        chunk=200_001,
        display_name="Lied Nr. 1 (ä).mp3",
        size=len(data),
        sha256=digest,
        media_type="audio/ogg; codecs=opus",
    )
    assert media.name == f"{PARENT}/media/{digest}"
    assert media.display_name == "Lied Nr. 1 (ä).mp3"
    assert (media.artifact.size, media.artifact.sha256) == (len(data), digest)
    assert media.artifact.media_type == "audio/ogg; codecs=opus"
    found = await local.client.media.GetMedia(GetMediaRequest(name=media.name))
    assert found.media == media
    for offset in (0, 1, 262_144, len(data) - 1, len(data)):
        assert await local.client.download(media.name, offset) == data[offset:]
    for offset in (-1, len(data) + 1):
        with expect_error(InvalidRequest):
            await local.client.download(media.name, offset)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/home/me/song.mp3", "song.mp3"),
        ("C:\\Music\\song.mp3", "song.mp3"),
        ("../../etc/passwd", "passwd"),
        ("..", ""),
        ("a\x00b\nc.mp3", "abc.mp3"),
        ("x" * 300, "x" * 255),
    ],
)
async def test_display_names_lose_their_folders(local, given, kept) -> None:
    media = await local.client.upload(given.encode(), display_name=given)
    assert media.display_name == kept


async def test_refused_uploads_leave_nothing(local) -> None:
    before = files(local)
    data = b"twelve bytes"
    for content, header, error in (
        (b"", {}, EmptyFile),
        (data, {"size": 13}, InvalidUpload),
        (data, {"size": 5}, InvalidUpload),
        (data, {"size": -1}, InvalidUpload),
        (data, {"sha256": "0" * 64}, InvalidUpload),
        (data, {"sha256": "xyz"}, InvalidUpload),
        (data, {"media_type": "music"}, InvalidUpload),
        (data, {"parent": "projects/../x"}, InvalidName),
        (data, {"request_id": "a\nb"}, InvalidRequest),
        (data, {"size": 2**40}, UploadTooLarge),
    ):
        with expect_error(error):
            await local.client.upload(content, chunk=5, **header)
    header = UploadMediaRequest(header=UploadHeader(parent=PARENT))
    chunk = UploadMediaRequest(chunk=b"x")
    for parts in ([], [chunk], [header, chunk, header], [UploadMediaRequest()]):
        with expect_error(InvalidUpload):
            await local.client.media.UploadMedia(iter(parts))
    assert files(local) == before


async def test_a_request_id_belongs_to_its_content(local) -> None:
    first = await local.client.upload(b"one", request_id="upload-1", display_name="one.mp3")
    again = await local.client.upload(b"one", request_id="upload-1", display_name="one.mp3")
    assert again == first
    with expect_error(RequestIdReused):
        await local.client.upload(b"two", request_id="upload-1", display_name="one.mp3")
    other = await local.client.upload(b"two", request_id="upload-1", parent="projects/other")
    assert other.name.startswith("projects/other/")


async def test_a_reused_request_id_keeps_the_other_content_out(local) -> None:
    await local.client.upload(b"three", request_id="upload-2")
    before = files(local)
    with expect_error(RequestIdReused):
        await local.client.upload(b"other than three", request_id="upload-2")
    assert files(local) == before
    digest = hashlib.sha256(b"other than three").hexdigest()
    with expect_error(MediaNotFound):
        await local.client.download(f"{PARENT}/media/{digest}")


async def test_media_of_other_projects_do_not_exist(local) -> None:
    media = await local.client.upload(b"mine alone")
    foreign = media.name.replace(PARENT, "projects/other")
    with expect_error(MediaNotFound) as caught:
        await local.client.media.GetMedia(GetMediaRequest(name=foreign))
    assert foreign in caught.message
    with expect_error(MediaNotFound):
        await local.client.download(foreign)
    shared = await local.client.upload(b"mine alone", parent="projects/other")
    assert shared.name == foreign
    for name in ("", "song.mp3", media.name + "/x", media.name[:-1], media.name.upper()):
        with expect_error(InvalidName):
            await local.client.media.GetMedia(GetMediaRequest(name=name))


async def test_a_cancelled_upload_leaves_nothing(local) -> None:
    before = files(local)
    for round_ in range(10):
        call = local.client.media.UploadMedia()
        await call.write(UploadMediaRequest(header=UploadHeader(parent=PARENT)))
        await call.write(UploadMediaRequest(chunk=b"half a song" * (1 + 50_000 * (round_ % 3))))
        if round_ < 5:  # else it may be cancelled before the server has begun
            await until(lambda: files(local) != before)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    await until(lambda: files(local) == before)


async def test_a_download_of_lost_bytes_is_a_typed_error(local) -> None:
    media = await local.client.upload(b"to be lost")
    path = local.store.path_of(media.artifact)
    path.unlink()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in local.client.media.DownloadMedia(DownloadMediaRequest(name=media.name)):
            pass
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
