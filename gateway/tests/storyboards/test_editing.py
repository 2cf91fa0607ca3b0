"""Storyboards that are kept: read, edited by one after the other, drawn, and forgotten."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.field_mask_pb2 import FieldMask
from songreel.prompt.v1 import storyboard_pb2
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.v1 import video_service_pb2 as api
from songreel.v1.media_pb2 import Media
from songreel.v1.video_pb2 import Storyboard, Video
from songreel_gateway.access.quotas import Limits, Quotas
from songreel_gateway.api.request_ids import RequestClaim
from songreel_gateway.db.schema import open_database
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.storyboards import repository
from songreel_kit.artifacts.store import make_artifact
from songreel_kit.errors import (
    EtagMismatch,
    InvalidName,
    InvalidPageToken,
    InvalidRequest,
    InvalidStoryboard,
    MediaNotFound,
    QuotaExceeded,
    RequestIdReused,
    StoryboardNotFound,
)
from songreel_testing.gateway.local_gateway import PARENT, LocalGateway, local_gateway, video_of
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["sqlite", "postgres"])
async def local(request: Any, tmp_path_factory: Any) -> AsyncIterator[LocalGateway]:
    settings: dict[str, Any] = {}
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        settings["database_url"] = server.url(server.create_database())
    async with local_gateway(tmp_path_factory.mktemp("kept"), poll_seconds=60, **settings) as local:
        yield local


async def sung(local: LocalGateway, parent: str, text: str) -> tuple[Media, str]:
    """A song of this text, and its analysis."""
    client = local.client
    song = await client.upload(text.encode(), display_name="song.mp3", parent=parent)
    asked = api.AnalyzeSongRequest(parent=parent, song=song.name)
    heard = api.AnalyzeSongResult()
    operation = await client.wait(await client.videos.AnalyzeSong(asked))
    assert operation.response.Unpack(heard)
    return song, heard.analysis.name


async def made(local: LocalGateway, parent: str = PARENT, text: str = "a song") -> Storyboard:
    """A storyboard that was just written."""
    return (await written(local, parent, text))[1]


async def written(
    local: LocalGateway, parent: str = PARENT, text: str = "a song"
) -> tuple[Media, Storyboard]:
    song, analysis = await sung(local, parent, text)
    asked = api.CreateStoryboardRequest(
        parent=parent, analysis=analysis, options=StoryboardOptions(style="sketch")
    )
    operation = await local.client.wait(await local.client.videos.CreateStoryboard(asked))
    result = api.CreateStoryboardResult()
    assert operation.response.Unpack(result)
    assert result.stored.document == result.storyboard.name
    assert not result.stored.HasField("content")
    board = await get(local, result.stored.name)
    whole = Storyboard()
    whole.CopyFrom(board)
    whole.ClearField("content")
    assert whole == result.stored
    return song, board


async def get(local: LocalGateway, name: str, *paths: str) -> Storyboard:
    asked = api.GetStoryboardRequest(name=name, read_mask=FieldMask(paths=paths))
    return (await local.client.videos.GetStoryboard(asked)).storyboard


async def update(
    local: LocalGateway,
    board: Storyboard,
    *paths: str,
    etag: str | None = None,
    request_id: str = "",
    validate_only: bool = False,
    **content: Any,
) -> Storyboard:
    """Sends the change with the board's own etag, or another."""
    given = Storyboard(
        name=board.name,
        etag=board.etag if etag is None else etag,
        content=storyboard_pb2.Storyboard(**content),
    )
    asked = api.UpdateStoryboardRequest(
        storyboard=given,
        update_mask=FieldMask(paths=paths),
        request_id=request_id,
        validate_only=validate_only,
    )
    return (await local.client.videos.UpdateStoryboard(asked)).storyboard


def scene(prompt: str) -> storyboard_pb2.Scene:
    return storyboard_pb2.Scene(end=0.6, prompt=prompt)


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


async def test_an_edit_changes_what_its_mask_names(local) -> None:
    board = await made(local)
    titled = await update(
        local, board, "content.title", title="Harbour", scenes=[scene("not named, not taken")]
    )
    assert titled.content.title == "Harbour"
    assert list(titled.content.scenes) == list(board.content.scenes)
    assert titled.etag != board.etag
    assert titled.create_time == board.create_time
    assert titled.update_time.ToMicroseconds() > board.update_time.ToMicroseconds()
    assert list(titled.content.notes) == ["1 scenes, style sketch"]
    drawn = await update(
        local, titled, "content.scenes", scenes=[scene("a red kite"), scene("the sea")]
    )
    assert [each.prompt for each in drawn.content.scenes] == ["a red kite", "the sea"]
    assert drawn.content.title == "Harbour"
    assert list(drawn.content.notes) == ["2 scenes, style sketch"]
    assert await get(local, board.name) == drawn
    # Each state has a document, which is a media for good.
    assert local.content(drawn.document) == b"prompt: a red kite\n"
    assert await local.client.download(board.document) == b"prompt: a picture of song.mp3\n"
    treated = await update(
        local, drawn, "content.treatment.theme", treatment={"theme": "leaving", "arc": "no"}
    )
    assert treated.content.treatment == storyboard_pb2.Treatment(theme="leaving")
    bare = await update(local, treated, "content.treatment.theme")
    assert not bare.content.treatment.theme
    # Back at what it was, it has the etag that it had.
    assert (await update(local, bare, title="Harbour")).etag == bare.etag


