"""Stored storyboards, as a client of the public API makes, reads, edits and deletes them."""

from __future__ import annotations

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from songreel.prompt.v1 import storyboard_pb2
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.v1 import video_service_pb2 as api
from songreel.v1.media_pb2 import Media
from songreel.v1.video_pb2 import Storyboard

from songreel_testing.gateway.local_gateway import PARENT, LocalGateway


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


async def delete(local: LocalGateway, name: str, etag: str = "", request_id: str = "") -> None:
    asked = api.DeleteStoryboardRequest(name=name, etag=etag, request_id=request_id)
    await local.client.videos.DeleteStoryboard(asked)
