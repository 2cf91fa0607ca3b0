"""Storyboards that are rewritten, and the options that go with every storyboard."""

from __future__ import annotations

import pytest
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.video_service_pb2 import CreateStoryboardRequest, CreateStoryboardResult
from songreel_kit.errors import InvalidRequest, InvalidStoryboard, MediaNotFound, from_status
from songreel_testing.gateway.local_gateway import PARENT, video_of
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def edited(local, text: bytes):
    return await local.client.upload(
        text, display_name="edited.yaml", media_type="application/yaml"
    )


async def test_a_storyboard_is_checked_and_rewritten_on_the_way_to_a_video(local) -> None:
    song = await local.client.upload(b"a rewritten song", display_name="again.mp3")
    board = await edited(local, b"prompt: a lighthouse\n")
    before = local.control.calls()
    video = video_of(
        await local.client.wait(
            await local.client.create(song, storyboard=board.name, rewrite_storyboard=True)
        )
    )
    made = local.control.calls() - before
    assert (made["check"], made["storyboard-made"]) == (1, 1)
    assert local.content(video.media.video) == b"video of a lighthouse, rewritten seed 0"
    assert local.content(video.media.storyboard) == b"prompt: a lighthouse, rewritten\n"
    assert list(video.fallbacks) == ["one scene only"]
    assert video.storyteller == "offline"


async def test_options_and_the_checkpoint_reach_the_storyteller(local) -> None:
    song = await local.client.upload(b"a song with options", display_name="options.mp3")
    video = video_of(
        await local.client.wait(
            await local.client.create(
                song,
                storyboard_options=StoryboardOptions(protagonist_share=0.25),
                render_settings=RenderSettings(checkpoint="/models/mine"),
            )
        )
    )
    drawn = local.content(video.media.storyboard).decode()
    assert drawn == "prompt: a picture of options.mp3, share 0.25, for /models/mine\n"


async def test_the_second_stage_alone_rewrites_too(local) -> None:
    song = await local.client.upload(b"a song in two steps", display_name="steps.mp3")
    analysis = video_of(await local.client.wait(await local.client.create(song))).media.analysis
    board = await edited(local, b"prompt: a red door\n")
    operation = await local.client.wait(
        await local.client.videos.CreateStoryboard(
            CreateStoryboardRequest(parent=PARENT, analysis=analysis, storyboard=board.name)
        )
    )
    written = CreateStoryboardResult()
    assert operation.response.Unpack(written)
    assert local.content(written.storyboard.name) == b"prompt: a red door, rewritten\n"

    broken = await edited(local, b"nothing like it")
    operation = await local.client.wait(
        await local.client.videos.CreateStoryboard(
            CreateStoryboardRequest(parent=PARENT, analysis=analysis, storyboard=broken.name)
        )
    )
    error = from_status(operation.error)
    assert type(error) is InvalidStoryboard
    assert error.message == "edited.yaml:1: no prompt"


async def test_only_media_of_the_project_can_be_rewritten(local) -> None:
    song = await local.client.upload(b"a careful song")
    foreign = StoryboardOptions(storyboard=Artifact(uri="cas://" + "0" * 64, sha256="0" * 64))
    with expect_error(InvalidRequest) as caught:
        await local.client.create(song, storyboard_options=foreign)
    assert "give its media name" in caught.message
    with expect_error(InvalidRequest) as caught:
        await local.client.create(song, rewrite_storyboard=True)
    assert "needs video.storyboard" in caught.message
    gone = f"{PARENT}/media/{'0' * 64}"
    with expect_error(MediaNotFound):
        await local.client.create(song, storyboard=gone, rewrite_storyboard=True)
    with expect_error(MediaNotFound):
        await local.client.videos.CreateStoryboard(
            CreateStoryboardRequest(parent=PARENT, analysis=song.name, storyboard=gone)
        )
