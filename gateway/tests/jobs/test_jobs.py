"""Jobs from request to result, through a real server and real stages."""

from __future__ import annotations

import asyncio

import pytest
from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
)
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    AnalyzeSongResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
    GetVideoRequest,
    JobMetadata,
)
from songreel_kit.errors import (
    InvalidRequest,
    InvalidStoryboard,
    SilentAudio,
    UnknownStyle,
    from_status,
)
from songreel_testing.gateway.local_gateway import until, video_of
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")

PARENT = "projects/local"


def error_of(operation):
    assert operation.done
    return from_status(operation.error)


async def test_a_song_becomes_a_video(local) -> None:
    song = await local.client.upload(b"first song", display_name="First Song.mp3")
    lyrics = await local.client.upload(b"[00:01.00]la", media_type="text/plain")
    before = local.control.calls()
    operation = await local.client.create(song, lyrics=lyrics.name)
    assert not operation.done
    finished = await local.client.wait(operation)
    video = video_of(finished)

    assert local.control.calls() - before == {
        f"{stage}-{what}": 1
        for stage in ("analyze", "storyboard", "render")
        for what in ("begun", "made")
    }
    assert local.content(video.media.video) == b"video of a picture of First Song.mp3 seed 0"
    assert b"[00:01.00]la" in local.content(video.media.analysis)
    assert local.content(video.media.storyboard) == b"prompt: a picture of First Song.mp3\n"
    for part in ("plan", "timeline", "contact_sheet"):
        assert await local.client.download(getattr(video.media, part))
    assert (video.frames, video.audio_mode, video.storyteller) == (24, "copy", "offline")
    assert video.state == Video.STATE_READY
    assert video.operation == operation.name
    assert not video.fallbacks

    found = await local.client.videos.GetVideo(GetVideoRequest(name=video.name))
    assert found.video == video
    metadata = JobMetadata()
    assert finished.metadata.Unpack(metadata)
    assert (metadata.stage, metadata.fraction, metadata.video) == ("done", 1.0, video.name)


async def test_the_log_rises_without_gaps_and_resumes_anywhere(local) -> None:
    song = await local.client.upload(b"a watched song", display_name="watched.mp3")
    operation = await local.client.create(song)
    live = await local.client.watch(operation)

    assert [event.offset for event in live] == list(range(len(live)))
    fractions = [event.metadata.fraction for event in live]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert [event.done for event in live] == [False] * (len(live) - 1) + [True]
    stages = list(dict.fromkeys(event.metadata.stage for event in live))
    assert stages == ["queued", "analyze", "storyboard", "render", "done"]
    drawing = [each.metadata for each in live if each.metadata.step == "frames"]
    assert {each.frames_total for each in drawing} == {24}
    assert any(each.HasField("estimated_rest") for each in drawing)
    assert all(each.media.analysis and each.media.plan for each in drawing)
    for offset in (0, 1, len(live) - 1, len(live)):
        assert await local.client.watch(operation, offset) == live[offset:]
    for offset in (-1, len(live) + 1):
        with expect_error(InvalidRequest):
            await local.client.watch(operation, offset)


async def test_many_watchers_see_the_same_log(local) -> None:
    song = await local.client.upload(b"a popular song")
    local.control.hold("render")
    operation = await local.client.create(song)
    watchers = [asyncio.create_task(local.client.watch(operation)) for _ in range(20)]
    await local.client.reach(operation, "render", "frames")
    local.control.let_go("render")
    logs = await asyncio.gather(*watchers)
    assert all(log == logs[0] for log in logs)
    assert logs[0][-1].done


@pytest.mark.parametrize(
    ("stage", "step"), [("analyze", "beats"), ("storyboard", "scenes"), ("render", "frames")]
)
async def test_cancel_works_in_every_stage(local, stage, step) -> None:
    song = await local.client.upload(f"to be cancelled in {stage}".encode())
    before = local.control.calls()
    local.control.hold(stage)
    operation = await local.client.create(song)
    await local.client.reach(operation, stage, step)
    watcher = asyncio.create_task(local.client.watch(operation))
    await local.client.operations.CancelOperation(CancelOperationRequest(name=operation.name))

    cancelled = await local.client.wait(operation)
    assert cancelled.error.code == 1
    last = (await watcher)[-1]
    assert last.done
    assert last.error.code == 1
    assert last.metadata.stage == stage
    await until(lambda: bool((local.control.calls() - before)[f"{stage}-cancelled"]))
    local.control.let_go(stage)
    metadata = JobMetadata()
    cancelled.metadata.Unpack(metadata)
    found = await local.client.videos.GetVideo(GetVideoRequest(name=metadata.video))
    assert found.video.state == Video.STATE_CANCELLED
    assert not found.video.media.video
    # Cancelling again changes nothing.
    await local.client.operations.CancelOperation(CancelOperationRequest(name=operation.name))
    assert await local.client.wait(operation) == cancelled


