"""What the public API accepts, refuses, lists and forgets."""

from __future__ import annotations

import asyncio

import pytest
from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    DeleteOperationRequest,
    GetOperationRequest,
    ListOperationsRequest,
    WaitOperationRequest,
)
from google.protobuf.duration_pb2 import Duration
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    CreateVideoRequest,
    GetVideoRequest,
    ListVideosRequest,
)
from songreel_kit.errors import (
    InvalidName,
    InvalidPageToken,
    InvalidRequest,
    MediaNotFound,
    OperationNotDone,
    OperationNotFound,
    RequestIdReused,
    VideoExists,
    VideoNotFound,
)
from songreel_testing.gateway.local_gateway import video_of
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")

PARENT = "projects/local"
OTHER = "projects/other"


async def test_a_request_id_gives_one_job_for_one_wish(local) -> None:
    song = await local.client.upload(b"a repeated song")
    before = local.control.calls()
    operations = await asyncio.gather(
        *(local.client.create(song, request_id="again") for _ in range(5))
    )
    assert len({operation.name for operation in operations}) == 1
    finished = await local.client.wait(operations[0])
    assert (local.control.calls() - before)["render-begun"] == 1
    assert await local.client.create(song, request_id="again") == finished

    other = await local.client.upload(b"another song")
    with expect_error(RequestIdReused):
        await local.client.create(other, request_id="again")
    asked = AnalyzeSongRequest(parent=PARENT, song=song.name, request_id="again")
    analysis = await local.client.videos.AnalyzeSong(asked)
    assert analysis.name != finished.name  # ids are counted by method
    await local.client.wait(analysis)


async def test_a_video_id_is_taken_once(local) -> None:
    song = await local.client.upload(b"a named song")
    wish = CreateVideoRequest(parent=PARENT, video=Video(song=song.name), video_id="my-video")
    first = await local.client.videos.CreateVideo(wish)
    assert video_of(await local.client.wait(first)).name == "projects/local/videos/my-video"
    with expect_error(VideoExists):
        await local.client.videos.CreateVideo(wish)
    for bad in ("My", "-a", "a-", "a/b", "../a", "a" * 64, "ü", "a\n"):
        wish.video_id = bad
        with expect_error(InvalidName):
            await local.client.videos.CreateVideo(wish)


async def test_wrong_names_are_refused_before_anything_happens(local) -> None:
    song = await local.client.upload(b"a private song")
    foreign = (await local.client.upload(b"a foreign song", parent=OTHER)).name
    assert await local.client.download(foreign)
    missing = f"{PARENT}/media/{'0' * 64}"
    jobs = len((await local.client.operations.ListOperations(page(100))).operations)
    for video, error in (
        (Video(), InvalidRequest),
        (Video(song="song.mp3"), InvalidName),
        (Video(song=f"{PARENT}/media/../{'0' * 64}"), InvalidName),
        (Video(song=missing), MediaNotFound),
        (Video(song=foreign), MediaNotFound),
        (Video(song=song.name, lyrics=missing), MediaNotFound),
        (Video(song=song.name, analysis=foreign), MediaNotFound),
        (Video(song=song.name, storyboard="S.yaml"), InvalidName),
    ):
        with expect_error(error):
            await local.client.videos.CreateVideo(CreateVideoRequest(parent=PARENT, video=video))
    for parent in ("", "local", "projects/", "projects/Local", "projects/a/b"):
        with expect_error(InvalidName):
            await local.client.videos.CreateVideo(
                CreateVideoRequest(parent=parent, video=Video(song=song.name))
            )
    with expect_error(InvalidRequest):
        await local.client.create(song, request_id="x" * 200)
    after = len((await local.client.operations.ListOperations(page(100))).operations)
    assert after == jobs


