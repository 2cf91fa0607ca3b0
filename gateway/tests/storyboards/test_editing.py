"""Stored storyboards, edited by one client after the other and by several at once."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from songreel.prompt.v1 import storyboard_pb2
from songreel.v1.video_pb2 import Storyboard
from songreel_gateway.access.quotas import Limits, Quotas
from songreel_gateway.api.request_ids import RequestClaim
from songreel_gateway.db.schema import open_database
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.storyboards import repository
from songreel_kit.artifacts.store import make_artifact
from songreel_kit.errors import (
    EtagMismatch,
    InvalidName,
    InvalidRequest,
    InvalidStoryboard,
    QuotaExceeded,
    RequestIdReused,
    StoryboardNotFound,
)
from songreel_testing.gateway.local_gateway import PARENT
from songreel_testing.gateway.storyboard_client import delete, get, made, scene, update
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
