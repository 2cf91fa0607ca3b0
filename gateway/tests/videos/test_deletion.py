"""Deleting videos and media, and listing media."""

from __future__ import annotations

import grpc
import pytest
import sqlalchemy as sa
from google.longrunning.operations_pb2 import DeleteOperationRequest, GetOperationRequest
from songreel.v1.media_pb2 import Media
from songreel.v1.media_service_pb2 import DeleteMediaRequest, GetMediaRequest, ListMediaRequest
from songreel.v1.video_pb2 import VideoMedia
from songreel.v1.video_service_pb2 import (
    DeleteVideoRequest,
    GetVideoRequest,
    JobMetadata,
    ListVideosRequest,
)
from songreel_gateway.access.quotas import Limits, Quotas
from songreel_gateway.api.resource_names import media_name
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import job_events, jobs
from songreel_gateway.media.deletion import hashes_in
from songreel_kit.artifacts.store import make_artifact
from songreel_kit.errors import (
    FailedPrecondition,
    MediaNotFound,
    OperationNotDone,
    OperationNotFound,
    RequestIdReused,
    VideoNotFound,
)
from songreel_testing.gateway.local_gateway import PARENT, video_of
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUOTAS = Limits(100, 10_000, 10**9, 1000)


async def made(local, song: bytes, **video):
    given = await local.client.upload(song, display_name=f"{song.decode()}.mp3")
    operation = await local.client.create(given, **video)
    return given, operation, video_of(await local.client.wait(operation))


async def test_every_hash_in_a_stored_message_is_seen(local) -> None:
    fields = [field.name for field in VideoMedia.DESCRIPTOR.fields]
    hashes = {field: f"{number:x}" * 64 for number, field in enumerate(fields)}
    names = {field: media_name("p", sha256) for field, sha256 in hashes.items()}
    names["stems"] = {"drums": names["stems"]}
    stored = JobMetadata(media=VideoMedia(**names)).SerializeToString()
    assert hashes_in(stored) == set(hashes.values())
    song = Media(artifact=make_artifact("f" * 64, "audio/mpeg", 1))
    assert hashes_in(song.SerializeToString()) == {"f" * 64}
    song.artifact.ClearField("uri")
    assert hashes_in(song.SerializeToString()) == {"f" * 64}


async def has(local, name: str) -> bool:
    try:
        await local.client.media.GetMedia(GetMediaRequest(name=name))
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:
            raise
        return False
    return True


def stored_bytes(local) -> int:
    database = open_database(local.settings.database())
    used = database.run(lambda c: Quotas(database, QUOTAS).used(c, "local"), reads=True)
    database.close()
    return used.stored_bytes


async def test_a_video_goes_with_what_was_made_for_it(local) -> None:
    song, operation, video = await made(local, b"a song to be forgotten")
    _, _, other = await made(local, b"a song to be kept")
    before = stored_bytes(local)
    delete = local.client.videos.DeleteVideo
    await delete(DeleteVideoRequest(name=video.name, request_id="gone"))
    with expect_error(VideoNotFound):
        await local.client.videos.GetVideo(GetVideoRequest(name=video.name))
    with expect_error(OperationNotFound):
        await local.client.operations.GetOperation(GetOperationRequest(name=operation.name))
    listed = await local.client.videos.ListVideos(ListVideosRequest(parent=PARENT))
    assert video.name not in [each.name for each in listed.videos]
    for part in (video.media.video, video.media.analysis, video.media.storyboard):
        assert not await has(local, part)
    assert await has(local, song.name), "what was given stays"
    # Both have the same timeline and contact sheet, byte for byte: the other one needs them.
    for part in (other.media.video, other.media.timeline, other.media.contact_sheet):
        assert await has(local, part)
    assert stored_bytes(local) < before
    # Nothing is left of its job.
    database = open_database(local.settings.database())
    job = operation.name.rpartition("/")[2]
    for table, column in ((jobs, jobs.c.id), (job_events, job_events.c.job)):
        left = sa.select(sa.func.count()).select_from(table).where(column == job)
        assert database.run(lambda c, left=left: c.execute(left).scalar_one()) == 0
    database.close()
    # A repetition is content, the same id for another video is not.
    await delete(DeleteVideoRequest(name=video.name, request_id="gone"))
    with expect_error(RequestIdReused):
        await delete(DeleteVideoRequest(name=other.name, request_id="gone"))
    with expect_error(VideoNotFound):
        await delete(DeleteVideoRequest(name=video.name))


async def test_a_video_that_is_being_made_goes_only_by_force(local) -> None:
    song = await local.client.upload(b"an unfinished song")
    local.control.hold("render")
    operation = await local.client.create(song)
    await local.client.reach(operation, "render", "frames")
    metadata = JobMetadata()
    operation.metadata.Unpack(metadata)
    with expect_error(OperationNotDone):
        await local.client.videos.DeleteVideo(DeleteVideoRequest(name=metadata.video))
    await local.client.videos.DeleteVideo(DeleteVideoRequest(name=metadata.video, force=True))
    local.control.let_go("render")
    with expect_error(VideoNotFound):
        await local.client.videos.GetVideo(GetVideoRequest(name=metadata.video))
    with expect_error(OperationNotFound):
        await local.client.operations.GetOperation(GetOperationRequest(name=operation.name))


async def test_media_that_is_used_goes_only_by_force(local) -> None:
    song, _, video = await made(local, b"a song in use")
    delete = local.client.media.DeleteMedia
    with expect_error(FailedPrecondition) as caught:
        await delete(DeleteMediaRequest(name=song.name))
    assert video.name in caught.message
    for _ in range(2):
        await delete(DeleteMediaRequest(name=song.name, force=True, request_id="song"))
    with expect_error(MediaNotFound):
        await delete(DeleteMediaRequest(name=song.name))
    found = await local.client.videos.GetVideo(GetVideoRequest(name=video.name))
    assert found.video.song == song.name
    unused = await local.client.upload(b"nobody needs this")
    before = stored_bytes(local)
    await delete(DeleteMediaRequest(name=unused.name))
    assert before - stored_bytes(local) == len(b"nobody needs this")


async def test_media_is_listed_newest_first(local) -> None:
    sent = [await local.client.upload(f"listed {number}".encode()) for number in range(5)]
    found, token = [], None
    while token != "":
        request = ListMediaRequest(parent=PARENT, page_size=2, page_token=token or "")
        page = await local.client.media.ListMedia(request)
        found += page.media
        token = page.next_page_token
    assert [each.name for each in found[:5]] == [each.name for each in reversed(sent)]
    assert len({each.name for each in found}) == len(found)
    assert not found[0].HasField("expire_time")


async def test_an_operation_goes_without_its_video(local) -> None:
    _, operation, video = await made(local, b"a song whose operation goes")
    await local.client.operations.DeleteOperation(DeleteOperationRequest(name=operation.name))
    for part in (video.media.video, video.media.contact_sheet, video.song):
        assert await has(local, part)
    await local.client.videos.DeleteVideo(DeleteVideoRequest(name=video.name))
    assert not await has(local, video.media.video)
