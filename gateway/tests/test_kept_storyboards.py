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
from songreel_testing.gateway.local_gateway import PARENT, Studio, studio_in, video_of
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["sqlite", "postgres"])
async def studio(request: Any, tmp_path_factory: Any) -> AsyncIterator[Studio]:
    settings: dict[str, Any] = {}
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        settings["database_url"] = server.url(server.create_database())
    async with studio_in(tmp_path_factory.mktemp("kept"), poll_seconds=60, **settings) as studio:
        yield studio


async def sung(studio: Studio, parent: str, text: str) -> tuple[Media, str]:
    """A song of this text, and its analysis."""
    client = studio.client
    song = await client.upload(text.encode(), display_name="song.mp3", parent=parent)
    asked = api.AnalyzeSongRequest(parent=parent, song=song.name)
    heard = api.AnalyzeSongResult()
    operation = await client.wait(await client.videos.AnalyzeSong(asked))
    assert operation.response.Unpack(heard)
    return song, heard.analysis.name


async def made(studio: Studio, parent: str = PARENT, text: str = "a song") -> Storyboard:
    """A storyboard that was just written."""
    return (await written(studio, parent, text))[1]


async def written(
    studio: Studio, parent: str = PARENT, text: str = "a song"
) -> tuple[Media, Storyboard]:
    song, analysis = await sung(studio, parent, text)
    asked = api.CreateStoryboardRequest(
        parent=parent, analysis=analysis, options=StoryboardOptions(style="sketch")
    )
    operation = await studio.client.wait(await studio.client.videos.CreateStoryboard(asked))
    result = api.CreateStoryboardResult()
    assert operation.response.Unpack(result)
    assert result.stored.document == result.storyboard.name
    assert not result.stored.HasField("content")
    board = await get(studio, result.stored.name)
    whole = Storyboard()
    whole.CopyFrom(board)
    whole.ClearField("content")
    assert whole == result.stored
    return song, board


async def get(studio: Studio, name: str, *paths: str) -> Storyboard:
    asked = api.GetStoryboardRequest(name=name, read_mask=FieldMask(paths=paths))
    return (await studio.client.videos.GetStoryboard(asked)).storyboard