async def test_a_stale_etag_changes_nothing(local) -> None:
    board = await made(local)
    changed = await update(local, board, title="first")
    with expect_error(EtagMismatch) as caught:
        await update(local, board, title="second")
    assert "read it again" in caught.message
    assert caught.error.metadata == {"name": board.name, "etag": changed.etag}
    assert await get(local, board.name) == changed
    assert (await update(local, board, etag="", title="third")).content.title == "third"


async def test_of_two_edits_at_once_one_wins(local) -> None:
    board = await made(local)
    ends = await asyncio.gather(
        *(update(local, board, title=f"by {number}") for number in range(8)),
        return_exceptions=True,
    )
    won = [end for end in ends if isinstance(end, Storyboard)]
    assert len(won) == 1
    assert await get(local, board.name) == won[0]
    lost = [end for end in ends if not isinstance(end, Storyboard)]
    assert {end.code().name for end in lost} == {"ABORTED"}


async def test_without_an_etag_no_field_of_another_is_lost(local) -> None:
    board = await made(local)
    await asyncio.gather(
        update(local, board, "content.title", etag="", title="mine"),
        update(local, board, "content.scenes", etag="", scenes=[scene("yours")]),
        update(local, board, "content.treatment.theme", etag="", treatment={"theme": "theirs"}),
    )
    content = (await get(local, board.name)).content
    assert (content.title, content.scenes[0].prompt, content.treatment.theme) == (
        "mine",
        "yours",
        "theirs",
    )


async def test_an_edit_is_checked_like_a_storyboard_that_is_drawn(local) -> None:
    board = await made(local)
    before = local.control.calls()
    with expect_error(InvalidStoryboard) as caught:
        await update(local, board, "content.scenes", scenes=[scene("a kite"), scene("")])
    assert caught.message == "scene 2: no prompt"
    for paths, field in (
        (("content.scenes.prompt",), "'content.scenes.prompt'"),
        (("content.title", "content.colour"), "'content.colour'"),
        (("content.notes",), "content.notes"),
        (("etag",), "etag"),
        ((), "nothing is to be changed"),
    ):
        with expect_error(InvalidRequest) as caught:
            await update(local, board, *paths)
        assert field in caught.message
        assert caught.error.metadata["field"] == "update_mask"
    large = storyboard_pb2.Treatment(theme="x" * 3_200_000)
    with expect_error(InvalidStoryboard) as caught:
        await update(local, board, "content.treatment", treatment=large)
    assert "make it shorter" in caught.message
    assert await get(local, board.name) == board
    assert (local.control.calls() - before)["check"] == 1
    with expect_error(InvalidName):
        await update(local, Storyboard(name="S.yaml"), title="x")
    with expect_error(StoryboardNotFound):
        await update(local, Storyboard(name=f"{PARENT}/storyboards/none"), title="x")


async def test_a_repeated_edit_is_made_once(local) -> None:
    board = await made(local)
    same = {"request_id": f"edit {board.name}", "title": "once"}
    ends = await asyncio.gather(*(update(local, board, **same) for _ in range(5)))
    assert len({end.SerializeToString(deterministic=True) for end in ends}) == 1
    with expect_error(RequestIdReused):
        await update(local, board, **same | {"title": "twice"})
    with expect_error(RequestIdReused):
        await update(local, board, "content.title", **same)
    # Sent again after another's change it finds its own etag gone, and nothing to do.
    later = await update(local, ends[0], title="another")
    assert await update(local, board, **same) == later
    await delete(local, board.name)
    with expect_error(StoryboardNotFound):
        await update(local, board, **same)


async def test_an_edit_can_be_checked_without_being_made(local) -> None:
    board = await made(local)
    tried = await update(local, board, validate_only=True, request_id="try", title="only tried")
    assert (tried.content.title, tried.document) == ("only tried", "")
    assert tried.etag != board.etag
    assert await get(local, board.name) == board
    with expect_error(InvalidStoryboard):
        await update(local, board, validate_only=True, scenes=[scene("")])
    with expect_error(EtagMismatch):
        await update(local, board, etag="old", validate_only=True, title="x")
    edit = [scene("drawn by nobody before")]
    tried = await update(local, board, validate_only=True, scenes=edit)
    real = await update(local, board, request_id="try it", scenes=edit)
    assert (tried.content, tried.etag) == (real.content, real.etag)


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


async def delete(local: LocalGateway, name: str, etag: str = "", request_id: str = "") -> None:
    asked = api.DeleteStoryboardRequest(name=name, etag=etag, request_id=request_id)
    await local.client.videos.DeleteStoryboard(asked)


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


async def test_an_edit_beyond_the_quota_leaves_no_trace(tmp_path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'songreel.db'}")
    none = Limits(running_jobs=1, rendered_seconds=1, stored_bytes=10, uploads=1)
    shelf = repository.StoryboardRepository(
        database, MediaRepository(database), Quotas(database, none)
    )
    board = repository.sealed(Storyboard(name="projects/small/storyboards/s1", analysis="a"))
    database.run(lambda connection: repository.insert_storyboard(connection, board))
    changed = Storyboard()
    changed.CopyFrom(board)
    changed.content.title = "too much"
    large = make_artifact("0" * 64, "application/yaml", 11)
    edit = repository.Edit(repository.sealed(changed), board.etag, large, "s.yaml")
    request = RequestClaim("small", "UpdateStoryboard", "edit", "f" * 64)
    with pytest.raises(QuotaExceeded):
        await shelf.replace(edit, request)
    assert await shelf.get(board.name) == board
    assert await shelf.repeated(request) is None
    small = dataclasses.replace(edit, document=make_artifact("1" * 64, "application/yaml", 9))
    assert (await shelf.replace(small, request)).content.title == "too much"
    database.close()
