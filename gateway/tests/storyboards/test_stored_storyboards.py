"""Stored storyboards: made by a job, listed, read in part, drawn, deleted."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from songreel.v1 import video_service_pb2 as api
from songreel.v1.video_pb2 import Storyboard, Video
from songreel_gateway.storyboards import repository
from songreel_kit.errors import (
    EtagMismatch,
    InvalidName,
    InvalidPageToken,
    InvalidRequest,
    MediaNotFound,
    RequestIdReused,
    StoryboardNotFound,
)
from songreel_testing.gateway.local_gateway import PARENT, video_of
from songreel_testing.gateway.storyboard_client import delete, get, made, scene, update, written
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_a_job_makes_is_kept(local) -> None:
    board = await made(local)
    assert board.name.startswith(f"{PARENT}/storyboards/s")
    assert board.etag
    assert board.create_time == board.update_time
    assert board.create_time.seconds
    assert board.content.scenes[0].prompt == "a picture of song.mp3"
    assert (board.content.style, board.content.storyteller) == ("sketch", "offline")
    assert board.options.style == "sketch"
    assert local.content(board.document) == b"prompt: a picture of song.mp3\n"
    # The same content again is another storyboard with the same etag.
    again = await made(local)
    assert (again.name != board.name, again.etag) == (True, board.etag)


async def test_lists_come_in_pages_newest_first(local, monkeypatch) -> None:
    parent = "projects/lister"
    boards = [await made(local, parent, f"song {number}") for number in range(5)]
    names = [board.name for board in reversed(boards)]

    async def listed(size: int, *paths: str) -> tuple[list[Storyboard], list[int]]:
        request = api.ListStoryboardsRequest(
            parent=parent, page_size=size, read_mask=FieldMask(paths=paths)
        )
        found: list[Storyboard] = []
        sizes: list[int] = []
        while True:
            answer = await local.client.videos.ListStoryboards(request)
            found += answer.storyboards
            sizes.append(len(answer.storyboards))
            if not answer.next_page_token:
                return found, sizes
            request.page_token = answer.next_page_token

    found, sizes = await listed(2)
    assert ([board.name for board in found], sizes) == (names, [2, 2, 1])
    assert found == boards[::-1]
    titles, _ = await listed(0, "name", "content.title")
    assert titles == [Storyboard(name=name, content={}) for name in names]
    # An answer has 4 MiB at the most: large storyboards come one by one.
    monkeypatch.setattr(repository, "PAGE_BYTES", 1)
    found, sizes = await listed(3)
    assert ([board.name for board in found], sizes) == (names, [1] * 5)
    for wrong, error in (
        ({"page_token": "nonsense"}, InvalidPageToken),
        ({"page_size": -1}, InvalidRequest),
        ({"read_mask": FieldMask(paths=["title"])}, InvalidRequest),
        ({"parent": "projects/"}, InvalidName),
    ):
        asked = {"parent": parent} | wrong
        with expect_error(error):
            await local.client.videos.ListStoryboards(api.ListStoryboardsRequest(**asked))


async def test_a_mask_says_what_is_read(local) -> None:
    song, board = await written(local)
    assert await get(local, board.name, "etag") == Storyboard(etag=board.etag)
    part = await get(local, board.name, "content.scenes")
    assert part == Storyboard(content={"scenes": board.content.scenes})
    assert await get(local, board.name, "*") == board
    with expect_error(InvalidRequest) as caught:
        await get(local, board.name, "name", "content.colour")
    assert caught.error.metadata == {"field": "read_mask", "path": "content.colour"}
    video = video_of(await local.client.wait(await local.client.create(song)))
    mask = FieldMask(paths=["state", "media.video"])
    seen = Video(state=video.state, media={"video": video.media.video})
    asked = api.GetVideoRequest(name=video.name, read_mask=mask)
    assert (await local.client.videos.GetVideo(asked)).video == seen
    listing = api.ListVideosRequest(parent=PARENT, page_size=1, read_mask=mask)
    assert list((await local.client.videos.ListVideos(listing)).videos) == [seen]
    wrong = FieldMask(paths=["content"])
    with expect_error(InvalidRequest) as caught:
        await local.client.videos.GetVideo(api.GetVideoRequest(name=video.name, read_mask=wrong))
    assert caught.error.metadata == {"field": "read_mask", "path": "content"}
    with expect_error(InvalidRequest):
        await local.client.videos.ListVideos(api.ListVideosRequest(parent=PARENT, read_mask=wrong))


async def test_what_is_deleted_is_gone(local) -> None:
    board = await made(local)
    changed = await update(local, board, title="changed")
    with expect_error(EtagMismatch):
        await delete(local, board.name, board.etag)
    assert await get(local, board.name) == changed
    await delete(local, board.name, changed.etag, "gone")
    with expect_error(StoryboardNotFound):
        await get(local, board.name)
    await delete(local, board.name, changed.etag, "gone")  # the answer was lost: sent again
    with expect_error(StoryboardNotFound):
        await delete(local, board.name)
    with expect_error(RequestIdReused):
        await delete(local, board.name, "another", "gone")
    assert await local.client.download(changed.document)
    with expect_error(StoryboardNotFound):
        await delete(local, f"{PARENT}/storyboards/none")


async def test_of_two_who_delete_one_is_told_that_it_is_gone(local) -> None:
    board = await made(local)
    ends = await asyncio.gather(
        *(delete(local, board.name) for _ in range(4)), return_exceptions=True
    )
    assert sum(end is None for end in ends) == 1
    board = await made(local)
    ends = await asyncio.gather(
        *(delete(local, board.name, board.etag, f"all {board.name}") for _ in range(4))
    )
    assert ends == [None] * 4


async def test_a_kept_storyboard_is_drawn_as_it_was_when_asked(local) -> None:
    song, board = await written(local, text="a song that is drawn")
    board = await update(local, board, "content.scenes", scenes=[scene("a lighthouse")])
    wish = {"stored_storyboard": board.name, "storyboard_etag": board.etag}
    local.control.hold("analyze")
    operation = await local.client.create(song, request_id=f"draw {board.name}", **wish)
    later = await update(local, board, "content.scenes", scenes=[scene("a windmill")])
    local.control.let_go("analyze")
    video = video_of(await local.client.wait(operation))
    assert local.content(video.media.video).startswith(b"video of a lighthouse seed")
    assert video.media.storyboard == board.document
    assert (video.stored_storyboard, video.storyboard) == (board.name, "")
    assert video.storyboard_etag == board.etag

    # The same request again is the same job; a new one hears of the change.
    again = await local.client.create(song, request_id=f"draw {board.name}", **wish)
    assert again.name == operation.name
    with expect_error(EtagMismatch) as caught:
        await local.client.create(song, **wish)
    assert caught.error.metadata["etag"] == later.etag
    newest = video_of(
        await local.client.wait(await local.client.create(song, stored_storyboard=board.name))
    )
    assert local.content(newest.media.video).startswith(b"video of a windmill")
    assert newest.storyboard_etag == later.etag
    rewritten = video_of(
        await local.client.wait(
            await local.client.create(song, stored_storyboard=board.name, rewrite_storyboard=True)
        )
    )
    assert local.content(rewritten.media.video).startswith(b"video of a windmill, rewritten")
    await delete(local, board.name)
    with expect_error(StoryboardNotFound):
        await local.client.create(song, stored_storyboard=board.name)
    again = await local.client.create(song, request_id=f"draw {board.name}", **wish)
    assert again.name == operation.name


async def test_a_video_of_a_kept_storyboard_can_be_checked_first(local) -> None:
    song, board = await written(local, text="a song that is checked")
    video = Video(song=song.name, stored_storyboard=board.name)
    asked = api.CreateVideoRequest(parent=PARENT, video=video, validate_only=True)
    checked = video_of(await local.client.videos.CreateVideo(asked))
    assert checked.storyboard_etag == board.etag
    assert checked.media.storyboard == board.document
    asked.video.storyboard_etag = "old"
    with expect_error(EtagMismatch):
        await local.client.videos.CreateVideo(asked)


async def test_a_wish_that_contradicts_itself_is_refused(local) -> None:
    song, board = await written(local)
    for wrong, error, words in (
        ({"storyboard": board.document}, InvalidRequest, "give one of them"),
        ({"stored_storyboard": "S.yaml"}, InvalidName, "S.yaml"),
        ({"stored_storyboard": f"{PARENT}/storyboards/none"}, StoryboardNotFound, "none"),
        ({"stored_storyboard": "", "storyboard_etag": "x"}, InvalidRequest, "needs"),
        ({"storyboard": board.name, "stored_storyboard": ""}, InvalidName, "media"),
    ):
        with expect_error(error) as caught:
            await local.client.create(song, **{"stored_storyboard": board.name} | wrong)
        assert words in caught.message
    # What others have does not exist.
    other, theirs = await written(local, "projects/other", "a song of others")
    with expect_error(StoryboardNotFound):
        await local.client.create(song, stored_storyboard=theirs.name)
    with expect_error(MediaNotFound):
        await local.client.create(other, stored_storyboard=board.name)