async def update(
    studio: Studio,
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
    return (await studio.client.videos.UpdateStoryboard(asked)).storyboard


def scene(prompt: str) -> storyboard_pb2.Scene:
    return storyboard_pb2.Scene(end=0.6, prompt=prompt)


async def test_what_a_job_makes_is_kept(studio) -> None:
    board = await made(studio)
    assert board.name.startswith(f"{PARENT}/storyboards/s")
    assert board.etag
    assert board.create_time == board.update_time
    assert board.create_time.seconds
    assert board.content.scenes[0].prompt == "a picture of song.mp3"
    assert (board.content.style, board.content.storyteller) == ("sketch", "offline")
    assert board.options.style == "sketch"
    assert studio.content(board.document) == b"prompt: a picture of song.mp3\n"
    # The same content again is another storyboard with the same etag.
    again = await made(studio)
    assert (again.name != board.name, again.etag) == (True, board.etag)


async def test_an_edit_changes_what_its_mask_names(studio) -> None:
    board = await made(studio)
    titled = await update(
        studio, board, "content.title", title="Harbour", scenes=[scene("not named, not taken")]
    )
    assert titled.content.title == "Harbour"
    assert list(titled.content.scenes) == list(board.content.scenes)
    assert titled.etag != board.etag
    assert titled.create_time == board.create_time
    assert titled.update_time.ToMicroseconds() > board.update_time.ToMicroseconds()
    assert list(titled.content.notes) == ["1 scenes, style sketch"]
    drawn = await update(
        studio, titled, "content.scenes", scenes=[scene("a red kite"), scene("the sea")]
    )
    assert [each.prompt for each in drawn.content.scenes] == ["a red kite", "the sea"]
    assert drawn.content.title == "Harbour"
    assert list(drawn.content.notes) == ["2 scenes, style sketch"]
    assert await get(studio, board.name) == drawn
    # Each state has a document, which is a media for good.
    assert studio.content(drawn.document) == b"prompt: a red kite\n"
    assert await studio.client.download(board.document) == b"prompt: a picture of song.mp3\n"
    treated = await update(
        studio, drawn, "content.treatment.theme", treatment={"theme": "leaving", "arc": "no"}
    )
    assert treated.content.treatment == storyboard_pb2.Treatment(theme="leaving")
    bare = await update(studio, treated, "content.treatment.theme")
    assert not bare.content.treatment.theme
    # Back at what it was, it has the etag that it had.
    assert (await update(studio, bare, title="Harbour")).etag == bare.etag


async def test_a_stale_etag_changes_nothing(studio) -> None:
    board = await made(studio)
    changed = await update(studio, board, title="first")
    with expect_error(EtagMismatch) as caught:
        await update(studio, board, title="second")
    assert "read it again" in caught.message
    assert caught.error.metadata == {"name": board.name, "etag": changed.etag}
    assert await get(studio, board.name) == changed
    assert (await update(studio, board, etag="", title="third")).content.title == "third"


async def test_of_two_edits_at_once_one_wins(studio) -> None:
    board = await made(studio)
    ends = await asyncio.gather(
        *(update(studio, board, title=f"by {number}") for number in range(8)),
        return_exceptions=True,
    )
    won = [end for end in ends if isinstance(end, Storyboard)]
    assert len(won) == 1
    assert await get(studio, board.name) == won[0]
    lost = [end for end in ends if not isinstance(end, Storyboard)]
    assert {end.code().name for end in lost} == {"ABORTED"}


async def test_without_an_etag_no_field_of_another_is_lost(studio) -> None:
    board = await made(studio)
    await asyncio.gather(
        update(studio, board, "content.title", etag="", title="mine"),
        update(studio, board, "content.scenes", etag="", scenes=[scene("yours")]),
        update(studio, board, "content.treatment.theme", etag="", treatment={"theme": "theirs"}),
    )
    content = (await get(studio, board.name)).content
    assert (content.title, content.scenes[0].prompt, content.treatment.theme) == (
        "mine",
        "yours",
        "theirs",
    )


async def test_an_edit_is_checked_like_a_storyboard_that_is_drawn(studio) -> None:
    board = await made(studio)
    before = studio.hands.calls()
    with expect_error(InvalidStoryboard) as caught:
        await update(studio, board, "content.scenes", scenes=[scene("a kite"), scene("")])
    assert caught.message == "scene 2: no prompt"
    for paths, field in (
        (("content.scenes.prompt",), "'content.scenes.prompt'"),
        (("content.title", "content.colour"), "'content.colour'"),
        (("content.notes",), "content.notes"),
        (("etag",), "etag"),
        ((), "nothing is to be changed"),
    ):
        with expect_error(InvalidRequest) as caught:
            await update(studio, board, *paths)
        assert field in caught.message
        assert caught.error.metadata["field"] == "update_mask"
    large = storyboard_pb2.Treatment(theme="x" * 3_200_000)
    with expect_error(InvalidStoryboard) as caught:
        await update(studio, board, "content.treatment", treatment=large)
    assert "make it shorter" in caught.message
    assert await get(studio, board.name) == board
    assert (studio.hands.calls() - before)["check"] == 1
    with expect_error(InvalidName):
        await update(studio, Storyboard(name="S.yaml"), title="x")
    with expect_error(StoryboardNotFound):
        await update(studio, Storyboard(name=f"{PARENT}/storyboards/none"), title="x")


async def test_a_repeated_edit_is_made_once(studio) -> None:
    board = await made(studio)
    same = {"request_id": f"edit {board.name}", "title": "once"}
    ends = await asyncio.gather(*(update(studio, board, **same) for _ in range(5)))
    assert len({end.SerializeToString(deterministic=True) for end in ends}) == 1
    with expect_error(RequestIdReused):
        await update(studio, board, **same | {"title": "twice"})
    with expect_error(RequestIdReused):
        await update(studio, board, "content.title", **same)
    # Sent again after another's change it finds its own etag gone, and nothing to do.
    later = await update(studio, ends[0], title="another")
    assert await update(studio, board, **same) == later
    await delete(studio, board.name)
    with expect_error(StoryboardNotFound):
        await update(studio, board, **same)


async def test_an_edit_can_be_checked_without_being_made(studio) -> None:
    board = await made(studio)
    tried = await update(studio, board, validate_only=True, request_id="try", title="only tried")
    assert (tried.content.title, tried.document) == ("only tried", "")
    assert tried.etag != board.etag
    assert await get(studio, board.name) == board
    with expect_error(InvalidStoryboard):
        await update(studio, board, validate_only=True, scenes=[scene("")])
    with expect_error(EtagMismatch):
        await update(studio, board, etag="old", validate_only=True, title="x")
    edit = [scene("drawn by nobody before")]
    tried = await update(studio, board, validate_only=True, scenes=edit)
    real = await update(studio, board, request_id="try it", scenes=edit)
    assert (tried.content, tried.etag) == (real.content, real.etag)


async def test_lists_come_in_pages_newest_first(studio, monkeypatch) -> None:
    parent = "projects/lister"
    boards = [await made(studio, parent, f"song {number}") for number in range(5)]
    names = [board.name for board in reversed(boards)]

    async def listed(size: int, *paths: str) -> tuple[list[Storyboard], list[int]]:
        request = api.ListStoryboardsRequest(
            parent=parent, page_size=size, read_mask=FieldMask(paths=paths)
        )
        found: list[Storyboard] = []
        sizes: list[int] = []
        while True:
            answer = await studio.client.videos.ListStoryboards(request)
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
            await studio.client.videos.ListStoryboards(api.ListStoryboardsRequest(**asked))


async def test_a_mask_says_what_is_read(studio) -> None:
    song, board = await written(studio)
    assert await get(studio, board.name, "etag") == Storyboard(etag=board.etag)
    part = await get(studio, board.name, "content.scenes")
    assert part == Storyboard(content={"scenes": board.content.scenes})
    assert await get(studio, board.name, "*") == board
    with expect_error(InvalidRequest) as caught:
        await get(studio, board.name, "name", "content.colour")
    assert caught.error.metadata == {"field": "read_mask", "path": "content.colour"}
    video = video_of(await studio.client.wait(await studio.client.create(song)))
    mask = FieldMask(paths=["state", "media.video"])
    seen = Video(state=video.state, media={"video": video.media.video})
    asked = api.GetVideoRequest(name=video.name, read_mask=mask)
    assert (await studio.client.videos.GetVideo(asked)).video == seen
    listing = api.ListVideosRequest(parent=PARENT, page_size=1, read_mask=mask)
    assert list((await studio.client.videos.ListVideos(listing)).videos) == [seen]
    wrong = FieldMask(paths=["content"])
    with expect_error(InvalidRequest) as caught:
        await studio.client.videos.GetVideo(api.GetVideoRequest(name=video.name, read_mask=wrong))
    assert caught.error.metadata == {"field": "read_mask", "path": "content"}
    with expect_error(InvalidRequest):
        await studio.client.videos.ListVideos(api.ListVideosRequest(parent=PARENT, read_mask=wrong))


async def delete(studio: Studio, name: str, etag: str = "", request_id: str = "") -> None:
    asked = api.DeleteStoryboardRequest(name=name, etag=etag, request_id=request_id)
    await studio.client.videos.DeleteStoryboard(asked)


async def test_what_is_deleted_is_gone(studio) -> None:
    board = await made(studio)
    changed = await update(studio, board, title="changed")
    with expect_error(EtagMismatch):
        await delete(studio, board.name, board.etag)
    assert await get(studio, board.name) == changed
    await delete(studio, board.name, changed.etag, "gone")
    with expect_error(StoryboardNotFound):
        await get(studio, board.name)
    await delete(studio, board.name, changed.etag, "gone")  # the answer was lost: sent again
    with expect_error(StoryboardNotFound):
        await delete(studio, board.name)
    with expect_error(RequestIdReused):
        await delete(studio, board.name, "another", "gone")
    assert await studio.client.download(changed.document)
    with expect_error(StoryboardNotFound):
        await delete(studio, f"{PARENT}/storyboards/none")


async def test_of_two_who_delete_one_is_told_that_it_is_gone(studio) -> None:
    board = await made(studio)
    ends = await asyncio.gather(
        *(delete(studio, board.name) for _ in range(4)), return_exceptions=True
    )
    assert sum(end is None for end in ends) == 1
    board = await made(studio)
    ends = await asyncio.gather(
        *(delete(studio, board.name, board.etag, f"all {board.name}") for _ in range(4))
    )
    assert ends == [None] * 4


async def test_a_kept_storyboard_is_drawn_as_it_was_when_asked(studio) -> None:
    song, board = await written(studio, text="a song that is drawn")
    board = await update(studio, board, "content.scenes", scenes=[scene("a lighthouse")])
    wish = {"stored_storyboard": board.name, "storyboard_etag": board.etag}
    studio.hands.hold("analyze")
    operation = await studio.client.create(song, request_id=f"draw {board.name}", **wish)
    later = await update(studio, board, "content.scenes", scenes=[scene("a windmill")])
    studio.hands.let_go("analyze")
    video = video_of(await studio.client.wait(operation))
    assert studio.content(video.media.video).startswith(b"video of a lighthouse seed")
    assert video.media.storyboard == board.document
    assert (video.stored_storyboard, video.storyboard) == (board.name, "")
    assert video.storyboard_etag == board.etag

    # The same request again is the same job; a new one hears of the change.
    again = await studio.client.create(song, request_id=f"draw {board.name}", **wish)
    assert again.name == operation.name
    with expect_error(EtagMismatch) as caught:
        await studio.client.create(song, **wish)
    assert caught.error.metadata["etag"] == later.etag
    newest = video_of(
        await studio.client.wait(await studio.client.create(song, stored_storyboard=board.name))
    )
    assert studio.content(newest.media.video).startswith(b"video of a windmill")
    assert newest.storyboard_etag == later.etag
    rewritten = video_of(
        await studio.client.wait(
            await studio.client.create(song, stored_storyboard=board.name, rewrite_storyboard=True)
        )
    )
    assert studio.content(rewritten.media.video).startswith(b"video of a windmill, rewritten")
    await delete(studio, board.name)
    with expect_error(StoryboardNotFound):
        await studio.client.create(song, stored_storyboard=board.name)
    again = await studio.client.create(song, request_id=f"draw {board.name}", **wish)
    assert again.name == operation.name


async def test_a_video_of_a_kept_storyboard_can_be_checked_first(studio) -> None:
    song, board = await written(studio, text="a song that is checked")
    video = Video(song=song.name, stored_storyboard=board.name)
    asked = api.CreateVideoRequest(parent=PARENT, video=video, validate_only=True)
    checked = video_of(await studio.client.videos.CreateVideo(asked))
    assert checked.storyboard_etag == board.etag
    assert checked.media.storyboard == board.document
    asked.video.storyboard_etag = "old"
    with expect_error(EtagMismatch):
        await studio.client.videos.CreateVideo(asked)


async def test_a_wish_that_contradicts_itself_is_refused(studio) -> None:
    song, board = await written(studio)
    for wrong, error, words in (
        ({"storyboard": board.document}, InvalidRequest, "give one of them"),
        ({"stored_storyboard": "S.yaml"}, InvalidName, "S.yaml"),
        ({"stored_storyboard": f"{PARENT}/storyboards/none"}, StoryboardNotFound, "none"),
        ({"stored_storyboard": "", "storyboard_etag": "x"}, InvalidRequest, "needs"),
        ({"storyboard": board.name, "stored_storyboard": ""}, InvalidName, "media"),
    ):
        with expect_error(error) as caught:
            await studio.client.create(song, **{"stored_storyboard": board.name} | wrong)
        assert words in caught.message
    # What others have does not exist.
    other, theirs = await written(studio, "projects/other", "a song of others")
    with expect_error(StoryboardNotFound):
        await studio.client.create(song, stored_storyboard=theirs.name)
    with expect_error(MediaNotFound):
        await studio.client.create(other, stored_storyboard=board.name)


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