async def test_what_does_not_exist_is_not_found(local) -> None:
    name = f"{PARENT}/operations/nothing"
    with expect_error(VideoNotFound):
        await local.client.videos.GetVideo(GetVideoRequest(name=f"{PARENT}/videos/nothing"))
    with expect_error(OperationNotFound):
        await local.client.operations.GetOperation(GetOperationRequest(name=name))
    with expect_error(OperationNotFound):
        await local.client.operations.CancelOperation(CancelOperationRequest(name=name))
    with expect_error(OperationNotFound):
        await local.client.operations.DeleteOperation(DeleteOperationRequest(name=name))
    with expect_error(OperationNotFound):
        await local.client.operations.WaitOperation(WaitOperationRequest(name=name))
    with expect_error(InvalidName):
        await local.client.operations.GetOperation(GetOperationRequest(name="nothing"))


async def test_lists_come_in_pages_newest_first(local) -> None:
    song = await local.client.upload(b"a listed song", parent="projects/lister")
    wish = CreateVideoRequest(parent="projects/lister", video=Video(song=song.name))
    operations = [await local.client.videos.CreateVideo(wish) for _ in range(5)]
    finished = [await local.client.wait(operation) for operation in operations]
    names = [video_of(operation).name for operation in reversed(finished)]

    listed: list[str] = []
    request = ListVideosRequest(parent="projects/lister", page_size=2)
    sizes = []
    while True:
        answer = await local.client.videos.ListVideos(request)
        listed += [video.name for video in answer.videos]
        sizes.append(len(answer.videos))
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert (listed, sizes) == (names, [2, 2, 1])

    first = await local.client.operations.ListOperations(
        ListOperationsRequest(name="projects/lister", page_size=3, filter="done = true")
    )
    rest = await local.client.operations.ListOperations(
        ListOperationsRequest(
            name="projects/lister", filter="done = true", page_token=first.next_page_token
        )
    )
    assert [*first.operations, *rest.operations] == finished[::-1]
    running = ListOperationsRequest(name="projects/lister/operations", filter="done=false")
    assert not (await local.client.operations.ListOperations(running)).operations

    for token in ("nonsense", request.page_token + "x", first.next_page_token):
        with expect_error(InvalidPageToken):
            await local.client.videos.ListVideos(
                ListVideosRequest(parent="projects/lister", page_token=token)
            )
    with expect_error(InvalidRequest):
        await local.client.videos.ListVideos(ListVideosRequest(parent=PARENT, page_size=-1))
    with expect_error(InvalidRequest):
        await local.client.operations.ListOperations(page(1, filter="colour = red"))


async def test_only_an_ended_operation_can_be_deleted(local) -> None:
    song = await local.client.upload(b"a forgotten song")
    local.control.hold("analyze")
    operation = await local.client.create(song, request_id="forget me")
    with expect_error(OperationNotDone):
        await local.client.operations.DeleteOperation(DeleteOperationRequest(name=operation.name))
    local.control.let_go("analyze")
    video = video_of(await local.client.wait(operation))
    await local.client.operations.DeleteOperation(DeleteOperationRequest(name=operation.name))
    with expect_error(OperationNotFound):
        await local.client.watch(operation)
    with expect_error(OperationNotFound):
        await local.client.operations.GetOperation(GetOperationRequest(name=operation.name))
    assert (await local.client.videos.GetVideo(GetVideoRequest(name=video.name))).video == video
    assert await local.client.download(video.media.video)
    # A client that heard no answer begins nothing anew.
    with expect_error(OperationNotFound):
        await local.client.create(song, request_id="forget me")
    again = await local.client.create(song, request_id="once more")
    assert again.name != operation.name
    await local.client.wait(again)


async def test_waiting_ends_with_its_timeout(local) -> None:
    song = await local.client.upload(b"a slow song")
    local.control.hold("analyze")
    operation = await local.client.create(song)
    waiting = WaitOperationRequest(name=operation.name, timeout=Duration(nanos=50_000_000))
    assert not (await local.client.operations.WaitOperation(waiting, timeout=30)).done
    local.control.let_go("analyze")
    assert (await local.client.wait(operation)).done


def page(size: int, **fields) -> ListOperationsRequest:
    return ListOperationsRequest(name=PARENT, page_size=size, **fields)