async def test_a_typed_error_of_a_stage_ends_the_job_at_once(local) -> None:
    song = await local.client.upload(b"a silent song")
    before = local.control.calls()
    local.control.fail("analyze", "SilentAudio", 1)
    operation = await local.client.create(song)
    error = error_of(await local.client.wait(operation))
    assert type(error) is SilentAudio
    assert local.control.calls() - before == {"analyze-begun": 1}
    last = (await local.client.watch(operation))[-1]
    assert last.done
    assert type(from_status(last.error)) is SilentAudio


async def test_an_unknown_style_is_named_in_the_result(local) -> None:
    song = await local.client.upload(b"a stylish song")
    options = StoryboardOptions(style="unknown")
    operation = await local.client.create(song, storyboard_options=options)
    error = error_of(await local.client.wait(operation))
    assert type(error) is UnknownStyle
    assert error.metadata == {"style": "unknown"}


async def test_what_a_stage_made_before_a_failure_stays(local) -> None:
    song = await local.client.upload(b"half a song")
    local.control.fail("render", "CheckpointIncomplete", 1)
    operation = await local.client.create(song)
    failed = await local.client.wait(operation)
    metadata = JobMetadata()
    failed.metadata.Unpack(metadata)
    found = (await local.client.videos.GetVideo(GetVideoRequest(name=metadata.video))).video
    assert found.state == Video.STATE_FAILED
    assert found.media.analysis
    assert found.media.storyboard
    assert not found.media.video


async def test_a_given_analysis_and_storyboard_are_not_made_again(local) -> None:
    song = await local.client.upload(b"a given song", display_name="given.mp3")
    first = video_of(await local.client.wait(await local.client.create(song)))
    edited = await local.client.upload(
        b"prompt: a lighthouse\n", display_name="edited.yaml", media_type="application/yaml"
    )
    before = local.control.calls()
    operation = await local.client.create(
        song, analysis=first.media.analysis, storyboard=edited.name
    )
    video = video_of(await local.client.wait(operation))
    assert local.control.calls() - before == {"check": 1, "render-begun": 1, "render-made": 1}
    assert local.content(video.media.video) == b"video of a lighthouse seed 0"
    assert (video.media.analysis, video.media.storyboard) == (first.media.analysis, edited.name)
    assert video.storyteller == "hand"
    assert list(video.fallbacks) == ["one scene only"]
    assert (await local.client.watch(operation))[-1].metadata.media == video.media


async def test_a_broken_storyboard_is_refused_with_its_line(local) -> None:
    song = await local.client.upload(b"a broken song")
    edited = await local.client.upload(b"scenes: [", display_name="S.yaml")
    operation = await local.client.create(song, storyboard=edited.name)
    error = error_of(await local.client.wait(operation))
    assert type(error) is InvalidStoryboard
    assert error.message == "S.yaml:1: no prompt"


async def test_the_stages_can_be_asked_for_one_by_one(local) -> None:
    song = await local.client.upload(b"a song in steps", display_name="steps.mp3")
    asked = AnalyzeSongRequest(parent=PARENT, song=song.name)
    asked.options.plot = True
    operation = await local.client.wait(await local.client.videos.AnalyzeSong(asked))
    analyzed = AnalyzeSongResult()
    assert operation.response.Unpack(analyzed)
    assert analyzed.analysis.display_name == "steps.analysis.json"
    assert analyzed.plot.artifact.media_type == "image/png"

    wish = CreateStoryboardRequest(parent=PARENT, analysis=analyzed.analysis.name)
    wish.options.style = "sketch"
    operation = await local.client.wait(await local.client.videos.CreateStoryboard(wish))
    written = CreateStoryboardResult()
    assert operation.response.Unpack(written)
    assert written.storyboard.display_name == "steps.storyboard.yaml"
    assert written.storyboard.artifact.media_type == "application/yaml"
    assert written.storyteller == "offline"
